# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Whether a camera's stated calibration fits its pictures: two hypotheses, weighed by Bayes.

A right camera shows intrinsics that are off by noise alone, whose size the map knows from its own
held-out frames. A wrong one is off by as much as wrong calibrations are (``EXPECTED``). Where a
view cannot tell, both explain it equally well, and the doubt stays what it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np

from scene_reloc_ros.solver.free_camera import CameraEvidence, EXPECTED
from scene_reloc_ros.uncertainty.model import CameraNoise

# Deviations of the values of FREED: what the cells of one view share, and what all views do.
_SHARED = np.array((0.008, 0.006, 0.008, 0.012))
_FLOOR = np.array((0.003, 0.002, 0.002, 0.005))
_FREEDOM = 8.0  # of Student's t: now and then a view is off by more than normal errors are
_OWN_PRIOR = 0.003  # probability that a calibration is wrong which is that of the map's camera
_OTHER_PRIOR = 0.05  # the same where it is another
_RIDGE = 1e-3  # of what is expected: keeps what nothing tells finite
_MINIMUM_FRAMES = 6
_SCALES = np.exp(np.arange(0.0, 2.3, 0.1))  # that a fit tries, ratios
_SHARES = np.exp(np.arange(-1.5, 1.6, 0.25))
_PRIOR_SCALE, _PRIOR_SHARE = 0.4, 0.5  # deviations of their logarithms from those of other maps


@dataclass(frozen=True)
class CameraKnowledge:
    """What some queries together say of the values of FREED."""

    information: np.ndarray  # (4, 4)
    vector: np.ndarray  # (4,), the information times the most likely values
    views: float = 1.0  # independent ones that it comes from

    @classmethod
    def nothing(cls) -> CameraKnowledge:
        """Return that of no query."""
        return cls(np.zeros((4, 4)), np.zeros(4), 0.0)

    @classmethod
    def of(cls, evidence: CameraEvidence, noise: CameraNoise) -> CameraKnowledge:
        """Return that of one query, its errors as large as they are in the map."""
        told = evidence.information / noise.scale ** 2
        shared = np.diag((noise.shared * _SHARED) ** 2)
        found = np.linalg.solve(np.eye(4) + told @ shared,
                                np.c_[told, evidence.vector / noise.scale ** 2])
        return cls((found[:, :4] + found[:, :4].T) / 2, found[:, 4])

    def __add__(self, other: CameraKnowledge) -> CameraKnowledge:
        """Return what both say."""
        return CameraKnowledge(self.information + other.information, self.vector + other.vector,
                               self.views + other.views)

    def times(self, weight: float) -> CameraKnowledge:
        """Return it for as much as it is worth."""
        return CameraKnowledge(weight * self.information, weight * self.vector,
                               weight * self.views)


@dataclass(frozen=True)
class RightCamera:
    """What a rightly calibrated camera shows in a map: nothing, unless the map is bent itself."""

    mean: np.ndarray  # (4,) of FREED
    covariance: np.ndarray  # (4, 4)
    prior: float  # probability that a calibration is wrong, before a picture was seen
    if_own: np.ndarray | None = None  # (4,), what the map's camera would show under a wrong one

    @classmethod
    def of(cls, correction: Sequence[float], own: bool,
           if_own: Sequence[float] | None = None) -> RightCamera:
        """Return that of the map's own camera, or of another one.

        What mapping learnt of its camera holds for that one alone. Whether it was the camera that
        was off or the map that is bent, another camera would tell: half of it is expected, give
        or take half.

        Args:
            correction: values (5,) of the map's CameraRefinement.
            own: whether the calibration is that of the map's camera.
            if_own: values of FREED if another one is, and the camera is the map's all the same;
                None: its pictures show that it is not.
        """
        floor = np.diag(_FLOOR ** 2)
        if own:
            return cls(np.zeros(4), floor, _OWN_PRIOR)
        shift_x, shift_y, log_x, log_y, radial = (float(value) for value in correction)
        half = np.array((-(log_x + log_y) / 2, shift_x, shift_y, -radial)) / 2
        return cls(half, floor + np.outer(half, half), _OTHER_PRIOR,
                   None if if_own is None else np.array(if_own))


