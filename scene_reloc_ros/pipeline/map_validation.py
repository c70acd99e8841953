# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Map validation on held-out frames: how good a new map is, and its uncertainty model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.datasets.negative_frames import mirrored, shuffled_tiles
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_log
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.frame_result import FrameResult
from scene_reloc_ros.pipeline.localisation import LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.solver.problem import SolverResult
from scene_reloc_ros.uncertainty.acceptance import fit_acceptance, GENERAL_MODELS, uncalibrated
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.covariance import fit_covariance, HeldOutErrors
from scene_reloc_ros.uncertainty.image_quality import image_statistics
from scene_reloc_ros.uncertainty.model import AcceptanceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.query import Query
from scene_reloc_ros.uncertainty.rejection import Rejection

STAGE = 'checking'
_NEGATIVES = 60  # pictures of other places, count
_SURE = 0.1  # probability from which on a wrong answer is a confusion, not a failure


@dataclass(frozen=True)
class FrameSplit:
    """Which frames of a sequence validate a map."""

    blocks: list[np.ndarray]  # index arrays of the frames that training has not seen
    alias_candidates: np.ndarray  # indices of mapping frames whose place may look like another


@dataclass(frozen=True)
class ValidationResult:
    """A map with its uncertainty model, and what it says of its held-out frames."""

    scene_map: SceneMap
    results: list[FrameResult]  # of what the map is asked with, block after block
    with_depth: bool  # whether that is images with their depth; else the colour images alone


@dataclass(frozen=True)
class _Solved:
    """A query and what the solver says of it; ``frame`` is None for another place."""

    frame: PosedImage | None
    query: Query
    solved: SolverResult | Rejection


class MapValidation:
    """The held-out frames of a new map, seen by its localiser."""

    def __init__(self, localiser: Localiser, frames: PosedFrames, split: FrameSplit,
                 progress: MappingProgress, rng: np.random.Generator):
        """Take what ``run`` needs.

        Args:
            localiser: of the map.
            frames: all frames.
            split: which of them validate it; at least one block.
            progress: told before each picture.
            rng: of the pictures of other places.
        """
        self._localiser, self._frames, self._split = localiser, frames, split
        self._progress, self._rng, self._done = progress, rng, 0
        self._steps = (sum(map(len, split.blocks)) + len(split.alias_candidates) + _NEGATIVES)

    @property
    def _general(self) -> AcceptanceModel:
        """Return the acceptance model of all maps of the family."""
        return GENERAL_MODELS[self._localiser.family]

    def run(self) -> ValidationResult:
        """Localise held-out frames and pictures of other places, and fit table after table."""
        held_out = [self._frames[int(index)] for index in np.concatenate(self._split.blocks)]
        kinds = {'rgb': [self._query(frame, frame.image) for frame in held_out]}
        if self._localiser.depth_unavailable() is None:
            kinds['rgbd'] = self._with_depth(held_out, kinds['rgb'])
        asked = 'rgbd' if 'rgbd' in kinds and self._localiser.observer.observes_depth else 'rgb'
        solved = {kind: [self._solve(query, frame) for query, frame in zip(queries, held_out)]
                  for kind, queries in kinds.items()}
        negatives = [self._solve(query) for query in self._other_places(held_out)]
        candidates = [self._frames[int(index)] for index in self._split.alias_candidates]
        aliases = [self._solve(self._query(frame, frame.image), frame) for frame in candidates]
        # each table is a feature for the next
        self._use(uncertainty=UncertaintyModel(self._general, images=image_statistics(
            [query.quality for query in kinds['rgb']])))
        self._fit_covariances(solved)
        self._use(ambiguous=self._confused_space(aliases + solved[asked]))
        self._fit_acceptance(solved, negatives)
        return ValidationResult(self._localiser.scene_map, self._results(solved[asked]),
                                asked == 'rgbd')

    def _query(self, frame: PosedImage, image: np.ndarray) -> Query:
        self._progress(STAGE, self._done / self._steps, f'{self._done} of {self._steps} pictures')
        self._done += 1
        return self._localiser.prepare(image, frame.camera)

    def _with_depth(self, frames: list[PosedImage], queries: list[Query]) -> list[Query]:
        """Return the same queries with the depths of those frames that have them."""
        if self._localiser.observer.observes_depth:
            return [self._localiser.prepare(frame.image, frame.camera, frame.depth_m)
                    for frame in frames]
        return [query if frame.depth_m is None else
                self._localiser.with_depth(query, frame.depth_m, frame.camera)
                for query, frame in zip(queries, frames)]

    def _other_places(self, held_out: list[PosedImage]) -> Iterator[Query]:
        for count in range(_NEGATIVES):
            frame = held_out[int(self._rng.integers(len(held_out)))]
            image = mirrored(frame.image) if count % 2 else shuffled_tiles(frame.image, self._rng)
            yield self._query(frame, image)

    def _solve(self, query: Query, frame: PosedImage | None = None) -> _Solved:
        return _Solved(frame, query, self._localiser.solve(query))

    def _assess(self, solved: _Solved) -> LocalisationTrace:
        return self._localiser.assess(solved.query, solved.solved)

    def _results(self, answers: list[_Solved]) -> list[FrameResult]:
        """Return the results of frames with a pose, as the tables stand."""
        return [FrameResult.of(answer.frame, self._assess(answer)) for answer in answers
                if answer.frame is not None]

    def _use(self, **parts: Any) -> None:
        self._localiser = self._localiser.with_map(replace(self._localiser.scene_map, **parts))

    def _fit_covariances(self, solved: dict[str, list[_Solved]]) -> None:
        for kind, answers in solved.items():
            fitted = fit_covariance(self._errors(self._results(answers)))
            self._refine(**{kind: fitted or getattr(uncalibrated(self._localiser.family), kind)})

    def _refine(self, **tables: Any) -> None:
        """Replace tables of the uncertainty model."""
        model = self._localiser.scene_map.uncertainty or uncalibrated(self._localiser.family)
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
                             torch.tensor(novelties).double(), len(self._split.blocks))


def _stacked(tensors: list[torch.Tensor], *shape: int) -> torch.Tensor:
    return torch.stack(tensors) if tensors else torch.zeros((0, *shape), dtype=torch.float64)
