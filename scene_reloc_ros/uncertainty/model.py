# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Uncertainty model of a map: covariance, acceptance and image statistics, as it is stored.

The tables are fitted on held-out frames.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# Features whose names in map files are older than those in the code.
_STORED_NAMES = {'second_best_margin': 'uniqueness', 'position_precision': 'certainty',
                 'view_familiarity': 'nearness'}
_NAMES_STORED = {stored: name for name, stored in _STORED_NAMES.items()}


@dataclass(frozen=True)
class CovarianceModel:
    """From the covariance that a solver claims to one that can be believed.

    The solver takes cells as independent. Neighbours err together, which its own spread shows but
    for a factor; what all of them share (poses of the mapping frames, calibration) it cannot see.
    """

    translation_scale: float = 25.0  # of the solver's standard deviations, ratio
    rotation_scale: float = 25.0  # of the solver's standard deviations, ratio
    floor_m: float = 0.02  # standard deviation an axis that all cells share, metres
    floor_rad: float = 0.01  # standard deviation an axis that all cells share, rad
    growth: float = 0.2  # of standard deviations, per unit of view novelty
    frames: int = 0  # held-out frames that it was fitted on; 0: not fitted, but rather too large


@dataclass(frozen=True)
class CameraNoise:
    """How far the intrinsics that views of the map seem to tell are off though they are right."""

    scale: float = 3.5  # of the deviations that independent cells would have, ratio
    shared: float = 1.0  # of what cells of one view usually share (``calibration``), ratio
    frames: int = 0  # held-out frames that it was fitted on; 0: of other maps


@dataclass(frozen=True)
class ImageStatistics:
    """What images of the mapped place look like, so that a poor one can be told."""

    sharpness: float = 0.25  # median, share of contrast that is fine detail
    contrast: float = 0.2  # median, standard deviation of grey values in [0, 1]


@dataclass(frozen=True)
class AcceptanceModel:
    """Logistic regression on confidence features: no weight is negative, more never hurts."""

    intercept: float
    weights: dict[str, float] = field(default_factory=dict)  # feature -> weight of its value
    typical: dict[str, float] = field(default_factory=dict)  # -> value in right answers, median
    frames: int = 0  # right answers of this map that it was fitted on; 0: of other maps only


@dataclass(frozen=True)
class UncertaintyModel:
    """What a map knows of its own errors."""

    acceptance: AcceptanceModel
    rgb: CovarianceModel = CovarianceModel()
    rgbd: CovarianceModel | None = None  # with depth at the query
    images: ImageStatistics = ImageStatistics()
    ray_deviation: float = 0.0  # of points along their rays, of their distance; 0: measured
    camera: CameraNoise = CameraNoise()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, the features by the names that map files have for them."""
        values = asdict(self)
        for part in ('weights', 'typical'):
            values['acceptance'][part] = _renamed(values['acceptance'][part], _STORED_NAMES)
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> UncertaintyModel:
        """Return the model of plain values; TypeError or KeyError where one is missing."""
        rgbd, acceptance = values['rgbd'], dict(values['acceptance'])
        for part in ('weights', 'typical'):
            acceptance[part] = _renamed(acceptance[part], _NAMES_STORED)
        return cls(AcceptanceModel(**acceptance), CovarianceModel(**values['rgb']),
                   None if rgbd is None else CovarianceModel(**rgbd),
                   ImageStatistics(**values['images']), values.get('ray_deviation', 0.0),
                   CameraNoise(**values.get('camera', {})))


def _renamed(features: dict[str, float], names: dict[str, str]) -> dict[str, float]:
    return {names.get(name, name): value for name, value in features.items()}
