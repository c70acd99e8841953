# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Map validation on held-out frames: how good a new map is, and its uncertainty model.

Where frames are few, maps of parts of them are validated in its stead (cross-validation).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
import math
import time
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.datasets.negative_frames import mirrored, shuffled_tiles
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_log
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.depth_trial import Asked, depth_trial, DepthTrial
from scene_reloc_ros.pipeline.frame_result import FrameResult
from scene_reloc_ros.pipeline.localisation import LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.time_plan import thinned
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.acceptance import fit_acceptance, GENERAL_MODELS, uncalibrated
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.calibration import fit_camera_noise
from scene_reloc_ros.uncertainty.covariance import fit_covariance, HeldOutErrors
from scene_reloc_ros.uncertainty.image_quality import image_statistics
from scene_reloc_ros.uncertainty.model import AcceptanceModel, CameraNoise, UncertaintyModel
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

STAGE = 'checking'
_NEGATIVES = 60  # pictures of other places, count
_CHECKING_SHARE = 0.8  # of the time that is left for the pictures; tables are fitted after them
_LEAST_CHECKED = 6  # held-out frames without which a map is not judged, where it has them, count
_LEAST_NEGATIVES = 4
_TRIED = 3  # pictures by which it is known how long one takes, count
_SURE = 0.1  # probability from which on a wrong answer is a confusion, not a failure


@dataclass(frozen=True)
class Fold:
    """A map, and which frames of a sequence validate it."""

    scene_map: SceneMap
    blocks: list[np.ndarray]  # index arrays of the frames that validate it
    alias_candidates: np.ndarray  # indices of mapping frames whose place may look like another
    kept: np.ndarray  # indices of the frames that it was made of
    seconds: float = 0.0  # that this took

    @property
    def held_out(self) -> np.ndarray:
        """Return the indices of all frames that validate it."""
        return np.concatenate([np.zeros(0, int), *self.blocks])

    def spared(self, count: int) -> np.ndarray:
        """Return the indices of all of ``count`` frames that it was made without."""
        return np.setdiff1d(np.arange(count), self.kept)


@dataclass(frozen=True)
class ValidationResult:
    """The uncertainty model of maps of one method and place, and what they say of frames."""

    uncertainty: UncertaintyModel
    ambiguous: torch.Tensor  # (K,) int64, of ``voxels_of``
    results: list[FrameResult]  # of what the maps are asked with, block after block
    with_depth: bool  # whether that is images with their depth; else the colour images alone
    depth: DepthTrial | None  # what they say of depth, where they show any
    blocks: list[np.ndarray]  # index arrays of the frames that there was time for


@dataclass(frozen=True)
class _Solved:
    """A query and what the solver says of it; ``frame`` is None for another place."""

    by: int  # number of the map that was asked
    frame: PosedImage | None
    query: Query
    solved: SolverResult | Rejection


