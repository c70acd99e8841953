# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a map says of itself: good only where its held-out frames were answered well."""

from types import SimpleNamespace

import numpy as np
import pytest

from scene_reloc_ros.pipeline.frame_result import FrameResult
from scene_reloc_ros.pipeline.localisation import LocalisationTrace
from scene_reloc_ros.pipeline.map_report import quality_sentence, validation_summary
from scene_reloc_ros.uncertainty.rejection import Rejection

BLOCKS = [np.arange(0, 5), np.arange(40, 45), np.arange(80, 85), np.arange(120, 125)]


def answer(number, off_m):
    """Return the FrameResult that is off by so much along x; None: refused."""
    truth = np.eye(4)
    truth[:3, 3] = number, 2.0, 0.5
    pose = truth.copy()
    pose[0, 3] += off_m or 0.0
    rejection = None if off_m is not None else Rejection.TOO_BLURRED
    covariance, accepted = np.diag([1e-4] * 6), rejection is None
    trace = LocalisationTrace(SimpleNamespace(
        accepted=accepted, rejection=rejection, map_from_cam=pose if accepted else None,
        covariance=covariance if accepted else None), SimpleNamespace(map_from_cam=pose))
    return FrameResult.of(SimpleNamespace(name=f'frame-{number:03d}', map_from_cam=truth), trace)


def answers(offs):
    """Return the FrameResult for each frame of the blocks."""
    return [answer(int(number), off) for number, off in zip(np.concatenate(BLOCKS), offs)]


def test_a_map_whose_held_out_frames_are_answered_is_good():
    figures = validation_summary(answers([0.01] * 20), BLOCKS)
    assert figures['quality'] == 'good' and figures['advice'] == '' and figures['held_out']
    assert (figures['frames'], figures['blocks'], figures['accepted']) == (20, 4, 20)
    assert figures['nees_mean'] == pytest.approx(1.0)  # one standard deviation
    assert quality_sentence(figures) == (
        'its quality is good: 100% of 20 held-out frames within 10 cm, 5 degrees')


@pytest.mark.parametrize(('wrong', 'quality'), [(5, 'fair'), (10, 'poor')])
def test_a_map_with_wrong_answers_is_not_called_good_and_names_the_place(wrong, quality):
    figures = validation_summary(answers([0.01] * (20 - wrong) + [0.4] * wrong), BLOCKS)
    assert figures['quality'] == quality
    assert 'around (122.0, 2.0, 0.5) m, frames frame-120 to frame-124' in figures['advice']
    assert ('frame-080' in figures['advice']) == (wrong == 10)
    assert 'frame-000' not in figures['advice']
    assert 'record more views' in quality_sentence(figures)


def test_refused_frames_count_against_a_map_with_their_reasons():
    figures = validation_summary(answers([0.01] * 8 + [None] * 12), BLOCKS)
    assert figures['quality'] == 'poor' and figures['accepted'] == 8
    assert figures['rejections'] == {'too_blurred': 12}
    assert figures['recall_10cm_5deg'] == pytest.approx(0.4)


def test_a_map_that_answers_nothing_says_so_without_figures():
    figures = validation_summary(answers([None] * 20), BLOCKS)
    assert figures['quality'] == 'poor' and figures['nees_mean'] is None
    assert figures['median_translation_m'] is None


@pytest.mark.parametrize(('off', 'quality'), [(0.01, 'unknown'), (0.4, 'poor')])
def test_without_held_out_frames_a_map_cannot_be_called_good(off, quality):
    figures = validation_summary(answers([off] * 20), [])
    assert figures['quality'] == quality and not figures['held_out']
    assert 'record 60 or more' in figures['advice']
    assert '20 mapping frames' in quality_sentence(figures)


@pytest.mark.parametrize(('off', 'quality'), [(0.01, 'good'), (0.4, 'poor')])
def test_a_map_that_the_clock_cut_short_asks_for_minutes_and_not_for_views(off, quality):
    done = '340 of 3000 training steps'
    figures = validation_summary(answers([off] * 20), BLOCKS, cut_short=done)
    assert figures['quality'] == quality and figures['cut_short'] == done
    sentence = quality_sentence(figures)
    assert 'the clock ended it after 340 of 3000 training steps' in sentence
    assert 'record more' not in sentence and ('more minutes' in sentence) == (quality == 'poor')
