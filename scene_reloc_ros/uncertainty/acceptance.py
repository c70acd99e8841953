# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Acceptance model: the probability that a pose is right, the reason if not, and its fit."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
import torch

from scene_reloc_ros.uncertainty.model import AcceptanceModel, UncertaintyModel
from scene_reloc_ros.uncertainty.rejection import Rejection

_OWN_DEVIATIONS = 1.5, 0.25  # of a map's intercept and log weights from those of all maps
_GENERAL_DEVIATIONS = 12.0, 0.5  # of those of all maps from a guess
# Which sentence a lack of a feature deserves.
_REASONS = {
    'matches': Rejection.TOO_FEW_INLIERS, 'similarity': Rejection.NO_SIMILAR_VIEW,
    'inliers': Rejection.TOO_FEW_INLIERS, 'residual': Rejection.TOO_FEW_INLIERS,
    'spread': Rejection.CONCENTRATED,
    'depth_spread': Rejection.CONCENTRATED, 'second_best_margin': Rejection.AMBIGUOUS,
    'position_precision': Rejection.UNCERTAIN, 'view_familiarity': Rejection.OUTSIDE_MAP,
    'depth_agreement': Rejection.DISAGREES_WITH_DEPTH, 'sharpness': Rejection.TOO_BLURRED,
    'exposure': Rejection.TOO_DARK}


@dataclass(frozen=True)
class AcceptanceOptions:
    """What a pose has to be, and how surely, to be believed."""

    within_m: float = 0.10  # bound on its position's error, metres
    within_deg: float = 5.0  # bound on its rotation's error, degrees
    probability: float = 0.8  # least, that it is within both bounds
    map_margin_m: float = 3.0  # farthest from any mapping camera, metres

    def __post_init__(self) -> None:
        """Refuse bounds that mean nothing."""
        if not (self.within_m > 0 and self.within_deg > 0 and self.map_margin_m > 0):
            raise ValueError(f'acceptance within {self.within_m} m and {self.within_deg} degrees, '
                             f'margin {self.map_margin_m} m; expected positive bounds')
        if not 0 < self.probability < 1:
            raise ValueError(f'acceptance probability is {self.probability}; expected a number '
                             'between 0 and 1')


def probability_right(features: dict[str, float], model: AcceptanceModel) -> float:
    """Return the probability that a pose is no gross error: logistic regression.

    Args:
        features: {name: value} of ``confidence_features``.
        model: its weights.
    """
    return probability_of(log_odds_right(features, model))


def log_odds_right(features: dict[str, float], model: AcceptanceModel) -> float:
    """Return the logarithm of the odds that a pose is no gross error, see probability_right."""
    return model.intercept + sum(weight * features[name]
                                 for name, weight in model.weights.items())


def probability_of(log_odds: float) -> float:
    """Return the probability that the logarithm of some odds means."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))


def explain(features: dict[str, float], model: AcceptanceModel) -> Rejection:
    """Return the Rejection that tells best why a pose is not believed.

    It is that of the feature that lacks most of what right answers have, counted by its weight.
    """
    lacking = {name: weight * (features[name] - model.typical.get(name, 0.0))
               for name, weight in model.weights.items()}
    return _REASONS[min(lacking, key=lambda name: lacking[name])]


def fit_acceptance(right: list[dict[str, float]], wrong: list[dict[str, float]],
                   prior: AcceptanceModel, own: bool = True) -> AcceptanceModel:
    """Return the AcceptanceModel of features, close to that of other maps where it says little.

    Maximum a posteriori: weights stay positive, for their logarithms are fitted.

    Args:
        right: features {name: value} of right answers.
        wrong: features of wrong ones; both sorts count as much, whatever their number.
        prior: AcceptanceModel of other maps.
        own: whether the answers are those of one map; else of many, and the prior is a guess.
    """
    if not right or not wrong:
        return prior
    names = list(prior.weights)
    values, labels, worth = _table(right, wrong, names)
    mean = torch.tensor([prior.intercept, *np.log([prior.weights[n] for n in names])]).double()
    of_intercept, of_weight = _OWN_DEVIATIONS if own else _GENERAL_DEVIATIONS
    deviation = torch.tensor([of_intercept] + [of_weight] * len(names)).double()
    fitted = mean.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([fitted], max_iter=300, line_search_fn='strong_wolfe')

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = fitted[0] + values @ fitted[1:].exp()
        surprise = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, labels, worth, reduction='sum')
        total = surprise + (((fitted - mean) / deviation) ** 2).sum() / 2
        total.backward()
        return total
    with torch.enable_grad():
        optimiser.step(loss)
    intercept, *weights = fitted.detach()
    typical = {name: float(np.median([e[name] for e in right])) for name in names}
    return AcceptanceModel(float(intercept), {name: float(weight.exp()) for name, weight in
                                              zip(names, weights)}, typical,
                           len(right) if own else 0)


def _table(right: list[dict[str, float]], wrong: list[dict[str, float]], names: list[str],
           ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return values (n, k), labels (n,) and how much each answer counts (n,)."""
    values = torch.tensor([[e[name] for name in names] for e in (*right, *wrong)]).double()
    labels = torch.cat((torch.ones(len(right)), torch.zeros(len(wrong)))).double()
    even = (len(right) + len(wrong)) / 2
    worth = torch.where(labels > 0, even / len(right), even / len(wrong))
    return values, labels, worth


# Fitted on several places (docs/uncertainty.md) with scripts/fit_acceptance.py; a map's own
# frames move it a little.
GENERAL_MODEL = AcceptanceModel(
    15.6,
    weights={'inliers': 2.72, 'residual': 0.39, 'spread': 3.64, 'depth_spread': 0.32,
             'second_best_margin': 1.10, 'position_precision': 0.88, 'view_familiarity': 1.13,
             'depth_agreement': 0.34, 'sharpness': 0.40, 'exposure': 0.33},
    typical={'inliers': -0.90, 'residual': -1.39, 'spread': -1.41, 'depth_spread': -1.62,
             'second_best_margin': 0.0, 'position_precision': 3.72, 'view_familiarity': -0.37,
             'depth_agreement': -0.07, 'sharpness': -0.01, 'exposure': -0.07})
GENERAL_MODELS = {  # of all maps of a family of methods
    'cells': GENERAL_MODEL,
    'matches': AcceptanceModel(
        18.5,
        weights={'matches': 0.46, 'inliers': 3.75, 'residual': 0.16, 'spread': 2.26,
                 'depth_spread': 2.46, 'second_best_margin': 2.01, 'position_precision': 0.24,
                 'view_familiarity': 1.52, 'depth_agreement': 0.30, 'sharpness': 0.23,
                 'exposure': 0.27},
        typical={'matches': 1.00, 'inliers': -0.78, 'residual': -0.57, 'spread': -1.56,
                 'depth_spread': -1.28, 'second_best_margin': 0.0, 'position_precision': 3.88,
                 'view_familiarity': -0.56, 'depth_agreement': 0.0, 'sharpness': -0.12,
                 'exposure': -0.08}),
    'regressed': AcceptanceModel(
        -2.0,
        weights={'similarity': 6.0, 'sharpness': 0.40, 'exposure': 0.33},
        typical={'similarity': 0.6, 'sharpness': -0.01, 'exposure': -0.07}),
}


def uncalibrated(family: str) -> UncertaintyModel:
    """Return the UncertaintyModel of a map that could spare no frames, by its family."""
    return UncertaintyModel(GENERAL_MODELS[family])
