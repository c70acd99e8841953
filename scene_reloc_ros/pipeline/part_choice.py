# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which parts of a hybrid map are worth keeping, and how exact each is: by held-out frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors, recall, RECALL_BOUNDS
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress, Pace
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.hybrid import only, parts_of, weighted
from scene_reloc_ros.methods.joining import joined
from scene_reloc_ros.methods.method import Correspondences, QueryImage
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.solver.problem import SolverResult

STAGE = 'choosing'
_MOST_FRAMES = 48  # held-out frames that are asked, count
_SHARE = 0.25  # of the time that is left for asking them, of which solving takes about as much
_SEEN_PX = 10.0  # what is farther from where the true pose has it is no evidence of noise, pixels
_LEAST_SEEN = 200  # correspondences of a method that tell its noise, count
_NORMAL = 1.4826  # from a median absolute deviation to a standard deviation
_WORTH = 0.01  # of the mean recall that fewer parts have to be better by


@dataclass(frozen=True)
class _Asked:
    """One held-out frame, as localisers see it, and what each part says of it."""

    frame: PosedImage
    seen: QueryImage
    found: dict[str, Correspondences]


@dataclass(frozen=True)
class Choice:
    """The parts that were chosen."""

    kept: tuple[str, ...]  # names of methods
    weights: dict[str, float]  # of a correspondence of each method, at most 1
    figures: dict[str, Any]  # what was tried, as plain values

    def of(self, scene_map: SceneMap) -> SceneMap:
        """Return a hybrid map with no more than these parts."""
        kept = only(weighted(scene_map, self.weights), self.kept)
        return replace(kept, metadata={**kept.metadata, 'choice': self.figures})


class PartChoice:
    """The parts of hybrid maps of one place, tried alone and together."""

    def __init__(self, device: torch.device, seed: int) -> None:
        """Take what localisers need."""
        self._device, self._seed = device, seed

    def run(self, folds: list[tuple[SceneMap, PosedFrames]], progress: MappingProgress) -> Choice:
        """Return the parts that answer held-out frames best, and their weights.

        Where several are as good, the one of most parts is kept: views that nobody held out may
        be worse.

        Args:
            folds: hybrid maps of the same parts, and posed frames that each was made without.
            progress: told before each frame.
        """
        asked = [list(self._ask(scene_map, frames, len(folds), progress))
                 for scene_map, frames in folds]
        names = list(parts_of(folds[0][0]))
        weights = _weights(names, [one for of_fold in asked for one in of_fold])
        tried = {chosen: np.concatenate([
            self._errors(chosen, only(weighted(scene_map, weights), chosen), of_fold)
            for (scene_map, _), of_fold in zip(folds, asked)])
            for count in range(1, len(names) + 1) for chosen in combinations(names, count)}
        best = _best({chosen: _score(errors) for chosen, errors in tried.items()})
        return Choice(best, weights, {
            'frames': sum(map(len, asked)), 'kept': list(best), 'weights': weights,
            'tried': [_figures(chosen, errors) for chosen, errors in tried.items()]})

    def _localiser(self, scene_map: SceneMap) -> Localiser:
        return Localiser(scene_map, device=str(self._device), seed=self._seed)

    def _ask(self, scene_map: SceneMap, frames: PosedFrames, folds: int,
             progress: MappingProgress) -> Iterator[_Asked]:
        """Yield what each part says of some frames that it has not seen."""
        alone = {name: self._localiser(part) for name, part in parts_of(scene_map).items()}
        numbers = np.unique(np.linspace(0, len(frames) - 1, max(1, _MOST_FRAMES // folds)
                                        ).round().astype(int))
        pace = Pace(len(numbers), Deadline(_SHARE * progress.left_s / folds))
        for done, number in enumerate(numbers):
            if not pace.takes(done):
                continue
            progress(STAGE, done / len(numbers), f'among {", ".join(alone)}')
            frame = frames[int(number)]
            seen = QueryImage.of(frame.image, frame.camera)
            found = {name: localiser.observer.observe(seen) for name, localiser in alone.items()}
            yield _Asked(frame, seen, {name: one for name, one in found.items()
                                       if isinstance(one, Correspondences)})

    def _errors(self, chosen: tuple[str, ...], scene_map: SceneMap,
                asked: list[_Asked]) -> np.ndarray:
        """Return metres and degrees (F, 2) of the best poses of some parts together."""
        localiser = self._localiser(scene_map)
        weights = scene_map.content.header.get('weights', {})
        errors = []
        for one in asked:
            found = {name: one.found[name] for name in chosen}
            observed = found[chosen[0]] if len(chosen) == 1 else joined(found, weights)
            solved = localiser.solve(localiser.query_of(one.seen, observed))
            if isinstance(solved, SolverResult) and one.frame.map_from_cam is not None:
                pose = invert_pose(solved.cam_from_map.cpu())
                errors.append([float(e) for e in pose_errors(pose, one.frame.map_from_cam)])
            else:
                errors.append([np.inf, np.inf])
        return np.array(errors)


def _weights(names: list[str], asked: list[_Asked]) -> dict[str, float]:
    """Return how much a correspondence of each part counts: by its noise, at most 1."""
    noise = {name: _noise_px(name, [one for one in asked if name in one.found])
             for name in names}
    known = [value for value in noise.values() if value is not None]
    least = min(known, default=1.0)
    return {name: (least / (value or max(known, default=1.0))) ** 2
            for name, value in noise.items()}


def _noise_px(name: str, asked: list[_Asked]) -> float | None:
    """Return how far, a component, those of a part are from where true poses have them, pixels.

    None where too few are near enough to be no outliers.
    """
    residuals = []
    for one in asked:
        found = one.found[name]
        truth = torch.as_tensor(one.frame.map_from_cam, dtype=torch.float64)
        cam_from_map = invert_pose(truth).float()
        seen = found.points.cpu().float() @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
        away = one.seen.camera.focal * (seen[:, :2] / seen[:, 2:] - found.rays.cpu()[:, :2])
        residuals.append(away[(away.norm(dim=1) < _SEEN_PX) & (seen[:, 2] > 0)])
    near = torch.cat(residuals) if residuals else torch.zeros(0, 2)
    return _NORMAL * float(near.abs().median()) if len(near) >= _LEAST_SEEN else None


def _score(errors: np.ndarray) -> float:
    """Return the mean of the recalls within all bounds."""
    return float(np.mean([recall(errors[:, 0], errors[:, 1], bounds)
                          for bounds in RECALL_BOUNDS.values()]))


def _best(scores: dict[tuple[str, ...], float]) -> tuple[str, ...]:
    """Return the best parts; more of them where fewer are hardly better."""
    order = sorted(scores, key=len, reverse=True)
    best = order[0]
    for chosen in order[1:]:
        if scores[chosen] > scores[best] + (_WORTH if len(chosen) < len(best) else 0.0):
            best = chosen
    return best


def _figures(chosen: tuple[str, ...], errors: np.ndarray) -> dict[str, Any]:
    """Return what was found of some parts as plain values."""
    median = float(np.median(errors[:, 0]))
    return {'parts': list(chosen), 'median_m': median if np.isfinite(median) else None,
            **{name: recall(errors[:, 0], errors[:, 1], bounds)
               for name, bounds in RECALL_BOUNDS.items()}}