@dataclass(frozen=True)
class CameraDoubt:
    """How a stated calibration stands."""

    probability: float  # that it is wrong
    values: np.ndarray  # (4,) of FREED, if it is
    covariance: np.ndarray  # (4, 4) of them
    right: RightCamera
    squared: float  # surprise, were it right: chi-square of four dimensions

    @property
    def deviations(self) -> np.ndarray:
        """Standard deviations (4,) of the values, without what a right camera would show."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def surprises(self) -> np.ndarray:
        """How many deviations each value (4,) is away from those of a right camera."""
        spread = np.sqrt(np.diag(self.covariance + self.right.covariance))
        return np.abs(self.values - self.right.mean) / spread

    def turned(self, turn: np.ndarray) -> CameraDoubt:
        """Return it about axes of the image that are turned by a rotation (2, 2)."""
        both = np.eye(4)
        both[1:3, 1:3] = turn
        return replace(self, values=both @ self.values, covariance=both @ self.covariance @ both.T,
                       right=replace(self.right, mean=both @ self.right.mean,
                                     covariance=both @ self.right.covariance @ both.T))

    def spread(self, evidence: CameraEvidence, shift: np.ndarray) -> np.ndarray:
        """Return what it adds to the covariance (6, 6) of a pose's twist.

        The second moment of both hypotheses: a pose of the camera as stated is either right, or
        off by the shift and by what is not known of it.

        Args:
            evidence: of the query.
            shift: twist (6,) from the pose found to that of the camera as it seems to be.
        """
        slope = evidence.twist_by_values
        wrong = np.outer(shift, shift) + slope @ self.covariance @ slope.T
        own = self.right.covariance - np.diag(_FLOOR ** 2)
        return self.probability * wrong + slope @ own @ slope.T


def doubt_of(known: CameraKnowledge, right: RightCamera) -> CameraDoubt:
    """Return the CameraDoubt that follows from what is known: the posterior, and its values.

    Args:
        known: what the pictures say.
        right: what they would say of a right camera, and of that of the map.
    """
    expected = np.diag(EXPECTED ** 2)
    covariance = np.linalg.inv(known.information + _RIDGE * np.diag(EXPECTED ** -2.0))
    off = covariance @ known.vector - right.mean
    if_right = covariance + right.covariance
    freedom = _FREEDOM * max(1.0, known.views)  # a mean of many has no such tails
    wrong = float(_log_density(off, if_right + expected, freedom))
    if right.if_own is not None:  # wrong calibrations are most often those of another camera
        as_own = _log_density(off + right.mean - right.if_own,
                              covariance + np.diag(_FLOOR ** 2), freedom)
        wrong = float(np.logaddexp(wrong, as_own)) - math.log(2)
    odds = (math.log(right.prior / (1 - right.prior)) + wrong
            - float(_log_density(off, if_right, freedom)))
    gain = expected @ np.linalg.inv(covariance + expected)
    spread = expected - gain @ expected
    return CameraDoubt(1 / (1 + math.exp(-max(-50.0, min(50.0, odds)))),
                       right.mean + gain @ off, (spread + spread.T) / 2, right,
                       float(_squared(off, if_right)))


def _squared(off: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return squared lengths (...) of (..., 4) by covariances (..., 4, 4)."""
    lengths: np.ndarray = (off * np.linalg.solve(covariance, off[..., None])[..., 0]).sum(-1)
    return lengths


def _log_density(off: np.ndarray, covariance: np.ndarray,
                 freedom: float = _FREEDOM) -> np.ndarray:
    """Return the logarithms (...), less a constant, of Student's t of a given covariance.

    Args:
        off: (..., 4) from the mean.
        covariance: (..., 4, 4).
        freedom: degrees of it, more than two.
    """
    tails = (freedom + 4) * np.log1p(_squared(off, covariance) / (freedom - 2))
    found: np.ndarray = -(np.linalg.slogdet(covariance)[1] + tails) / 2
    return found


def fit_camera_noise(found: Sequence[CameraEvidence], blocks: int) -> CameraNoise:
    """Return the CameraNoise of right answers of the map's own camera: maximum a posteriori.

    Args:
        found: of held-out frames.
        blocks: of time that they come from, count; frames of one block err alike.
    """
    if len(found) < _MINIMUM_FRAMES:
        return CameraNoise()
    spread = np.stack([np.linalg.inv(one.information + np.diag(EXPECTED ** -2.0) * _RIDGE)
                       for one in found])
    off = (spread @ np.stack([one.vector for one in found])[..., None])[..., 0]
    worth = min(1.0, 2 * blocks / len(found))
    best, chosen = -math.inf, CameraNoise()
    for scale in _SCALES:
        for share in _SHARES:
            covariance = scale ** 2 * spread + np.diag((share * _SHARED) ** 2)
            unusual = (math.log(scale / CameraNoise.scale) / _PRIOR_SCALE,
                       math.log(share / CameraNoise.shared) / _PRIOR_SHARE)
            value = (worth * np.sum(_log_density(off, covariance))
                     - (unusual[0] ** 2 + unusual[1] ** 2) / 2)
            if value > best:
                best, chosen = value, CameraNoise(float(scale), float(share), len(found))
    return chosen
