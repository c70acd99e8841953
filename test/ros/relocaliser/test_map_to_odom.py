# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The transform map to odom, while several threads set, forget and send it."""

import threading

import numpy as np
import pytest

from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.ros.relocaliser import map_to_odom
from scene_reloc_ros.ros.relocaliser.map_to_odom import MapToOdom

OLD, NEW = (pose_of_rpy((x, 0.5, 0.0), (0.0, 0.0, x)) for x in (1.0, 2.0))
NO_LIMIT = (np.inf, np.inf)
PATIENCE_S = 0.3  # how long the other thread is given to get in between


@pytest.fixture
def correction():
    """Return one that has been sent once."""
    held = MapToOdom()
    held.set(OLD, 'odom', np.eye(4), at_once=False)
    assert np.allclose(sent_by(held, 0.0)[0], OLD)
    return held


def sent_by(held, now_s, limits=NO_LIMIT):
    """Return what one step sends: [] or [map_from_odom]."""
    sent = []
    held.step(now_s, *limits, lambda pose, frame: sent.append(pose))
    return sent


def plant(monkeypatch, action):
    """Let another thread call ``action`` between reading and writing back in the next step."""
    limited = map_to_odom.slew_limited
    other = threading.Thread(target=action)

    def interleaved(*arguments):
        monkeypatch.setattr(map_to_odom, 'slew_limited', limited)
        other.start()
        other.join(PATIENCE_S)  # with a lock it gets in after the step only
        return limited(*arguments)
    monkeypatch.setattr(map_to_odom, 'slew_limited', interleaved)
    return other


def test_what_is_forgotten_during_a_step_is_not_sent_again(correction, monkeypatch):
    other = plant(monkeypatch, correction.forget)
    sent_by(correction, 1.0)
    other.join()
    assert sent_by(correction, 2.0) == []


def test_what_is_set_during_a_step_is_not_lost(correction, monkeypatch):
    other = plant(monkeypatch, lambda: correction.set(NEW, 'odom', np.eye(4), at_once=True))
    sent_by(correction, 1.0)
    other.join()
    assert np.allclose(sent_by(correction, 2.0), [NEW])


def test_nothing_is_sent_after_forget_has_returned(correction):
    sending, events = threading.Event(), []

    def slow_send(pose, frame):
        sending.set()
        threading.Event().wait(PATIENCE_S)
        events.append('sent')

    def forget():
        correction.forget()
        events.append('forgotten')
    step = threading.Thread(target=correction.step, args=(1.0, *NO_LIMIT, slow_send))
    step.start()
    assert sending.wait(5.0)
    other = threading.Thread(target=forget)
    other.start()
    step.join()
    other.join()
    assert events == ['sent', 'forgotten']


def test_the_slew_limit_counts_the_time_between_steps(correction):
    correction.set(OLD @ pose_of_rpy((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)), 'odom', np.eye(4),
                   at_once=False)
    for now_s in (1.0, 2.0):
        moved, = sent_by(correction, now_s, (0.25, np.inf))
        assert np.linalg.norm(moved[:3, 3] - OLD[:3, 3]) == pytest.approx(0.25 * now_s)


def test_a_step_without_a_target_sends_nothing():
    assert MapToOdom().step(0.0, *NO_LIMIT, lambda *_: 'sent') is None


@pytest.mark.parametrize('limits', [NO_LIMIT, (0.25, np.inf)])
def test_two_steps_at_the_same_moment_are_two_steps(correction, limits):
    for _ in range(2):
        moved, = sent_by(correction, 1.0, limits)
        assert np.isfinite(moved).all()
