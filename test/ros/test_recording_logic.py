# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""State of the relocaliser, choice of key frames and played odometry: no topics needed."""

import math

import numpy as np
import pytest

from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy, SimulatedOdometry
from scene_reloc_ros.ros.mapper.key_frames import KeyFrameSelection
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.uncertainty.rejection import Rejection

LOST_AFTER = 3


def outcome(accepted):
    """Return what became of a frame."""
    return Outcome(1, None if accepted else Rejection.TOO_FEW_INLIERS, '')


def test_a_few_refused_frames_do_not_lose_a_robot_but_many_in_a_row_do():
    state = LocalisationState()
    assert state.label == 'searching'
    answers = []
    for accepted in (True, False, False, True, False, False, False, True):
        state.record(outcome(accepted), '', LOST_AFTER)
        answers.append(state.ready)
    assert answers == [True, True, True, True, True, True, False, True]


def test_a_lost_robot_is_not_one_that_was_never_localised():
    state = LocalisationState()
    state.record(outcome(True), '', LOST_AFTER)
    for _ in range(LOST_AFTER):
        state.record(outcome(False), '', LOST_AFTER)
    assert state.label == 'lost'
    state.reset()
    assert state.label == 'searching'


def test_a_request_ends_with_the_first_accepted_frame_and_counts_its_tries():
    state = LocalisationState()
    state.record(outcome(True), '', LOST_AFTER)
    request = state.request()
    assert not state.ready
    state.record(outcome(False), 'too few inliers', LOST_AFTER)
    assert not request.finished.is_set()
    state.record(outcome(True), '812 inliers', LOST_AFTER)
    state.record(outcome(False), 'not counted any more', LOST_AFTER)
    assert request.finished.is_set() and request.accepted
    assert request.outcome.startswith('localised after 2 tries')
    assert request.outcome.endswith('812 inliers')


def test_a_request_that_ran_out_of_time_says_why_the_last_try_failed():
    state = LocalisationState()
    request = state.request()
    state.record(outcome(False), 'too few inliers', LOST_AFTER)
    state.give_up(request)
    state.record(outcome(True), 'too late', LOST_AFTER)
    assert not request.accepted
    assert 'not localised after 1 tries' in request.outcome
    assert request.outcome.endswith('too few inliers')


@pytest.mark.parametrize('position, yaw_deg, stamp_s, wanted', [
    ((0.049, 0, 0), 0.0, 2.0, False), ((0.051, 0, 0), 0.0, 2.0, True),
    ((0, 0, 0), 2.9, 2.0, False), ((0, 0, 0), 3.1, 2.0, True), ((1, 0, 0), 90.0, 0.4, False)])
def test_a_key_frame_has_moved_or_turned_enough_and_is_late_enough(
        position, yaw_deg, stamp_s, wanted):
    options = MapperNodeOptions(key_frame_interval=0.5)
    selection = KeyFrameSelection()
    assert selection.wants(0, np.eye(4), options)
    selection.keep(0, np.eye(4))
    pose = pose_of_rpy(position, (0, 0, math.radians(yaw_deg)))
    assert selection.wants(int(stamp_s * 1e9), pose, options) is wanted


def route(count, step_m=0.05):
    """Return poses along a circle."""
    return [pose_of_rpy((math.cos(k * step_m), math.sin(k * step_m), 0.2), (0, 0, k * step_m))
            for k in range(count)]


def test_odometry_without_drift_is_the_true_motion_from_another_start():
    start = pose_of_rpy((-7.0, 4.0, 0.0), (0, 0, 2.0))
    odometry = SimulatedOdometry(start, 0.0, 0.0, seed=1)
    poses = route(40)
    for pose in poses:
        odom_from_base = odometry.odom_from_base(pose)
        map_from_odom = pose @ np.linalg.inv(odom_from_base)
        np.testing.assert_allclose(map_from_odom, poses[0] @ np.linalg.inv(start), atol=1e-9)


def test_drift_grows_with_the_root_of_the_way_and_is_repeatable():
    poses = [pose_of_rpy((0.1 * k, 0, 0), (0, 0, 0)) for k in range(41)]  # 4 m

    def end(seed):
        odometry = SimulatedOdometry(np.eye(4), 0.01, 0.0, seed)
        return [odometry.odom_from_base(pose) for pose in poses][-1][:3, 3]
    np.testing.assert_array_equal(end(7), end(7))
    deviation = np.std([end(seed) - (4.0, 0, 0) for seed in range(200)], axis=0)
    np.testing.assert_allclose(deviation, 0.02, rtol=0.25)


def test_the_state_announces_a_first_fix_and_a_loss_once():
    state = LocalisationState()
    events = [state.record(outcome(accepted), '', LOST_AFTER)
              for accepted in (False, True, True, False, False, False, False, True)]
    assert events == [None, 'localised', None, None, None, 'lost', None, 'localised']
    assert state.refusals == {'too_few_inliers': 5}
