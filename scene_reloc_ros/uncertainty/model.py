# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a map knows of its own errors: tables that are fitted on held-out frames and stored."""

from dataclasses import asdict, dataclass, field
from typing import Optional


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
    growth: float = 0.2  # of standard deviations, per unit of view distance from the mapping
    frames: int = 0  # held-out frames that it was fitted on; 0: not fitted, but rather too large


@dataclass(frozen=True)
class ImageStatistics:
    """What images of the mapped place look like, so that a poor one can be told."""

    sharpness: float = 0.25  # median, share of contrast that is fine detail
    contrast: float = 0.2  # median, standard deviation of grey values in [0, 1]


@dataclass(frozen=True)
class AcceptanceModel:
    """Logistic regression on evidence: no weight is negative, so more evidence never hurts."""

    intercept: float
    weights: dict = field(default_factory=dict)  # name of the evidence -> weight of its value
    typical: dict = field(default_factory=dict)  # name -> value in right answers, median
    frames: int = 0  # right answers of this map that it was fitted on; 0: of other maps only


@dataclass(frozen=True)
class UncertaintyModel:
    """The calibration table of a map."""

    acceptance: AcceptanceModel
    rgb: CovarianceModel = CovarianceModel()
    rgbd: Optional[CovarianceModel] = None  # with depth at the query
    images: ImageStatistics = ImageStatistics()

    def as_dict(self):
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        """Return the table of plain values; TypeError or KeyError where one is missing."""
        rgbd = values['rgbd']
        return cls(AcceptanceModel(**values['acceptance']), CovarianceModel(**values['rgb']),
                   None if rgbd is None else CovarianceModel(**rgbd),
                   ImageStatistics(**values['images']))
