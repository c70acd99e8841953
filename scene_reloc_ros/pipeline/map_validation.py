# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Judges a new map on frames that it was not trained on, and gives it its calibration table."""

from dataclasses import dataclass, replace
import time

import numpy as np
import torch

from scene_reloc_ros.datasets.negative_frames import mirrored, shuffled_tiles
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.poses import se3_log
from scene_reloc_ros.uncertainty.acceptance import GENERAL_MODEL, UNCALIBRATED
from scene_reloc_ros.uncertainty.acceptance_fit import fit_acceptance
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.calibration import fit_covariance, HeldOutErrors
from scene_reloc_ros.uncertainty.model import ImageStatistics, UncertaintyModel

GROSS_M, GROSS_DEG = 0.25, 10.0  # an answer farther off is wrong, not inexact
_STRANGERS = 60  # pictures of other places, count
_SURE = 0.1  # probability from which on a wrong answer is a confusion, not a failure


@dataclass(frozen=True)
class Answer:
    """What a localiser says of a frame with a known pose, and how far that is off."""

    frame: object  # PosedImage
    attempt: object  # LocalisationTrace
    translation_m: float  # infinite where the solver found no pose
    rotation_deg: float

    @classmethod
    def of(cls, frame, attempt):
        """Compare with the pose of the frame."""
        if attempt.best is None:
            return cls(frame, attempt, np.inf, np.inf)
        translation, rotation = pose_errors(attempt.best.map_from_cam, frame.map_from_cam)
        return cls(frame, attempt, float(translation), float(rotation))

    @property
    def right(self):
        """Tell whether the answer is no gross error."""
        return self.translation_m <= GROSS_M and self.rotation_deg <= GROSS_DEG


class MapValidation:
    """The held-out frames of a new map, seen by its localiser."""

    def __init__(self, localiser, frames, blocks, suspects, report):
        """Localise all of them, and pictures of other places.

        Args:
            localiser: Localiser of the map.
            frames: sequence of PosedImage.
            blocks: index arrays of the frames that training has not seen.
            suspects: indices of mapping frames whose place may look like another.
            report: called with (fraction, text) before each picture; what it raises ends it.
        """
        self._localiser, self._blocks, self._report = localiser, blocks, report
        self._held_out = [frames[int(index)] for index in np.concatenate(blocks)]
        self._steps = len(self._held_out) + len(suspects) + _STRANGERS
        self._done = 0
        self._seen = {'rgb': [self._observed(frame, frame.image) for frame in self._held_out]}
        if localiser.depth_unavailable() is None:
            self._seen['rgbd'] = self._measured()
        self._solved = {kind: [localiser.solve(view) for view in seen]
                        for kind, seen in self._seen.items()}
        self._strangers = [(view, localiser.solve(view)) for view in self._other_places()]
        self._suspects = [self._suspect(frames[int(index)]) for index in suspects]
        self._fit()

    def _observed(self, frame, image):
        self._report(self._done / self._steps, f'{self._done} of {self._steps} pictures')
        self._done += 1
        return self._localiser.prepare(image, frame.camera)

    def _measured(self):
        """Return the same views with the depths of those frames that have them."""
        return [view if frame.depth_m is None else
                self._localiser.with_depth(view, frame.depth_m, frame.camera)
                for view, frame in zip(self._seen['rgb'], self._held_out)]

    def _other_places(self):
        rng = np.random.default_rng(0)
        for count in range(_STRANGERS):
            frame = self._held_out[int(rng.integers(len(self._held_out)))]
            image = mirrored(frame.image) if count % 2 else shuffled_tiles(frame.image, rng)
            yield self._observed(frame, image)

    def _suspect(self, frame):
        view = self._observed(frame, frame.image)
        return frame, view, self._localiser.solve(view)

    def calibrated_map(self):
        """Return the map with its tables."""
        return self._localiser.scene_map

    def answers(self, kind='rgb'):
        """Return the Answers to the held-out frames, as the tables stand."""
        pairs = zip(self._seen[kind], self._solved[kind])
        return [Answer.of(frame, attempt)
                for frame, attempt in zip(self._held_out, self._weighed(pairs))]

    def _fit(self):
        """Fit table after table: each one is evidence for the next."""
        self._use(calibration=UncertaintyModel(GENERAL_MODEL,
                                             images=_statistics(self._seen['rgb'])))
        for kind in self._solved:
            fitted = fit_covariance(self._errors(self.answers(kind)))
            table = self._localiser.scene_map.calibration
            self._use(calibration=replace(
                table, **{kind: fitted or getattr(UNCALIBRATED, kind)}))
        self._use(ambiguous=self._confused_space())
        right, wrong = [], [attempt.best.evidence for attempt in self._weighed(self._strangers)
                            if attempt.best is not None]
        for answer in (answer for kind in self._solved for answer in self.answers(kind)):
            if answer.attempt.best is not None:
                (right if answer.right else wrong).append(answer.attempt.best.evidence)
        self._use(calibration=replace(self._localiser.scene_map.calibration,
                                      acceptance=fit_acceptance(right, wrong, GENERAL_MODEL)))

    def _use(self, **parts):
        self._localiser = self._localiser.with_map(replace(self._localiser.scene_map, **parts))

    def _confused_space(self):
        """Return the cubes of space that answers were sure of which are grossly wrong.

        What such a frame saw looks like that space: points there tell nothing of the place.
        """
        attempts = self._weighed([(view, solved) for _, view, solved in self._suspects])
        answers = [Answer.of(frame, attempt)
                   for (frame, _, _), attempt in zip(self._suspects, attempts)]
        points = [answer.attempt.localisation.inlier_points for answer in answers + self.answers()
                  if answer.attempt.best is not None and not answer.right
                  and answer.attempt.best.probability >= _SURE]
        return voxels_of(torch.from_numpy(np.concatenate([np.zeros((0, 3), np.float32), *points])))

    def _weighed(self, pairs):
        return [self._localiser.assess(view, solved, time.perf_counter())
                for view, solved in pairs]

    def _errors(self, answers):
        right = [answer for answer in answers if answer.right]
        twists = [se3_log(answer.attempt.result.cam_from_map.cpu()
                          @ torch.from_numpy(answer.frame.map_from_cam)) for answer in right]
        informations = [answer.attempt.result.information.cpu() for answer in right]
        return HeldOutErrors(
            _stacked(twists, 6), _stacked(informations, 6, 6),
            torch.tensor([a.attempt.best.distance for a in right]).double(), len(self._blocks))


def _stacked(tensors, *shape):
    return torch.stack(tensors) if tensors else torch.zeros((0, *shape), dtype=torch.float64)


def _statistics(views):
    return ImageStatistics(*(float(np.median([getattr(view.quality, name) for view in views]))
                             for name in ('sharpness', 'contrast')))
