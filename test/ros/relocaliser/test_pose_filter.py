# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The relocaliser with its gate over DDS: outliers, a kidnapping, loss, and stamps."""

import numpy as np
import pytest
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE, Robot

from scene_reloc_ros.ros.bridge.conversions import pose_of_message, pose_of_transform
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

pytestmark = pytest.mark.ros
STEP = pose_of_rpy((0.05, 0.0, 0.0), (0.0, 0.0, 0.02))
KIDNAPPED = pose_of_rpy((4.0, -3.0, 0.0), (0.0, 0.0, 2.0))
OUTLIER = pose_of_rpy((-6.0, 7.0, 0.0), (0.0, 0.0, -1.5))
LOST_AFTER = 4


class Wanderer(Robot):
    """A robot that goes on, step by step, in the map and in its odometry."""

    def __init__(self, bystander):
        self.map_from_base, self.odom_from_base = MAP_FROM_BASE, ODOM_FROM_BASE
        super().__init__(bystander)

    def sees_everything(self):
        """Stand still until the gate has let a pose pass."""
        self.announce()
        return self.see(self.map_from_base, self.odom_from_base)['reason'] == 'accepted'

    def go(self, seen=None):
        """Go one step; see the true pose or another one, and return the status."""
        self.map_from_base = self.map_from_base @ STEP
        self.odom_from_base = self.odom_from_base @ STEP
        shown = self.map_from_base if seen is None else seen
        return self.see(shown, self.odom_from_base)

    def believed(self):
        """Tell whether the newest correction puts the robot where it is."""
        correction = pose_of_transform(self.corrections()[-1].transform)
        return np.allclose(correction @ self.odom_from_base, self.map_from_base, atol=1e-6)


@pytest.fixture(scope='module')
def wanderer(start_node, bystander, tmp_path_factory):
    """Start the relocaliser with its gate, and a robot for it."""
    path = tmp_path_factory.mktemp('map') / 'scene.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': f'"{path}"', 'lost_after_frames': LOST_AFTER, 'tf_wait': 0.3,
        'stamp_age_limit': 2.0, 'stamp_future_limit': 0.5})
    return Wanderer(bystander)


def test_the_first_fix_waits_for_poses_that_agree(wanderer):
    reasons = [s['reason'] for s in wanderer.status if s['stamp_ns']]
    first = reasons.index('accepted')
    assert reasons[first - 2:first] == ['unconfirmed', 'unconfirmed']
    fix = next(s for s in wanderer.status if s['reason'] == 'accepted')
    assert fix['event'] == 'localised'


def test_an_outlier_reaches_neither_tf_nor_the_pose(wanderer):
    assert wanderer.go()['reason'] == 'accepted'
    poses = len(wanderer.poses)
    status = wanderer.go(seen=OUTLIER)
    assert status['reason'] == 'disagrees_with_odometry'
    assert 'Odometry does not explain the pose' in status['sentence']
    assert 'chi-square' in status['sentence'] and status['map_to_odom_stamp_ns'] is None
    assert wanderer.go()['reason'] == 'accepted' and wanderer.believed()
    assert wanderer.status[-1]['refusals']['disagrees_with_odometry'] == 1
    wanderer.bystander.until(lambda: len(wanderer.poses) > poses, '~/pose')
    assert not any(np.allclose(pose_of_message(m.pose.pose), OUTLIER) for m in wanderer.poses)


def test_a_kidnapping_is_announced_as_a_jump_within_ten_frames(wanderer):
    wanderer.go()
    wanderer.map_from_base = KIDNAPPED @ wanderer.map_from_base
    found = []
    for _ in range(10):
        found.append(wanderer.go())
        if found[-1]['reason'] == 'accepted':
            break
    assert [s['reason'] for s in found[:-1]] == ['disagrees_with_odometry'] * 2
    assert found[-1]['event'] == 'jump' and found[-1]['jumps'] == 1
    wanderer.bystander.until(wanderer.believed, 'the correction after the jump')


def test_after_loss_nothing_is_published_until_poses_agree_again(wanderer):
    statuses = [wanderer.see(None, wanderer.odom_from_base) for _ in range(LOST_AFTER)]
    assert statuses[-1]['event'] == 'lost' and statuses[-1]['state'] == 'lost'
    wanderer.bystander.until(lambda: not wanderer.ready[-1].data, '~/ready to be false')
    broadcast = len(wanderer.corrections())
    assert wanderer.go()['reason'] == 'unconfirmed'
    assert wanderer.go()['reason'] == 'unconfirmed'
    assert len(wanderer.corrections()) <= broadcast + 1  # one may have been on its way
    assert wanderer.go()['event'] == 'localised'
    wanderer.bystander.until(lambda: wanderer.ready[-1].data, '~/ready to be true')


@pytest.mark.parametrize(('ahead_s', 'reason', 'remedy'), [
    (-9.0, 'stale_stamp', 'use_sim_time'), (9.0, 'future_stamp', 'clocks')])
def test_an_image_with_an_impossible_stamp_is_refused_with_a_remedy(
        wanderer, ahead_s, reason, remedy):
    status = wanderer.see(wanderer.map_from_base, wanderer.odom_from_base,
                          ahead_ns=round(ahead_s * 1e9))
    assert status['reason'] == reason and remedy in status['sentence']
    assert wanderer.go()['reason'] == 'accepted'  # one wrong stamp costs one image
