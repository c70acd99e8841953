# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What is printed of a map says what happened, of depth and of the clock."""

import pytest

from scene_reloc_ros.cli.map_figures import _content_text, _depth_figures, _depth_text
from scene_reloc_ros.mapping.depth_correction import DepthCorrection

FOUND = DepthCorrection(0.98, 0.01, agreement=0.9, deviation_m=0.012, weight=0.5)
OTHER = DepthCorrection(0.98, 0.01, agreement=0.3, deviation_m=0.05, weight=0.5)


def text_of(depth, **figures):
    return _depth_text({'depth': depth and _depth_figures(depth), **figures})


def test_an_agreement_that_nobody_measured_is_not_called_perfect():
    figures = _depth_figures(DepthCorrection(weight=0.1))
    assert figures['agreement'] is None and figures['deviation_m'] is None and figures['usable']
    text = text_of(DepthCorrection(weight=0.1))
    assert 'not known' in text and '%' not in text and '0.10 of a pixel' in text


def test_a_measured_agreement_is_told_and_one_that_refuses_queries_says_so():
    assert '90% of the cells agree' in text_of(FOUND) and '0.50 of a pixel' in text_of(FOUND)
    assert '30% of the cells agree' in text_of(OTHER) and 'are refused' in text_of(OTHER)
    assert not _depth_figures(OTHER)['usable']


@pytest.mark.parametrize(('figures', 'why'), [
    ({'depth_frames': 575}, 'that of 575 frames led the mapping'),
    ({'options': {'depth': False}}, 'left out, as it was asked for'),
    ({'options': {'depth': True}, 'depth_frames': 0}, 'the frames have none')])
def test_a_map_that_cannot_use_depth_says_why(figures, why):
    text = text_of(None, **figures)
    assert text.startswith(why) and text.endswith('queries with depth are refused')


def test_a_training_that_the_clock_ended_says_how_far_it_came():
    training = {'steps': 340, 'whole': 3000, 'loss_px': 9.0, 'valid': 0.8}
    assert '340 of 3000 steps, cut short by the clock' in _content_text({'training': training})
    assert 'cut short' not in _content_text({'training': {**training, 'steps': 3000}})
    del training['whole']  # of a map from before
    assert 'a head, 340 steps' in _content_text({'training': training})
