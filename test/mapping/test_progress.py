# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Progress, cancelling and deadlines of a mapping run."""

import time

import pytest

from scene_reloc_ros.mapping.progress import (
    Deadline,
    fewer_than,
    MappingCancelled,
    MappingProgress,
    Pace,
)


def test_progress_reaches_who_asked_for_it():
    told = []
    MappingProgress(lambda *parts: told.append(parts))('training', 0.5, 'step 3')
    assert told == [('training', 0.5, 'step 3')]
    MappingProgress()('training', 0.5, 'nobody listens')


def test_a_cancelled_stage_is_named_and_reports_no_more():
    told = []
    progress = MappingProgress(lambda *parts: told.append(parts), cancelled=lambda: True)
    with pytest.raises(MappingCancelled, match='cancelled during the stage encoding'):
        progress('encoding', 0.1, '')
    assert told == []


def test_a_deadline_counts_from_its_beginning():
    deadline = Deadline(0.05)
    assert deadline.spent < 1 and deadline.left_s > 0 and not deadline.passed
    time.sleep(0.06)
    assert deadline.passed and deadline.spent == 1 and deadline.left_s == 0


def test_without_a_bound_there_is_always_time():
    deadline = Deadline()
    assert not deadline.passed and deadline.spent == 0 and deadline.left_s > 1e9


def test_no_time_at_all_has_passed_at_once():
    assert Deadline(0.0).passed


def test_a_stage_has_a_deadline_of_its_own_and_the_same_listeners():
    told = []
    whole = MappingProgress(lambda *parts: told.append(parts), deadline=Deadline(100))
    part = whole.within(0.0)
    assert part.deadline.passed and not whole.deadline.passed
    part('matching', 1.0, '')
    assert told == [('matching', 1.0, '')]


def test_a_deadline_can_have_begun_before():
    deadline = Deadline(100.0, began_s=time.monotonic() - 60)
    assert 39 < deadline.left_s < 41 and 0.59 < deadline.spent < 0.61


def test_a_reserve_is_kept_from_the_present_stage_and_not_from_a_stage_of_its_own():
    progress = MappingProgress(deadline=Deadline(100.0), reserve_s=30.0)
    assert 69 < progress.left_s <= 70 and 9 < progress.within(10.0).left_s <= 10
    assert MappingProgress(deadline=Deadline(20.0), reserve_s=30.0).left_s == 0


def taken(count, seconds, cost_s):
    """Return which pieces of work are done where each takes so long."""
    pace, done = Pace(count, Deadline(seconds)), []
    for number in range(count):
        if pace.takes(number):
            done.append(number)
            time.sleep(cost_s)
    assert pace.done == len(done)
    return done


def test_work_that_falls_behind_leaves_pieces_out_evenly():
    assert taken(40, 10.0, 0.0) == list(range(40)) == taken(40, float('inf'), 0.0)
    began_s = time.monotonic()
    done = taken(40, 0.2, 0.02)  # time for ten or so
    assert time.monotonic() - began_s < 0.5 and 3 <= len(done) <= 14
    assert done[0] == 0 and done[-1] >= 30  # to the end, and with no large gap
    assert taken(40, 0.0, 0.0) == [0]


def test_what_was_done_before_the_pieces_is_no_reason_to_leave_any_out():
    half_over = Deadline(100.0, began_s=time.monotonic() - 50)
    pace = Pace(40, half_over)
    assert [number for number in range(40) if pace.takes(number)] == list(range(40))


def test_what_there_was_no_time_for_is_told_in_words():
    assert fewer_than(30, 12, 'frames') == '12 of 30 frames' and fewer_than(3, 3, 'frames') == ''
