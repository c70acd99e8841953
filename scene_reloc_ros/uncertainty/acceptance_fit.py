# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fits the logistic regression that tells right answers from wrong ones."""

import numpy as np
import torch

from scene_reloc_ros.uncertainty.model import AcceptanceModel

_OWN_DEVIATIONS = 1.5, 0.25  # of a map's intercept and log weights from those of all maps
_GENERAL_DEVIATIONS = 12.0, 0.5  # of those of all maps from a guess


def fit_acceptance(right, wrong, prior, own=True):
    """Return the AcceptanceModel of evidence, close to that of other maps where it says little.

    Maximum a posteriori: weights stay positive, for their logarithms are fitted.

    Args:
        right: evidence of right answers, list of {name: value}.
        wrong: evidence of wrong ones; both sorts count as much, whatever their number.
        prior: AcceptanceModel of other maps.
        own: whether the answers are those of one map; else of many, and the prior is a guess.
    """
    if not right or not wrong:
        return prior
    names = list(prior.weights)
    values, labels, worth = _table(right, wrong, names)
    mean = torch.tensor([prior.intercept, *np.log([prior.weights[n] for n in names])]).double()
    intercept, weight = _OWN_DEVIATIONS if own else _GENERAL_DEVIATIONS
    deviation = torch.tensor([intercept] + [weight] * len(names)).double()
    fitted = mean.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([fitted], max_iter=300, line_search_fn='strong_wolfe')

    def loss():
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


def _table(right, wrong, names):
    """Return values (n, k), labels (n,) and how much each answer counts (n,)."""
    values = torch.tensor([[e[name] for name in names] for e in (*right, *wrong)]).double()
    labels = torch.cat((torch.ones(len(right)), torch.zeros(len(wrong)))).double()
    even = (len(right) + len(wrong)) / 2
    worth = torch.where(labels > 0, even / len(right), even / len(wrong))
    return values, labels, worth
