# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``hybrid``: what several methods know of an image enters one robust problem.

Each part is a method of its own, fitted to the same frames. Where one has seen too little of a
place the others carry the pose. Which parts a map of ``auto`` keeps, held-out frames decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import torch

from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress, TooLittleTime
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.joining import joined
from scene_reloc_ros.methods.method import (
    Correspondences,
    Fitted,
    Growing,
    LocalisationMethod,
    MethodOptions,
    Needs,
    Observer,
    QueryImage,
    Recognising,
    Resemblance,
)
from scene_reloc_ros.methods.registry import method_class, method_of_map
from scene_reloc_ros.network.weights import DEFAULT_ENCODER, encoder_hash


@dataclass(frozen=True)
class HybridOptions:
    """Which methods a map is made by."""

    method: ClassVar[str] = 'hybrid'
    parts: tuple[str, ...] = ('cells', 'sift')  # names of methods, the cheapest first
    preset: str = 'standard'  # of each
    encoder: str = DEFAULT_ENCODER  # name of the weights, where a part has any
    depth: bool = True  # use the depth of the frames where they have it
    minutes: float = 30.0  # bound on the whole mapping, minutes
    self_check: int = 24  # mapping frames localised where none can be held out, count


def _effort(options: type[HybridOptions]) -> dict[str, HybridOptions]:
    """Return the options of each preset."""
    return {'fast': options(preset='fast', minutes=2.0), 'standard': options(minutes=9.0),
            'best': options(('cells', 'sift', 'ace'), 'best')}


class HybridObserver:
    """What the parts of a map know of an image, together."""

    observes_depth = False

    def __init__(self, parts: Mapping[str, Observer], weights: Mapping[str, float]) -> None:
        """Take the observers of the parts by their names, and how much each counts."""
        self._parts, self._weights = dict(parts), dict(weights)
        self._pool = ThreadPoolExecutor(len(parts), 'part')
        self.least = min(part.least for part in parts.values())
        self.tolerance = min(part.tolerance for part in parts.values())

    def observe(self, image: QueryImage) -> Correspondences:
        """Return the correspondences of all parts, asked side by side, see ``Observer``."""
        found = self._pool.map(lambda part: part.observe(image), self._parts.values())
        return joined({name: one for name, one in zip(self._parts, found)
                       if isinstance(one, Correspondences)}, self._weights)

    def resemblance(self, image: QueryImage) -> Resemblance | None:
        """Return what the first part knows that can tell, see ``Recognising``."""
        known = (part.resemblance(image) for part in self._parts.values()
                 if isinstance(part, Recognising))
        return next((one for one in known if one is not None), None)


