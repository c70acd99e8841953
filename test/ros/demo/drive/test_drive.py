# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A drive over real DDS: lost in every way, silent, kidnapped, found; poses are in the images."""

import math

import numpy as np
import pytest
from support.exact_relocaliser import HEIGHT, WIDTH
from support.places import EXACT_RELOCALISER

from scene_reloc_ros.datasets.recording import RecordingWriter
from scene_reloc_ros.evaluation.loss_ways import SILENT_S, WAYS
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.ros.demo.drive.drive import Drive

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.alone]
RATE, PART = 15.0, 160  # Hz; frames of a part
TRUST = {'trust_time': 2.0, 'odometry_gap_limit': 0.4}
CAMERA = Camera(WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5)
FRAMES = {'map': 'map', 'odom': 'odom', 'base': 'base_link', 'camera': 'camera_optical_frame'}


def picture_of(pose):
    """Return a colour image that holds a pose, or one of zeros for None."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    if pose is not None:
        image.reshape(-1)[:128] = np.frombuffer(pose.tobytes(), np.uint8)
    return image


@pytest.fixture(scope='module')
def places(tmp_path_factory):
    """Write two parts of a route, and one through a place that no map knows."""
    folder = tmp_path_factory.mktemp('drive') / 'recording'
    writer = RecordingWriter(folder, CAMERA)
    for part, (x, y, known) in enumerate(((0.0, 0.0, True), (40.0, 9.0, True), (0, 0, False))):
        for index in range(PART):
            pose = pose_of_rpy((x + 0.04 * index, y, 1.0),
                               (-math.pi / 2, 0.0, -math.pi / 2 + 0.005 * index))
            number = part * PART + index
            writer.append(PosedImage(str(number), (number + 1) * 100_000_000,
                                     picture_of(pose if known else None), CAMERA, pose))
    return folder


@pytest.fixture(scope='module')
def drive(start_node, bystander, places, tmp_path_factory):
    """Start player and relocaliser, and what conducts them."""
    path = tmp_path_factory.mktemp('map') / 'a.map'
    path.write_text('map')
    start_node('scene_reloc_ros.ros.dataset_player.node', {'wait_timeout': 30.0},
               ('-r', '/tf:=/tf_played', '-r', 'odom:=odom_played'))
    start_node(EXACT_RELOCALISER, {
        'map': str(path), 'tf_wait': 0.3, 'image_timeout': 1.0, 'watch_diagnostics': '"drive*"',
        'qos_overrides./image.subscription.reliability': 'reliable', **TRUST})
    return Drive(bystander.node, {
        'frames': FRAMES, 'seed': 0, 'firsts': [0, PART], 'ways': list(WAYS), **TRUST,
        'player': {'sequence': str(places), 'count': PART, 'rate': RATE}})


def test_every_loss_is_told_at_once_and_every_robot_is_found_once_and_rightly(drive):
    losses = drive.lost_and_found(len(WAYS), lambda *_: None)
    told = {loss['way']: loss['reason'] for loss in losses}
    assert told == {way: known.reason.code for way, known in WAYS.items()}
    for loss in losses:
        assert loss['silent_s'] <= SILENT_S, loss
        assert loss['recovered_s'] is not None and loss['recovered_s'] < 3.0, loss
        assert (loss['initial_poses'], loss['wrong'], loss['answers']) == (1, 0, ()), loss


def test_where_the_map_does_not_fit_nothing_is_found_and_the_reason_is_given(drive):
    drive.plan.update(firsts=[2 * PART, 2 * PART + 1])
    found = drive.elsewhere(4.0)
    assert not found['ready'] and found['poses'] == 0 and not found['success']
    assert found['images'] > 10 and set(found['reasons']) == {'too_few_inliers'}
    assert 'Too few of the image points' in found['answer']