class MapValidation:
    """The held-out frames of one new map or several of the same kind, seen by their localisers."""

    def __init__(self, localisers: list[Localiser], folds: list[Fold], frames: PosedFrames,
                 progress: MappingProgress, rng: np.random.Generator):
        """Take what ``run`` needs.

        Args:
            localisers: of the maps of the folds.
            folds: at least one, with at least one block each.
            frames: all frames.
            progress: told before each picture.
            rng: of the pictures of other places.
        """
        self._localisers, self._folds, self._frames = list(localisers), folds, frames
        self._progress, self._rng, self._done = progress, rng, 0
        self._negatives, self._steps = _NEGATIVES, 0

    @property
    def _first(self) -> Localiser:
        """Return one of the localisers, where what is asked for is the same for all."""
        return self._localisers[0]

    @property
    def _blocks(self) -> int:
        """Return how many blocks of time are held out."""
        return sum(len(fold.blocks) for fold in self._folds)

    @property
    def _general(self) -> AcceptanceModel:
        """Return the acceptance model of all maps of the family."""
        return GENERAL_MODELS[self._first.family]

    def run(self) -> ValidationResult:
        """Localise held-out frames and pictures of other places, and fit table after table.

        Where the deadline leaves no time for all of them, some are left out, evenly.
        """
        self._thin()
        held_out = [(number, self._frames[int(index)]) for number, fold in enumerate(self._folds)
                    for index in fold.held_out]
        kinds = {'rgb': [self._query(by, frame, frame.image) for by, frame in held_out]}
        trial = self._try_depth(held_out, kinds)
        asked = 'rgbd' if 'rgbd' in kinds and self._first.observer.observes_depth else 'rgb'
        solved = {kind: [self._solve(by, query, frame)
                         for (by, frame), query in zip(held_out, queries)]
                  for kind, queries in kinds.items()}
        negatives = list(self._other_places(held_out))
        candidates = [(number, self._frames[int(index)]) for number, fold in enumerate(self._folds)
                      for index in fold.alias_candidates]
        aliases = [self._solve(by, self._query(by, frame, frame.image), frame)
                   for by, frame in candidates]
        # each table is a feature for the next
        self._use(uncertainty=UncertaintyModel(self._general, images=image_statistics(
            [query.quality for query in kinds['rgb']])))
        self._fit_covariances(solved)
        self._refine(camera=self._camera_noise(solved['rgb']))
        self._use(ambiguous=self._confused_space(aliases + solved[asked]))
        self._fit_acceptance(solved, negatives)
        found = self._first.scene_map
        return ValidationResult(found.uncertainty or uncalibrated(self._first.family),
                                found.ambiguous, self._results(solved[asked]), asked == 'rgbd',
                                trial, [block for fold in self._folds for block in fold.blocks])

    def _try_depth(self, held_out: list[tuple[int, PosedImage]],
                   kinds: dict[str, list[Query]]) -> DepthTrial | None:
        """Add queries with depth where the maps can use any; returns what frames say of it.

        Held-out frames know better than the points that a map was fitted to.
        """
        fitted = [localiser.scene_map.depth for localiser in self._localisers]
        if any(depth is None for depth in fitted):
            return None
        self._use_depths([depth and replace(depth, agreement=1.0) for depth in fitted])
        queries = [self._with_depth(by, frame, query)
                   for (by, frame), query in zip(held_out, kinds['rgb'])]
        trial = depth_trial([Asked(self._localisers[by], frame, query)
                             for (by, frame), query in zip(held_out, queries)])
        self._use_depths([trial.of(depth) if trial else depth for depth in fitted])
        if all(localiser.depth_unavailable() is None for localiser in self._localisers):
            kinds['rgbd'] = queries
        return trial

    def _use_depths(self, depths: Sequence[DepthCorrection | None]) -> None:
        self._localisers = [
            localiser.with_map(replace(localiser.scene_map, depth=depth))
            for localiser, depth in zip(self._localisers, depths)]

    def _thin(self) -> None:
        """Leave pictures out, evenly, where there is no time for all of them."""
        if math.isfinite(self._progress.deadline.seconds):
            share = _CHECKING_SHARE * self._progress.left_s / self._expected_s()
            if share < 1:
                least = math.ceil(_LEAST_CHECKED / len(self._folds))
                self._folds = [replace(
                    fold, blocks=thinned(fold.blocks, share, least),
                    alias_candidates=thinned([fold.alias_candidates], share, 0)[0])
                    for fold in self._folds]
                self._negatives = max(_LEAST_NEGATIVES, round(share * _NEGATIVES))
        self._steps = self._negatives + sum(len(fold.held_out) + len(fold.alias_candidates)
                                            for fold in self._folds)

    def _expected_s(self) -> float:
        """Return how long all pictures will take, by a few of them, seconds."""
        held_out, localiser = self._folds[0].held_out, self._first
        depth = localiser.depth_unavailable() is None
        localiser.trace(*_image_of(self._frames[int(held_out[0])]))  # a first one is slower
        began_s, some = time.monotonic(), held_out[np.linspace(0, len(held_out) - 1, _TRIED
                                                               ).astype(int)]
        for index in some:
            localiser.trace(*_image_of(self._frames[int(index)]))
        pictures = _NEGATIVES + sum((1 + depth) * len(fold.held_out) + len(fold.alias_candidates)
                                    for fold in self._folds)
        return max(1e-3, pictures * (time.monotonic() - began_s) / _TRIED)

    def _query(self, by: int, frame: PosedImage, image: np.ndarray) -> Query:
        self._progress(STAGE, self._done / self._steps, f'{self._done} of {self._steps} pictures')
        self._done += 1
        return self._localisers[by].prepare(image, frame.camera)

    def _with_depth(self, by: int, frame: PosedImage, query: Query) -> Query:
        """Return a query with the depth of its frame, where it has any."""
        if self._localisers[by].observer.observes_depth:
            return self._localisers[by].prepare(frame.image, frame.camera, frame.depth_m)
        if frame.depth_m is None:
            return query
        return self._localisers[by].with_depth(query, frame.depth_m, frame.camera)

    def _other_places(self, held_out: list[tuple[int, PosedImage]]) -> Iterator[_Solved]:
        for count in range(self._negatives):
            by, frame = held_out[int(self._rng.integers(len(held_out)))]
            image = mirrored(frame.image) if count % 2 else shuffled_tiles(frame.image, self._rng)
            yield self._solve(by, self._query(by, frame, image))

    def _solve(self, by: int, query: Query, frame: PosedImage | None = None) -> _Solved:
        return _Solved(by, frame, query, self._localisers[by].solve(query))

    def _assess(self, solved: _Solved) -> LocalisationTrace:
        return self._localisers[solved.by].assess(solved.query, solved.solved)

    def _results(self, answers: list[_Solved]) -> list[FrameResult]:
        """Return the results of frames with a pose, as the tables stand."""
        return [FrameResult.of(answer.frame, self._assess(answer)) for answer in answers
                if answer.frame is not None]

    def _use(self, **parts: Any) -> None:
        self._localisers = [localiser.with_map(replace(localiser.scene_map, **parts))
                            for localiser in self._localisers]

    def _fit_covariances(self, solved: dict[str, list[_Solved]]) -> None:
        for kind, answers in solved.items():
            fitted = fit_covariance(self._errors(self._results(answers)))
            self._refine(**{kind: fitted or getattr(uncalibrated(self._first.family), kind)})

    def _camera_noise(self, answers: list[_Solved]) -> CameraNoise:
        """Return how far intrinsics seem to be off in right answers, though they are right."""
        found = [self._localisers[answer.by].camera_evidence(answer.query, answer.solved)
                 for answer, result in zip(answers, self._results(answers)) if result.good]
        return fit_camera_noise([one for one in found if one is not None], self._blocks)

    def _refine(self, **tables: Any) -> None:
        """Replace tables of the uncertainty model."""
        model = self._first.scene_map.uncertainty or uncalibrated(self._first.family)
        self._use(uncertainty=replace(model, **tables))

    def _confused_space(self, answers: list[_Solved]) -> torch.Tensor:
        """Return the voxels that answers were sure of which are grossly wrong.

        What such a frame saw looks like that space: points there tell nothing of the place.
        """
        points = [result.localisation.inlier_points for result in self._results(answers)
                  if result.trace.pose is not None and result.gross
                  and result.trace.pose.probability >= _SURE]
        return voxels_of(torch.from_numpy(np.concatenate([np.zeros((0, 3), np.float32), *points])))

    def _fit_acceptance(self, solved: dict[str, list[_Solved]], negatives: list[_Solved]) -> None:
        right: list[dict[str, float]] = []
        wrong = [trace.pose.features for trace in map(self._assess, negatives)
                 if trace.pose is not None]
        for result in (result for answers in solved.values() for result in self._results(answers)):
            if result.trace.pose is not None:
                (wrong if result.gross else right).append(result.trace.pose.features)
        self._refine(acceptance=fit_acceptance(right, wrong, self._general))

    def _errors(self, results: list[FrameResult]) -> HeldOutErrors:
        twists, informations, novelties = [], [], []
        for result in results:
            trace = result.trace
            if trace.result is None or trace.pose is None or result.gross:
                continue
            twists.append(se3_log(trace.result.cam_from_map.cpu()
                                  @ torch.from_numpy(result.truth)))
            informations.append(trace.result.information.cpu())
            novelties.append(trace.pose.novelty)
        return HeldOutErrors(_stacked(twists, 6), _stacked(informations, 6, 6),
                             torch.tensor(novelties).double(),
                             self._blocks)


def _image_of(frame: PosedImage) -> tuple[np.ndarray, Camera]:
    return frame.image, frame.camera


def _stacked(tensors: list[torch.Tensor], *shape: int) -> torch.Tensor:
    return torch.stack(tensors) if tensors else torch.zeros((0, *shape), dtype=torch.float64)
