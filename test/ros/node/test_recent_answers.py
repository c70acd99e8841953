# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The answers of the last minute, counted by reason, and the percentiles of their latencies."""

import time

import numpy as np
import pytest

from scene_reloc_ros.ros.node.recent_answers import RecentAnswers


@pytest.fixture
def clock(monkeypatch):
    """Return a list with the present time in seconds, for a test to move."""
    now = [1000.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now[0])
    return now


def test_without_an_answer_there_are_no_percentiles(clock):
    assert RecentAnswers().fields() == {'minute_images': 0, 'minute_reasons': {},
                                        'latency_ms_p50': None, 'latency_ms_p95': None}


def test_percentiles_are_those_of_the_queries_and_what_had_none_is_counted_only(clock):
    answers, latencies = RecentAnswers(), np.random.default_rng(3).uniform(20, 90, 101)
    for latency in latencies:
        answers.take('accepted', float(latency))
    answers.take('bad_image')
    found = answers.fields()
    ranked = np.sort(latencies)  # of 101 values these two are values themselves
    assert found['latency_ms_p50'] == pytest.approx(ranked[50], abs=0.005)
    assert found['latency_ms_p95'] == pytest.approx(ranked[95], abs=0.005)
    assert found['minute_reasons'] == {'accepted': 101, 'bad_image': 1}


def test_what_is_older_than_a_minute_is_forgotten(clock):
    answers = RecentAnswers()
    answers.take('too_dark', 500.0)
    clock[0] += 40
    answers.take('accepted', 30.0)
    assert answers.fields()['minute_images'] == 2
    clock[0] += 30
    assert answers.fields() == {'minute_images': 1, 'minute_reasons': {'accepted': 1},
                                'latency_ms_p50': 30.0, 'latency_ms_p95': 30.0}
    clock[0] += 60
    assert answers.fields()['minute_images'] == 0


def test_a_camera_without_end_does_not_fill_the_memory(clock):
    answers = RecentAnswers()
    for _ in range(20_000):
        answers.take('accepted', 1.0)
    assert answers.fields()['minute_images'] == 12_000
