# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Progress, cancelling and deadlines of a mapping run."""

import time

import pytest

from scene_reloc_ros.mapping.progress import Deadline, MappingCancelled, MappingProgress


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
