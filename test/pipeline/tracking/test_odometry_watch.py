# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Odometry that loses track, message by message."""

import math

import numpy as np
import pytest

from scene_reloc_ros.pipeline.tracking.loss import LossReason
from scene_reloc_ros.pipeline.tracking.odometry_watch import (
    Disagreement,
    OdometryWatch,
    WatchOptions,
)

PERIOD_S = 0.05
HEALTHY = np.diag([1e-3, 1e-3, 1e6, 1e6, 1e6, 3e-2])  # of wheels: z, roll, pitch are unknown


def at(x=0.0, y=0.0, yaw=0.0):
    """Return odom_from_base on the floor."""
    pose = np.eye(4)
    pose[:2, :2] = [[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]]
    pose[:2, 3] = x, y
    return pose


class Stream:
    """Messages of odometry, one every PERIOD_S."""

    def __init__(self, **options):
        self.watch, self.now_s = OdometryWatch(WatchOptions(**options)), 100.0

    def send(self, pose, covariance=HEALTHY, after_s=PERIOD_S):
        """Send one; returns the loss that it tells."""
        self.now_s += after_s
        return self.watch.take(self.now_s, int(self.now_s * 1e9), pose, covariance)

    def drive(self, count=20, covariance=HEALTHY):
        """Go 1 m/s; returns the losses."""
        return [loss for step in range(count)
                if (loss := self.send(at(step * PERIOD_S), covariance))]

    def wait(self, seconds, tick_s=0.1):
        """Let time go by without a message; returns the losses and when they were told."""
        begin, told = self.now_s, []
        while self.now_s < begin + seconds:
            self.now_s += tick_s
            loss = self.watch.silence(self.now_s)
            if loss:
                told.append((self.now_s - begin, loss))
        return told


def covariance(**variances):
    """Return the covariance of wheels with other variances on some axes."""
    matrix = HEALTHY.copy()
    for name, value in variances.items():
        axis = ('x', 'y', 'z', 'roll', 'pitch', 'yaw').index(name)
        matrix[axis, axis] = value
    return matrix


@pytest.mark.parametrize('stated', [
    HEALTHY, np.zeros((6, 6)), np.eye(6) * 1e-3, covariance(z=1e-3, roll=1e-3, pitch=1e-3),
    covariance(z=9999.0), covariance(z=1e-6), HEALTHY.reshape(-1)])
def test_odometry_that_is_well_tells_no_loss(stated):
    stream = Stream()
    assert stream.drive(covariance=stated) == []
    stream.watch.anchor()
    assert stream.drive(1, covariance=stated) == []
    assert stream.watch.declared is None


@pytest.mark.parametrize('pose, stated, reason, words', [
    (None, HEALTHY, 'odometry_impossible', 'no pose'),
    (at(math.nan), HEALTHY, 'odometry_impossible', 'no pose'),
    (at(math.inf), HEALTHY, 'odometry_impossible', 'no pose'),
    (at(), np.eye(6) * 9999.0, 'odometry_uncertain', 'variance 9999'),
    (at(), covariance(x=9999.0, y=9999.0), 'odometry_uncertain', 'lost'),
    (at(), covariance(yaw=1e9), 'odometry_uncertain', 'lost'),
    (at(), covariance(x=math.inf), 'odometry_uncertain', 'lost'),
    (at(), np.full((6, 6), math.nan), 'odometry_uncertain', 'NaN'),
    (at(), covariance(y=math.nan), 'odometry_uncertain', 'NaN'),
    (at(), covariance(y=-1.0), 'odometry_uncertain', 'negative'),
])
def test_a_message_that_says_lost_is_believed_as_long_as_the_newest_says_so(
        pose, stated, reason, words):
    stream = Stream()
    assert stream.drive() == []
    for _ in range(3):
        loss = stream.send(pose, stated)
        assert loss.reason is LossReason[reason.upper()] and words in loss.sentence
        assert stream.watch.declared == loss
    assert stream.send(at(7.0)) is None  # it begins anew elsewhere, which is no second loss
    assert stream.watch.declared is None
    assert stream.send(at(7.05)) is None


@pytest.mark.parametrize('stated', [
    covariance(x=4.0), covariance(y=500.0), covariance(yaw=0.5)])
