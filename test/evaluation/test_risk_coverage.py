# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""False accepts, refused good answers, and the curve between them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from scene_reloc_ros.evaluation.risk_coverage import (
    by_name,
    Group,
    reliability_diagram,
    risk_coverage_curve,
    trust_figures,
)


def test_false_accepts_and_refused_good_answers_are_counted(report):
    figures = trust_figures([Group('clean', report.frames)])
    assert (figures['queries'], figures['false_accepts']) == (5, 1)  # 30 cm off and accepted
    assert figures['false_accept_rate'] == pytest.approx(0.2)
    # the first three and the refused one are within 10 cm
    assert figures['acceptance_of_good'] == pytest.approx(0.75)
    assert figures['kinds']['clean']['reasons'] == {'too_few_inliers': 1}


def test_a_picture_of_another_place_that_is_accepted_is_a_false_accept(report):
    stranger = replace(report.frames[0], name='otherroom-3', truth=None,
                       translation_m=np.inf, rotation_deg=np.inf)
    assert stranger.gross and stranger.accepted and not stranger.good
    figures = trust_figures(by_name([stranger]))
    assert list(figures['kinds']) == ['otherroom']
    assert figures['false_accept_rate'] == 1.0 and figures['acceptance_of_good'] is None


def test_reliability_and_curve_follow_the_probabilities():
    judged = [SimpleNamespace(localisation=SimpleNamespace(probability=p), good=good,
                              gross=not good)
              for p, good in ((0.05, False), (0.05, True), (0.95, True), (0.95, True))]
    low, high = reliability_diagram(judged)
    assert (low['queries'], low['good'], high['good']) == (2, 0.5, 1.0)
    curve = {point['probability']: point for point in risk_coverage_curve(judged)}
    assert curve[0.01]['false_accept_rate'] == 0.25
    assert curve[0.5]['false_accept_rate'] == 0 and curve[0.5]['acceptance_of_good'] == 2 / 3
