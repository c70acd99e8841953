# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Frame results: answers beside the truth, and the one summary of many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
import math
from typing import Any, Protocol

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.chi_square import nees, NEES_95
from scene_reloc_ros.geometry.pose_error import pose_errors, recall, RECALL_BOUNDS
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.pipeline.localisation import (
    answer_fields,
    Localisation,
    LocalisationTrace,
)

GOOD_M, GOOD_DEG = 0.10, 5.0  # an answer within them should be accepted
GROSS_M, GROSS_DEG = 0.25, 10.0  # an answer farther off is wrong, not inexact


class Tracer(Protocol):
    """What answers queries with all that is behind the answer: a Localiser."""

    def trace(self, image: np.ndarray, camera: Camera,
              depth_m: np.ndarray | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of one image."""


@dataclass(frozen=True)
class FrameResult:
    """What a localiser says of a frame, and how far its best pose, accepted or not, is off."""

    name: str
    truth: np.ndarray | None  # (4, 4) map_from_cam, metres; None: the frame shows another place
    trace: LocalisationTrace
    translation_m: float  # infinite without a pose or a truth
    rotation_deg: float

    @classmethod
    def of(cls, frame: PosedImage, trace: LocalisationTrace) -> FrameResult:
        """Compare with the pose of the frame, if it has one; ValueError where it is impossible."""
        trace = replace(trace, query=None)  # results are kept by the thousand
        if frame.map_from_cam is None:
            return cls(frame.name, None, trace, math.inf, math.inf)
        truth = checked_pose(frame.map_from_cam, frame.name)
        if trace.pose is None:
            return cls(frame.name, truth, trace, math.inf, math.inf)
        translation, rotation = pose_errors(trace.pose.map_from_cam, truth)
        return cls(frame.name, truth, trace, float(translation), float(rotation))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, null for an error that is not known."""
        errors = {'translation_m': self.translation_m, 'rotation_deg': self.rotation_deg}
        return {**answer_fields(self.name, self.localisation),
                **{name: value if math.isfinite(value) else None
                   for name, value in errors.items()}}

    @property
    def localisation(self) -> Localisation:
        """Return the answer as a robot gets it."""
        return self.trace.localisation

    @property
    def accepted(self) -> bool:
        """Tell whether the pose was believed."""
        return self.localisation.accepted

    @property
    def reason(self) -> str | None:
        """Return the code of a refusal."""
        rejection = self.localisation.rejection
        return None if rejection is None else rejection.code

    @property
    def accepted_error(self) -> tuple[float, float]:
        """Return metres and degrees, infinite where the pose was refused."""
        return (self.translation_m, self.rotation_deg) if self.accepted else (math.inf, math.inf)

    @property
    def good(self) -> bool:
        """Tell whether the best pose, accepted or not, is within GOOD_M and GOOD_DEG."""
        return self.translation_m <= GOOD_M and self.rotation_deg <= GOOD_DEG

    @property
    def gross(self) -> bool:
        """Tell whether it is farther off than GROSS_M or GROSS_DEG, or the place is another."""
        return self.translation_m > GROSS_M or self.rotation_deg > GROSS_DEG

    @property
    def nees(self) -> float | None:
        """Return e^T Sigma^-1 e over six dimensions; None where the pose was refused."""
        found = self.localisation
        if found.map_from_cam is None or found.covariance is None or self.truth is None:
            return None
        return nees(found.map_from_cam, found.covariance, self.truth)


def localise_frames(localiser: Tracer, frames: PosedFrames, depth: bool = False,
                    on_progress: Callable[[float, str], object] | None = None,
                    ) -> Iterator[FrameResult]:
    """Yield the FrameResult of every frame.

    Args:
        localiser: answers them.
        frames: posed images; those without a pose show another place.
        depth: use the depth of frames that have it.
        on_progress: called with (fraction in [0, 1], name of the frame) after each.
    """
    for index in range(len(frames)):
        frame = frames[index]
        try:
            trace = localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
        except ValueError as error:
            raise ValueError(f'frame {frame.name}: {error}') from error
        yield FrameResult.of(frame, trace)
        if on_progress:
            on_progress((index + 1) / len(frames), frame.name)


def summarise(results: Sequence[FrameResult]) -> dict[str, Any]:
    """Return the figures of some results with a truth as a dict of plain values.

    Recalls are shares of all frames, a refused one counts as missed; medians are of the accepted
    frames, None where there are none.
    """
    translation, rotation = np.array([result.accepted_error for result in results]).T
    accepted = np.isfinite(translation)
    surprises = [value for value in (result.nees for result in results) if value is not None]
    return {
        'frames': len(results), 'accepted': int(accepted.sum()),
        'median_translation_m': median(translation[accepted]),
        'median_rotation_deg': median(rotation[accepted]),
        **{name: recall(translation, rotation, bounds) for name, bounds in RECALL_BOUNDS.items()},
        'nees_mean': float(np.mean(surprises)) if surprises else None,
        'nees_median': median(surprises),
        'nees_within_95': float(np.mean(np.array(surprises) < NEES_95)) if surprises else None,
        'rejections': dict(Counter(result.reason for result in results if not result.accepted))}


def median(values: Sequence[float] | np.ndarray) -> float | None:
    """Return the median, None of nothing."""
    return float(np.median(values)) if len(values) else None