def test_a_standard_deviation_that_grows_too_much_since_the_last_pose_is_a_loss_once(stated):
    stream = Stream()
    stream.drive()
    assert stream.send(at(1.0), stated) is None  # before the first pose it means nothing
    assert stream.send(at(1.0)) is None
    stream.watch.anchor()
    assert stream.send(at(1.0)) is None
    loss = stream.send(at(1.0), stated)
    assert loss.reason is LossReason.ODOMETRY_UNCERTAIN and 'has grown by' in loss.sentence
    assert stream.send(at(1.0), stated) is None and stream.watch.declared is None


def test_a_filter_whose_covariance_grows_for_ever_is_measured_from_the_last_pose():
    stream = Stream()
    for metre in range(300):  # 30 m at the end
        assert stream.send(at(metre * 0.05), covariance(x=(0.1 * metre) ** 2)) is None
        if metre % 8 == 0:
            stream.watch.anchor()


@pytest.mark.parametrize('jump', [at(30.0), at(0.95, 4.0), at(0.95, 0.0, 2.5)])
def test_a_jump_is_a_loss_when_odometry_goes_on_from_there(jump):
    stream = Stream()
    stream.drive()
    told = [stream.send(jump) for _ in range(4)]
    losses = [loss for loss in told if loss]
    assert [loss.reason for loss in losses] == [LossReason.ODOMETRY_JUMP]
    assert told.index(losses[0]) * PERIOD_S < 0.3
    assert 'has jumped by' in losses[0].sentence


def test_one_wrong_pose_among_right_ones_is_no_loss():
    stream = Stream()
    stream.drive()
    assert stream.send(at(30.0)) is None
    assert [stream.send(at(0.95 + PERIOD_S * step)) for step in range(1, 10)] == [None] * 9


@pytest.mark.parametrize('period_s, earliest, latest', [
    (0.02, 0.39, 0.55), (0.05, 0.39, 0.55), (0.2, 0.99, 1.2)])
def test_silence_is_a_gap_by_the_rate_that_odometry_has(period_s, earliest, latest):
    stream = Stream()
    for _ in range(20):
        stream.send(at(), after_s=period_s)
        assert stream.watch.silence(stream.now_s) is None
    (when, loss), = stream.wait(5.0)
    assert earliest <= when <= latest
    assert loss.reason is LossReason.ODOMETRY_GAP and 'odometry has stopped' in loss.sentence


def test_a_gap_is_told_again_after_odometry_has_come_back():
    stream = Stream()
    stream.drive()
    assert len(stream.wait(3.0)) == 1
    stream.drive()
    (when, _), = stream.wait(3.0)
    assert when < 0.6  # the gap itself is not a usual interval


def test_a_few_pauses_do_not_hide_the_next_gap():
    stream = Stream()
    for _ in range(6):
        stream.drive(8)
        stream.send(at(0.35), after_s=0.35)
    (when, _), = stream.wait(3.0)
    assert when < 0.6


def test_odometry_that_never_came_has_no_gaps_and_one_whose_rate_is_unknown_has_long_ones():
    stream = Stream()
    assert stream.wait(60.0) == []
    stream.drive(3)
    assert stream.wait(4.0) == []
    assert [loss.reason for _, loss in stream.wait(2.0)] == [LossReason.ODOMETRY_GAP]


def test_where_gaps_are_allowed_there_are_none():
    stream = Stream(gap_s=0.0)
    stream.drive()
    assert stream.wait(60.0) == []


def test_a_process_that_was_kept_from_listening_does_not_accuse_odometry():
    stream = Stream()
    stream.drive()
    stream.watch.silence(stream.now_s)
    assert stream.wait(1.0, tick_s=0.5) == []


def test_after_a_reset_an_old_pose_is_no_jump():
    stream = Stream()
    stream.drive()
    stream.watch.reset()
    assert [stream.send(at(50.0)) for _ in range(5)] == [None] * 5


def test_odometry_that_slips_again_and_again_is_lost_and_one_jump_is_not():
    kidnapped = Disagreement()
    assert all(kidnapped.take(wrong) is None
               for wrong in [False] * 20 + [True] * 3 + [False] * 20)
    slipping = Disagreement()
    told = [slipping.take(step % 4 != 0) for step in range(20)]
    losses = [loss for loss in told if loss]
    assert losses and losses[0].reason is LossReason.ODOMETRY_DISAGREES
    assert 'disagrees with 7 of the newest' in losses[0].sentence
