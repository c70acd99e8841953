# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Atlas: several maps that are asked as if they were one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
import time

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.method import QueryImage, Recognising
from scene_reloc_ros.network.preprocessing import working_height
from scene_reloc_ros.pipeline.atlas.map_answers import chosen_answer, MapAnswer, RivalOptions
from scene_reloc_ros.pipeline.atlas.map_files import map_name
from scene_reloc_ros.pipeline.camera_check import CameraMemory
from scene_reloc_ros.pipeline.localisation import Localisation, LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser


@dataclass(frozen=True)
class AtlasOptions:
    """Which maps are asked in full."""

    clear: float = 0.5  # matches of another map, of those of the most like one: fewer are no rival
    asked: int = 2  # maps at most, while none of them believes its answer, count
    rivals: RivalOptions = RivalOptions()


class Atlas:
    """Answers in which of several maps the camera is, and where; asked as a Localiser is.

    What an image shows is described once for all maps. Those with key frames tell at little cost
    how much it looks like them; the most like one is asked in full, and the next one where that is
    not clear. A believed answer is held against all that are nearly as like. Maps that cannot
    tell are always asked.
    """

    def __init__(self, localisers: Mapping[str, Localiser],
                 options: AtlasOptions = AtlasOptions()) -> None:
        """Take the localisers of the maps by the names of these, at least one.

        ValueError where two of the maps were made with different encoders.
        """
        refuse_different_encoders({name: one.scene_map for name, one in localisers.items()})
        self.localisers, self.options = dict(localisers), options

    @property
    def scene_map(self) -> SceneMap:
        """The first map: it stands for all where one has to."""
        return next(iter(self.localisers.values())).scene_map

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return next(iter(self.localisers.values())).device

    def scene_map_of(self, name: str) -> SceneMap:
        """Return a map by its name."""
        return self.localisers[name].scene_map

    def warm_up(self, camera: Camera) -> None:
        """Run one blank image through each of the maps."""
        for localiser in self.localisers.values():
            localiser.warm_up(camera)

    def depth_unavailable(self) -> str | None:
        """Return why depth cannot be used, None where a map can: the others are asked without."""
        reasons = {name: one.depth_unavailable() for name, one in self.localisers.items()}
        if None in reasons.values():
            return None
        return '; '.join(f'map {name}: {reason}' for name, reason in reasons.items())

    def localise(self, image: np.ndarray, camera: Camera,
                 depth_m: np.ndarray | None = None) -> Localisation:
        """Return the Localisation of one image, see ``Localiser.localise``; ``map`` names its map.

        Poses are in the frame that the maps share where they have a transform, else in the
        frame of their map.
        """
        return self.trace(image, camera, depth_m).localisation

    def trace(self, image: np.ndarray, camera: Camera, depth_m: np.ndarray | None = None,
              memory: CameraMemory | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of one image, of the map that explains it best.

        Args:
            image, camera, depth_m: see ``localise``.
            memory: what queries before have told of this camera.
        """
        started = time.perf_counter()
        reason = self.depth_unavailable() if depth_m is not None else None
        if reason is not None:
            raise ValueError(reason)
        seen = self._seen(image, camera, depth_m)
        chosen = chosen_answer(self._answers(seen, memory), self.options.rivals)
        # nothing else of what one map was asked: joined with more images in that map alone it
        # would be held against no other
        return LocalisationTrace(replace(
            chosen.localisation, latency_ms=(time.perf_counter() - started) * 1e3),
            chosen.pose, chosen.result, chosen.finding)

    def _seen(self, image: np.ndarray, camera: Camera,
              depth_m: np.ndarray | None) -> dict[str, QueryImage]:
        """Return the image as each map looks at it; what has one size is described once."""
        by_height: dict[int, QueryImage] = {}
        seen = {}
        for name, localiser in self.localisers.items():
            height = working_height(camera, localiser.scene_map.camera)
            if height not in by_height:
                by_height[height] = QueryImage.of(image, camera, depth_m, height)
            usable = depth_m is not None and localiser.depth_unavailable() is None
            seen[name] = by_height[height] if usable else replace(by_height[height], depth_m=None)
        return seen

    def _answers(self, seen: Mapping[str, QueryImage],
                 memory: CameraMemory | None) -> list[MapAnswer]:
        """Return what the maps say that an image may show."""
        def ask(names: Sequence[str]) -> list[MapAnswer]:
            return [MapAnswer(name, self.scene_map_of(name), self.localisers[name].trace_of(
                seen[name], memory)) for name in names]
        first, others = self._worth_asking(seen) if len(seen) > 1 else (list(seen), [])
        answers = ask(first)
        if others and any(answer.trace.localisation.accepted for answer in answers):
            answers += ask(others)
        return answers

    def _worth_asking(self, seen: Mapping[str, QueryImage]) -> tuple[list[str], list[str]]:
        """Return the names of the maps that are asked, and of those that may speak against them.

        Each begins with the map that the image looks like most.
        """
        kinds: dict[str, dict[str, int]] = {}  # numbers of matches can be compared within a kind
        unknown: list[str] = []
        for name, image in seen.items():
            observer = self.localisers[name].observer
            known = observer.resemblance(image) if isinstance(observer, Recognising) else None
            if known is None:
                unknown.append(name)
            else:
                kinds.setdefault(known.kind, {})[name] = known.matches
        alike = [self._alike(matches) for matches in kinds.values()]
        most = self.options.asked
        return ([name for names in alike for name in names[:most]] + unknown,
                [name for names in alike for name in names[most:]])

    def _alike(self, matches: Mapping[str, int]) -> list[str]:
        """Return the names of the maps that an image may show, of their numbers of matches."""
        ranked = sorted(matches, key=lambda name: -matches[name])
        least = self.options.clear * matches[ranked[0]]
        return [name for name in ranked if name == ranked[0] or matches[name] >= least]


def refuse_different_encoders(maps: Mapping[str, SceneMap]) -> None:
    """Raise ValueError where two maps, by their names, need different networks."""
    needed = {name: (one.encoder_name, one.encoder_hash) for name, one in maps.items()
              if one.encoder_name}
    for one, other in combinations(needed, 2):
        if needed[one][1] != needed[other][1]:
            raise ValueError(
                f'map {one} was made with encoder {" ".join(needed[one])}, map {other} with '
                f'{" ".join(needed[other])}; maps that are used together need the same: map one '
                'of the places again')


def load_maps(files: Sequence[Path]) -> dict[str, SceneMap]:
    """Return the maps of files by their names; ValueError names a file that cannot be used."""
    maps = {map_name(file): SceneMap.load(file) for file in files}
    refuse_different_encoders(maps)
    return maps