class Hybrid:
    """Several methods in one map."""

    name: ClassVar[str] = 'hybrid'
    family: ClassVar[str] = 'matches'
    chooses_parts: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs()
    presets: ClassVar[dict[str, HybridOptions]] = _effort(HybridOptions)

    def __init__(self, options: HybridOptions, device: torch.device) -> None:
        """Make the methods of the parts; ValueError where one is not known or lacks something."""
        self._options = options
        self._methods: dict[str, LocalisationMethod] = {
            name: method_class(name)(self._options_of(name), device) for name in options.parts}

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return all parts, see ``LocalisationMethod``; they share the time evenly."""
        found: dict[str, Fitted] = {}
        left_out: list[str] = []
        for number, (name, method) in enumerate(self._methods.items()):
            of_part = progress.within(progress.left_s / (len(self._methods) - number))
            try:
                found[name] = method.fit(frames, generators, of_part)
            except TooLittleTime as error:
                self._refuse_incomplete(error, found, number)
                left_out.append(f'{name}: {error}')
        return self._together(found, left_out)

    def _refuse_incomplete(self, error: TooLittleTime, found: Mapping[str, Fitted],
                           number: int) -> None:
        """Raise the error again unless parts may be chosen, and there is one or may be one yet."""
        if not (self.chooses_parts and (found or number + 1 < len(self._methods))):
            raise error

    def add(self, scene_map: SceneMap, frames: PosedFrames, progress: MappingProgress) -> SceneMap:
        """Return the map with further frames, in those of its parts that take them."""
        if scene_map.content.method != Hybrid.name:  # one part is left
            method = self._methods[scene_map.content.method]
            return method.add(scene_map, frames, progress) if isinstance(method, Growing
                                                                         ) else scene_map
        parts = parts_of(scene_map)
        for name, part in parts.items():
            method = self._methods[name]
            if isinstance(method, Growing):
                parts[name] = method.add(part, frames, progress)
        return with_parts(scene_map, parts)

    @staticmethod
    def observer(scene_map: SceneMap, device: torch.device) -> HybridObserver:
        """Return what answers queries of a map, see ``LocalisationMethod``."""
        observers = {name: method_of_map(part).observer(part, device)
                     for name, part in parts_of(scene_map).items()}
        return HybridObserver(observers, scene_map.content.header.get('weights', {}))

    def _options_of(self, name: str) -> MethodOptions:
        """Return the options of a part."""
        preset = method_class(name).presets[self._options.preset]
        given = {'depth': self._options.depth, 'minutes': self._options.minutes,
                 **({'encoder': self._options.encoder} if hasattr(preset, 'encoder') else {})}
        return replace(preset, **given)

    def _together(self, found: Mapping[str, Fitted], left_out: list[str]) -> Fitted:
        """Return what the map has of its parts, and what of them the clock left out."""
        first = next(iter(found.values()))
        contents = {name: _content_of(part.content, part.views, part.encoder, part.correction,
                                      part.depth, asdict(self._options_of(name)))
                    for name, part in found.items()}
        # a correction that was compared with points, and agrees with most of them
        depth = max((part.depth for part in found.values() if part.depth is not None),
                    key=lambda one: (one.known, one.agreement), default=None)
        return replace(
            first, content=_joined_content(contents), depth=depth,
            views=max((part.views for part in found.values()), key=len),
            encoder=next((part.encoder for part in found.values() if part.encoder), ''),
            metadata={'parts': {name: part.metadata for name, part in found.items()},
                      'cut_short': '; '.join(left_out), 'lens': None,
                      'depth_frames': max(part.metadata.get('depth_frames', 0)
                                          for part in found.values()),
                      'camera_fit': first.metadata.get('camera_fit')})


def parts_of(scene_map: SceneMap) -> dict[str, SceneMap]:
    """Return each part of a map as a map of its own; ValueError where one is missing."""
    try:
        return {kept['method']: _part(scene_map, kept) for kept in
                scene_map.content.header['parts']}
    except (KeyError, TypeError) as error:
        raise ValueError(f'the map lacks a part of its methods ({error}); map again') from error


def _part(scene_map: SceneMap, kept: Mapping[str, Any]) -> SceneMap:
    prefix = kept['method'] + '/'
    tensors = {key.removeprefix(prefix): tensor
               for key, tensor in scene_map.content.tensors.items() if key.startswith(prefix)}
    views = tensors.pop('views')
    correction = CameraRefinement(tensors.pop('correction')).requires_grad_(False)
    return replace(
        scene_map, content=MapContent(kept['method'], tensors, kept['header'],
                                      frozenset(kept['halved'])),
        encoder_name=kept['encoder'],
        encoder_hash=scene_map.encoder_hash if kept['encoder'] else '', views=views,
        correction=correction, depth=kept['depth'] and DepthCorrection(**kept['depth']),
        metadata={'options': kept['options']})


def with_parts(scene_map: SceneMap, parts: Mapping[str, SceneMap]) -> SceneMap:
    """Return a map with other parts, which count as much as those of the map."""
    contents = {name: _content_of(part.content, part.views, part.encoder_name, part.correction,
                                  part.depth, part.metadata['options'])
                for name, part in parts.items()}
    encoder = next((part.encoder_name for part in parts.values() if part.encoder_name), '')
    content = _joined_content(contents)
    content = replace(content, header={**scene_map.content.header, **content.header})
    return replace(scene_map, content=content, encoder_name=encoder,
                   encoder_hash=encoder_hash(encoder) if encoder else '',
                   views=max((part.views for part in parts.values()), key=len))


def only(scene_map: SceneMap, names: Iterable[str]) -> SceneMap:
    """Return a map with some of its parts; with one it is a map of that method."""
    parts = {name: part for name, part in parts_of(scene_map).items() if name in set(names)}
    figures = scene_map.metadata.get('parts', {})
    metadata = {**scene_map.metadata, 'parts': {name: figures.get(name) for name in parts}}
    if len(parts) > 1:
        return with_parts(replace(scene_map, metadata=metadata), parts)
    (name, part), = parts.items()
    return replace(part, metadata={**metadata, **(figures.get(name) or {}), **part.metadata})


def weighted(scene_map: SceneMap, weights: Mapping[str, float]) -> SceneMap:
    """Return a map whose parts count as much as ``weights`` say, 1 where they say nothing."""
    header = {**scene_map.content.header, 'weights': dict(weights)}
    return replace(scene_map, content=replace(scene_map.content, header=header))


def _content_of(content: MapContent, views: torch.Tensor, encoder: str,
                correction: CameraRefinement, depth: DepthCorrection | None,
                options: Mapping[str, Any]) -> MapContent:
    """Return the content of a part with all that a map of its own would hold beside it."""
    return replace(
        content, tensors={**content.tensors, 'views': views.clone(),
                          'correction': correction.values},
        header={'method': content.method, 'header': content.header, 'encoder': encoder,
                'halved': sorted(content.halved), 'options': dict(options),
                'depth': depth and asdict(depth)})


def _joined_content(contents: Mapping[str, MapContent]) -> MapContent:
    """Return the contents of several parts as one."""
    def named(part: str, keys: Iterable[str]) -> list[str]:
        return [f'{part}/{key}' for key in keys]
    return MapContent(
        Hybrid.name,
        {key: tensor for name, content in contents.items()
         for key, tensor in zip(named(name, content.tensors), content.tensors.values())},
        {'parts': [content.header for content in contents.values()]},
        frozenset(key for name, content in contents.items()
                  for key in named(name, content.halved)))


@dataclass(frozen=True)
class AutoOptions(HybridOptions):
    """Methods of which held-out frames choose."""

    method: ClassVar[str] = 'auto'


class Auto(Hybrid):
    """Several methods, of which a map keeps those that its held-out frames ask for."""

    name: ClassVar[str] = 'auto'
    chooses_parts: ClassVar[bool] = True
    presets: ClassVar[dict[str, HybridOptions]] = _effort(AutoOptions)
