# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""State and reason in words: of an accepted pose its figures, of a refusal its sentence."""

import numpy as np
import pytest

from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.view.caption import caption_of
from scene_reloc_ros.uncertainty.rejection import Rejection

NONE = np.zeros((0, 2)), np.zeros((0, 3))


def outcome(rejection=None, covariance=None, admitted=True):
    found = Localisation(None if rejection else np.eye(4), covariance, rejection, 'd', 70, 90,
                         *NONE, 1.0, 0.9, 'reference', 'cpu')
    return Outcome(5, rejection, 'the sentence', 'camera', None, None, found, np.eye(4),
                   admitted=admitted)


def status(state='localised', sentence='the sentence'):
    return {'state': state, 'reason': 'code', 'sentence': sentence}


def test_an_accepted_pose_is_told_by_its_figures():
    covariance = np.diag([4e-4, 0.0, 0.0, 0.0, 0.0, np.radians(0.5) ** 2])
    caption = caption_of(status(), outcome(covariance=covariance))
    assert caption.reason == '70 of 90 points agree, +- 2.0 cm, 0.50 degrees'
    assert caption_of(status(), outcome()).reason == '70 of 90 points agree'


@pytest.mark.parametrize('rejection', Rejection)
def test_a_refused_image_is_told_by_the_sentence_of_its_reason(rejection):
    caption = caption_of(status('lost'), outcome(rejection))
    assert caption.state == 'lost' and caption.reason.isascii()
    assert caption.reason == rejection.sentence  # none is so long that it is cut
    assert max(map(len, caption.lines(30))) <= 30


def test_what_is_about_no_image_is_told_by_its_sentence_which_is_cut_where_it_is_long():
    caption = caption_of(status('no_map', 'a → b; ' + 40 * 'word '), None)
    assert caption.state == 'no map' and caption.reason.startswith('a ? b; word')
    assert caption.reason.endswith(' ...') and len(caption.reason) <= 120


def test_every_state_has_a_colour_of_its_kind_and_an_unknown_one_is_grey():
    colours = {state: caption_of(status(state), None).colour for state in (
        'localised', 'searching', 'lost', 'no_map', 'degraded', 'relocalising', 'unheard of')}
    red, green, blue = colours['localised']
    assert green > red + 50 and green > blue + 50
    for bad in ('lost', 'no_map'):
        assert colours[bad][0] > max(colours[bad][1:]) + 50
    assert len(set(colours['unheard of'])) == 1 and len(set(colours.values())) == 5
