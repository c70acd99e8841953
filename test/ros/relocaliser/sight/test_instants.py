# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which images are of one instant: all that are, none that are not, and nobody is waited for."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from scene_reloc_ros.ros.relocaliser.sight.instants import Instants

NAMES = ('front', 'left', 'right')
MS = 1_000_000
PERIOD_MS = 100


def taken(instants, *images):
    """Return the instants that images (name, stamp in ms, arrival in s) complete, as sets."""
    return [set(instant) for name, stamp_ms, now_s in images
            for instant in instants.take(name, stamp_ms * MS, now_s, (name, stamp_ms))]


def test_cameras_that_are_awake_are_waited_for_and_others_are_not():
    instants = Instants(NAMES, 0.02)
    assert taken(instants, ('front', 0, 0.0), ('left', 100, 0.1)) == [{'front'}]
    assert taken(instants, ('front', 105, 0.11)) == [{'front', 'left'}]
    assert taken(instants, ('right', 200, 0.2), ('left', 200, 0.2)) == []
    assert taken(instants, ('front', 200, 0.21)) == [set(NAMES)]


def test_a_camera_that_always_comes_second_is_waited_for():
    """The first time it is not known to be there."""
    instants = Instants(NAMES[:2], 0.02)
    images = [(name, stamp, stamp / 1000) for stamp in range(0, 500, 100)
              for name in ('front', 'left')]
    assert taken(instants, *images) == [{'front'}, *[{'front', 'left'}] * 4]


def test_a_camera_that_falls_silent_delays_the_others_for_a_second_only():
    instants = Instants(NAMES[:2], 0.02)
    taken(instants, ('left', 0, 0.0), ('front', 0, 0.0))
    alone = [taken(instants, ('front', stamp, stamp / 1000)) for stamp in range(100, 1500, 100)]
    assert alone[0] == []  # left may still come
    assert all(one == [{'front'}] for one in alone[1:9])  # when the next one begins
    assert alone[11:] == [[{'front'}]] * 3  # at once
    assert sum(len(one) for one in alone) == 14


def test_a_newer_image_of_the_same_camera_ends_the_instant():
    instants = Instants(NAMES[:2], 0.05)
    taken(instants, ('front', 0, 0.0), ('left', 0, 0.0))
    assert taken(instants, ('front', 100, 0.1), ('front', 130, 0.13)) == [{'front'}]


@pytest.mark.parametrize(('stamps', 'together'), [
    ((0, 20), True), ((20, 0), True), ((0, 21), False), ((21, 0), False)])
def test_the_slop_is_the_largest_difference_either_way(stamps, together):
    instants = Instants(NAMES[:2], 0.02)
    taken(instants, ('front', -100, -0.1), ('left', -100, -0.1))
    found = taken(instants, ('front', stamps[0], 0.0), ('left', stamps[1], 0.0))
    assert ({'front', 'left'} in found) == together


def test_the_slop_holds_between_all_images_of_an_instant():
    """One 15 ms before the first and one 15 ms after it are 30 ms apart."""
    instants = Instants(NAMES, 0.02)
    taken(instants, *((name, -100, -0.1) for name in NAMES))
    found = taken(instants, ('front', 15, 0.0), ('left', 0, 0.0), ('right', 30, 0.0))
    assert found == [{'front', 'left'}]


def test_what_comes_after_its_instant_is_dropped_and_known_to_be_late():
    instants = Instants(NAMES[:2], 0.02)
    taken(instants, ('front', 0, 0.0), ('left', 0, 0.0), ('front', 100, 0.1), ('front', 200, 0.2))
    assert taken(instants, ('left', 100, 0.21)) == []
    assert instants.late_s['left'] == pytest.approx(0.08) and instants.late_s['front'] == 0
    assert taken(instants, ('left', 200, 0.22)) == [{'front', 'left'}]
    assert instants.late_s['left'] == 0


def test_a_camera_of_another_clock_is_joined_with_nobody_and_stops_nobody():
    instants = Instants(NAMES[:2], 0.02)
    images = [image for stamp in range(0, 1000, 100)
              for image in (('front', stamp, stamp / 1000), ('left', stamp + 5000, stamp / 1000))]
    found = taken(instants, *images)
    assert {'front', 'left'} not in found
    assert found.count({'front'}) >= 9 and found.count({'left'}) >= 9


def test_time_that_went_back_is_taken_after_a_reset():
    instants = Instants(NAMES[:1], 0.02)
    assert taken(instants, ('front', 500, 0.0)) == [{'front'}]
    assert taken(instants, ('front', 100, 0.1)) == []
    instants.reset()
    assert taken(instants, ('front', 100, 0.2)) == [{'front'}]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.permutations(NAMES), st.sets(st.sampled_from(NAMES), max_size=2),
                          st.lists(st.integers(0, 9), min_size=3, max_size=3)),
                min_size=2, max_size=12))
def test_any_order_of_arrival_within_an_instant_gives_the_same_instants(moments):
    """Whoever is missing, and in whatever order the others come: stamps decide."""
    instants, found = Instants(NAMES, 0.01), []
    for name in NAMES * 2:  # all are awake
        instants.take(name, -PERIOD_MS * MS, 0.0, (name, -2))
    for number, (order, missing, jitter) in enumerate(moments):
        for name in order:
            if name not in missing:
                stamp_ms = PERIOD_MS * number + jitter[NAMES.index(name)]
                found += instants.take(name, stamp_ms * MS, 0.1 * number, (name, number))
    found += instants.take('front', 10 ** 6 * MS, 1e3, ('front', -1))  # ends the last one
    kept = [instant for instant in found if -1 not in {number for _, number in instant.values()}]
    assert all(len({number for _, number in instant.values()}) == 1 for instant in kept)
    for number, (_, missing, _) in enumerate(moments):
        names = set(NAMES) - missing
        shown = set().union(*(set(instant) for instant in kept
                              if number in {one for _, one in instant.values()}), set())
        assert shown == names
