# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Samples that are interpolated: how far apart they are, and what was wrong between them."""

import pytest

from scene_reloc_ros.geometry.sample_times import SampleTimes


@pytest.fixture
def times():
    """Return samples at 10, 20 and 50, of which all of 100 are remembered; one at 30 is bad."""
    times = SampleTimes(100)
    for stamp in (10, 50, 20):  # in whatever order they arrive
        times.insert(stamp)
    times.refuse(30, 'lost')
    return times


@pytest.mark.parametrize('stamp, gap', [(5, 0), (10, 0), (15, 10), (20, 0), (21, 30), (49, 30),
                                        (50, 0), (60, 0)])
def test_a_gap_is_between_the_samples_around_a_stamp(times, stamp, gap):
    assert times.gap_ns(stamp) == gap


@pytest.mark.parametrize('stamp, reason', [(15, None), (20, None), (21, 'lost'), (30, 'lost'),
                                           (49, 'lost'), (50, None), (55, None)])
def test_what_was_wrong_between_two_samples_holds_for_all_stamps_there(times, stamp, reason):
    assert times.reason(stamp) == reason


def test_what_was_wrong_after_the_last_sample_holds_until_another_comes(times):
    times.refuse(60, 'null')
    assert times.reason(55) == times.reason(70) == 'null'
    times.insert(80)
    assert times.reason(70) == 'null' and times.reason(85) is None


def test_nothing_is_remembered_for_ever(times):
    times.insert(160)
    assert times.gap_ns(30) == 0 and times.reason(30) is None
    for stamp in range(1000):
        times.refuse(stamp, 'lost')
    assert len(times._bad) <= 101


def test_without_any_sample_only_the_bad_ones_speak():
    times = SampleTimes(100)
    assert times.gap_ns(5) == 0 and times.reason(5) is None
    times.refuse(3, 'lost')
    assert times.reason(5) == 'lost'
