# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How the time of a mapping is shared out, and what is said where it does not suffice."""

from dataclasses import replace
import time

import numpy as np
import pytest
from support.worlds.wall import wall_frames

from scene_reloc_ros.mapping.progress import Deadline, MappingProgress, TooLittleTime
from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.pipeline.time_plan import (
    cut_short,
    overrun,
    reserve_s,
    thinned,
    too_few_minutes,
)

FRAMES = wall_frames(70)


def test_the_reserve_for_the_check_is_a_share_of_short_times_and_what_it_takes_of_long_ones():
    assert reserve_s(60.0, 117, False) == pytest.approx(18.0)
    assert reserve_s(3600.0, 117, False) == reserve_s(7200.0, 117, False) < 200
    assert reserve_s(3600.0, 117, True) > reserve_s(3600.0, 117, False)
    assert reserve_s(float('inf'), 10, False) < 60


def test_blocks_are_thinned_evenly_and_keep_their_ends():
    blocks = [np.arange(0, 23), np.arange(100, 123)]
    assert [list(block) for block in thinned(blocks, 1.0, 0)] == [list(b) for b in blocks]
    for block, whole in zip(thinned(blocks, 0.2, 0), blocks):
        assert len(block) == 5 and block[0] == whole[0] and block[-1] == whole[-1]
        assert np.ptp(np.diff(block)) <= 1 and set(block) <= set(whole)
    assert sum(map(len, thinned(blocks, 0.01, 12))) == 12
    assert [len(block) for block in thinned([np.zeros(0, int)], 0.5, 0)] == [0]


def test_a_bound_that_could_not_be_kept_is_told():
    def took(seconds):
        began_s = time.monotonic() - seconds
        return overrun(MappingProgress(deadline=Deadline(60.0, began_s)))
    assert took(50) == '' == took(65)
    assert took(90).startswith('it took 1.5 minutes instead of 1:')


def test_what_the_clock_cut_short_is_that_of_the_parts_that_a_map_has():
    assert cut_short({}) == '' and cut_short({'cut_short': '3 of 9 frames'}) == '3 of 9 frames'
    parts = {'cells': {'cut_short': ''}, 'ace': {'cut_short': '340 of 3000 training steps'}}
    assert cut_short({'parts': parts}) == 'ace: 340 of 3000 training steps'
    assert cut_short({'parts': {'cells': {}}, 'cut_short': ''}) == ''


def test_a_refusal_names_the_minutes_that_may_do():
    short = TooLittleTime('the time allows 3 of 1500 training steps', missing_s=60.0)
    sentence = too_few_minutes(0.1, short)
    assert sentence.startswith('0.1 minutes are too few here: the time allows 3 of 1500')
    assert 'allow at least 2.1 minutes' in sentence and 'preset fast' in sentence


@pytest.mark.parametrize('method', ['cells', 'sift', 'auto', 'ace'])
def test_a_bound_that_is_over_before_anything_is_done_is_refused_at_once(method):
    options = replace(method_class(method).presets['fast'], minutes=0.1)
    began_s = time.monotonic()
    with pytest.raises(ValueError, match='0.1 minutes are too few here: .* were over before'):
        Mapper(options, 'cpu').build(FRAMES, began_s=began_s - 6)
    assert time.monotonic() - began_s < 5


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize('method', ['cells', 'sift', 'auto', 'retrieval'])
def test_a_map_is_made_and_checked_within_its_time_or_refused(method):
    options = replace(method_class(method).presets['standard'], minutes=0.12)
    began_s, scene_map = time.monotonic(), None
    try:
        scene_map = Mapper(options, 'cpu').build(FRAMES)
    except ValueError as error:
        assert 'minutes are too few here' in str(error)
    late = time.monotonic() - began_s > 1.2 * 60 * 0.12
    if scene_map is not None:  # a machine on which that is impossible says so
        assert scene_map.metadata['check']['frames'] >= 5
        assert not late or 'instead of 0.12' in scene_map.metadata['overrun']
    assert time.monotonic() - began_s < 30
