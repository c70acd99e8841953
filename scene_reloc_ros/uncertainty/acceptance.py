# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Accept or reject: how probable it is that a pose is right, and what speaks against it."""

from dataclasses import dataclass
import math

from scene_reloc_ros.uncertainty.model import AcceptanceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.rejection import Rejection

_DARK = 0.12  # mean grey value in [0, 1] of a picture that shows nothing
_FLAT = 0.03  # standard deviation of grey values in [0, 1] of one
_SATURATED = 0.5  # share of white pixels of a picture that is too bright
_BLURRED = 0.5  # sharpness, as a share of that of the mapping frames

# Which sentence a lack of evidence deserves.
_REASONS = {
    'inliers': Rejection.TOO_FEW_INLIERS, 'residual': Rejection.TOO_FEW_INLIERS,
    'spread': Rejection.CONCENTRATED,
    'depth_spread': Rejection.CONCENTRATED, 'uniqueness': Rejection.AMBIGUOUS,
    'certainty': Rejection.UNCERTAIN, 'nearness': Rejection.OUTSIDE_MAP,
    'depth_agreement': Rejection.DISAGREES_WITH_DEPTH, 'sharpness': Rejection.TOO_BLURRED,
    'exposure': Rejection.TOO_DARK}


@dataclass(frozen=True)
class AcceptanceOptions:
    """What a pose has to be, and how surely, to be believed."""

    within_m: float = 0.10  # bound on its position's error, metres
    within_deg: float = 5.0  # bound on its rotation's error, degrees
    probability: float = 0.8  # least, that it is within both bounds
    map_margin_m: float = 3.0  # farthest from any mapping camera, metres

    def __post_init__(self):
        """Refuse bounds that mean nothing."""
        if not (self.within_m > 0 and self.within_deg > 0 and self.map_margin_m > 0):
            raise ValueError(f'acceptance within {self.within_m} m and {self.within_deg} degrees, '
                             f'margin {self.map_margin_m} m; expected positive bounds')
        if not 0 < self.probability < 1:
            raise ValueError(f'acceptance probability is {self.probability}; expected a number '
                             'between 0 and 1')


def probability_right(evidence, model):
    """Return the probability that a pose is no gross error: logistic regression.

    Args:
        evidence: {name: value} of ``gather``.
        model: AcceptanceModel.
    """
    logit = model.intercept + sum(weight * evidence[name]
                                  for name, weight in model.weights.items())
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def explain(evidence, model):
    """Return the Rejection that tells best why a pose is not believed.

    It is that of the evidence that lacks most of what right answers have, counted by its weight.

    Args:
        evidence: {name: value}.
        model: AcceptanceModel.
    """
    lacking = {name: weight * (evidence[name] - model.typical.get(name, 0.0))
               for name, weight in model.weights.items()}
    return _REASONS[min(lacking, key=lacking.get)]


def poor_picture(quality, images):
    """Return the Rejection of a picture that shows too little, or None.

    Args:
        quality: ImageQuality.
        images: ImageStatistics of the map.
    """
    if quality.saturated > _SATURATED:
        return Rejection.TOO_BRIGHT
    if quality.brightness < _DARK or quality.contrast < _FLAT:
        return Rejection.TOO_DARK
    if quality.sharpness < _BLURRED * images.sharpness:
        return Rejection.TOO_BLURRED
    return None


# Fitted on several places with scripts/fit_acceptance.py; a map's own frames move it a little.
GENERAL_MODEL = AcceptanceModel(
    15.6,
    weights={'inliers': 2.72, 'residual': 0.39, 'spread': 3.64, 'depth_spread': 0.32,
             'uniqueness': 1.10, 'certainty': 0.88, 'nearness': 1.13, 'depth_agreement': 0.34,
             'sharpness': 0.40, 'exposure': 0.33},
    typical={'inliers': -0.90, 'residual': -1.39, 'spread': -1.41, 'depth_spread': -1.62,
             'uniqueness': 0.0, 'certainty': 3.72, 'nearness': -0.37, 'depth_agreement': -0.07,
             'sharpness': -0.01, 'exposure': -0.07})
UNCALIBRATED = UncertaintyModel(GENERAL_MODEL)  # of a map that could spare no frames
