# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A mapper in a process of its own: sessions on disk, and services that answer the truth."""

from pathlib import Path
import shutil

from geometry_msgs.msg import PoseArray
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from support.bystander import LATCHED
from support.machine.disks import small_disk
from support.mapping_scene import MappingScene
from support.small_recording import CAMERA, small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.bridge.conversions import pose_of_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return the folder of recordings and maps."""
    return tmp_path_factory.mktemp('mapper')


@pytest.fixture(scope='module')
def scene(start_node, bystander, folder):
    """Start a mapper that takes poses from tf and records depth."""
    start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(folder), 'use_depth': True, 'tf_wait': 0.1, 'preset': 'fast'})
    return MappingScene(bystander, depth=True)


def test_training_an_empty_session_says_what_to_do(scene):
    for prepare in ([], ['start']):
        for name in prepare:
            assert scene.call(name).success
        answer = scene.call('train')
        assert not answer.success
        assert 'the session has no key frames: call ~/start, move the camera' in answer.message
    assert not scene.call('cancel').success
    assert scene.call('discard').success
    assert 'there is no session to discard' in scene.call('discard').message


def test_key_frames_are_on_disk_as_they_were_seen(scene, folder):
    assert scene.call('start').success
    scene.until_everything_arrives()
    assert 'already recording' in scene.call('start').message
    frames = small_frames(4)
    answers = [scene.show(frame)['reason'] for frame in (frames[0], frames[0], *frames[1:])]
    assert answers == ['kept', 'not_moved', 'kept', 'kept', 'kept']
    recording = open_sequence(scene.status[-1]['recording'])
    assert len(recording) == 4
    assert recording.camera == CAMERA
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(recording[index].image, frame.image)
        np.testing.assert_allclose(recording[index].map_from_cam, frame.map_from_cam, atol=1e-8)
        np.testing.assert_allclose(recording[index].depth_m, frame.depth_m, atol=1e-3)
    assert str(folder / 'recordings') in scene.status[-1]['recording']


def test_a_frame_that_cannot_be_recorded_is_refused_with_a_sentence(scene):
    frame = small_frames(9)[8]
    refused = scene.show(frame, with_pose=False)
    assert refused['reason'] == 'refused'
    assert 'no transform from map to camera at the stamp' in refused['sentence']
    assert 'raw Bayer data' in scene.show(frame, encoding='bayer_rggb8')['sentence']
    assert scene.show(frame)['reason'] == 'kept'


def test_key_frames_are_shown_as_poses(scene):
    arrays = scene.bystander.listen(PoseArray, '/mapper/keyframes', LATCHED)
    scene.bystander.until(lambda: arrays and len(arrays[-1].poses) == 5, '~/keyframes')
    assert arrays[-1].header.frame_id == 'map'
    np.testing.assert_allclose(pose_of_message(arrays[-1].poses[3]),
                               small_frames(4)[3].map_from_cam, atol=1e-9)


def test_a_stopped_session_goes_on_with_start(scene):
    assert 'stopped with 5 key frames; call ~/train' in scene.call('stop').message
    assert not scene.call('stop').success
    begin = len(scene.status)
    scene.image.publish(CvBridge().cv2_to_imgmsg(small_frames(1)[0].image, 'bgr8'))
    scene.bystander.until(lambda: len(scene.status) > begin + 1, 'the status')
    assert all(s['state'] == 'recorded' for s in scene.status[begin + 1:])
    assert '5 key frames so far' in scene.call('start').message


def test_discard_deletes_the_recording(scene):
    recording = Path(scene.status[-1]['recording'])
    assert recording.is_dir()
    assert scene.call('discard').message == 'discarded 5 key frames'
    assert not recording.exists()


def set_parameter(scene, name, value):
    """Set a parameter of the mapper and return the result."""
    parameter = Parameter(name, value=value).to_parameter_msg()
    return scene.bystander.call(
        SetParameters, '/mapper/set_parameters', parameters=[parameter]).results[0]


@pytest.mark.parametrize('name, value, sentence', [
    ('folder', '~no-such-user/maps', 'no home folder for its ~'),
    ('folder', '/sys/maps', 'cannot be written'),
    ('folder', '/dev/null/maps', 'cannot be written'),
    ('encoder', 'huge', "'huge' is neither shipped"),
])
def test_a_parameter_that_names_a_place_is_tried_when_it_is_set(scene, name, value, sentence):
    result = set_parameter(scene, name, value)
    assert not result.successful and sentence in result.reason
    assert set_parameter(scene, 'encoder', 'small').successful


def test_a_full_disk_and_a_removed_folder_are_survived_and_told(scene, folder, tmp_path):
    frames = small_frames(5)
    with small_disk(tmp_path / 'disk', kib=1024) as disk:
        assert set_parameter(scene, 'folder', str(disk.path)).successful
        assert scene.call('start').success
        assert scene.show(frames[0])['reason'] == 'kept'
        disk.fill()
        refused = scene.show(frames[1])
        assert refused['reason'] == 'refused' and 'No space left' in refused['sentence']
        disk.free()
        assert scene.show(frames[2])['reason'] == 'kept'
        shutil.rmtree(disk.path / 'recordings')
        assert 'has been removed; call ~/discard' in scene.show(frames[3])['sentence']
        assert scene.call('discard').message == 'discarded 2 key frames'
        disk.fill()
        answer = scene.call('start')
        assert not answer.success and 'No space left on device' in answer.message
        disk.free()
        assert scene.call('start').success
        assert scene.show(frames[4])['reason'] == 'kept'
        disk.fill()
        answer = scene.call('train')
        assert not answer.success and 'maps cannot be written' in answer.message
        assert scene.status[-1]['state'] == 'recorded'
        disk.free()
        assert scene.call('discard').success
    assert set_parameter(scene, 'folder', str(folder)).successful
