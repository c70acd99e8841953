# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The 7-Scenes layout: what is read, and how bad files are named."""

import cv2
import numpy as np
import pytest

from scene_reloc_ros.datasets.seven_scenes import SevenScenesSequence


def test_frames_are_read_with_depth_pose_and_stamps(seven_scenes_folder, make_frame):
    sequence = SevenScenesSequence(seven_scenes_folder)
    assert sequence.names == ['frame-000007', 'frame-000008', 'frame-000009']
    frame, truth = sequence[1], make_frame(1)
    assert frame.stamp_ns == 8 * 1_000_000_000 // 30
    assert np.array_equal(frame.image, truth.image)
    assert np.allclose(frame.map_from_cam, truth.map_from_cam)
    assert (frame.depth_m[0, :2] == 0).all() and frame.depth_m.dtype == np.float32
    assert np.abs(frame.depth_m[1:] - truth.depth_m[1:]).max() < 5.1e-4


def test_a_frame_without_depth_and_pose_can_still_be_localised(seven_scenes_folder):
    frame = SevenScenesSequence(seven_scenes_folder)[2]
    assert frame.map_from_cam is None and frame.depth_m is None and frame.image.shape[0] == 24


def test_a_published_folder_without_camera_is_refused_with_the_reason(seven_scenes_folder):
    (seven_scenes_folder / 'camera.yaml').unlink()
    with pytest.raises(ValueError, match="no camera.yaml; .* poses are the depth camera's"):
        SevenScenesSequence(seven_scenes_folder)


@pytest.mark.parametrize(('content', 'sentence'), [
    ('2 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1', 'is no rotation'),
    ('1 0 0 nan\n0 1 0 0\n0 0 1 0\n0 0 0 1', 'contains NaN'),
    ('1 0 0 0\n0 1 0 0\n0 0 1', 'has 11 numbers; expected 16'),
    ('one two', 'not made of numbers')])
def test_a_bad_pose_names_its_file_and_other_frames_stay_readable(
        seven_scenes_folder, content, sentence):
    (seven_scenes_folder / 'frame-000007.pose.txt').write_text(content)
    sequence = SevenScenesSequence(seven_scenes_folder)
    with pytest.raises(ValueError, match=rf'frame-000007.pose.txt.*{sentence}'):
        sequence[0]
    assert sequence[1].map_from_cam is not None


@pytest.mark.parametrize('content', [b'', b'no picture'])
def test_an_unreadable_image_names_its_file(seven_scenes_folder, content):
    (seven_scenes_folder / 'frame-000007.color.png').write_bytes(content)
    with pytest.raises(ValueError, match='frame-000007.color.png cannot be decoded'):
        SevenScenesSequence(seven_scenes_folder)[0]


def test_depth_of_another_size_or_kind_is_refused(seven_scenes_folder, tmp_path):
    path = str(tmp_path / 'frame-000007.depth.png')
    cv2.imwrite(path, np.ones((12, 16), np.uint16))
    with pytest.raises(ValueError, match='frame-000007.depth.png is 16x12, the camera 32x24'):
        SevenScenesSequence(seven_scenes_folder)[0]
    cv2.imwrite(path, np.ones((24, 32), np.uint8))
    with pytest.raises(ValueError, match='expected one channel of 16 bits'):
        SevenScenesSequence(seven_scenes_folder)[0]


def test_an_image_that_disappeared_is_named(seven_scenes_folder):
    sequence = SevenScenesSequence(seven_scenes_folder)
    (seven_scenes_folder / 'frame-000008.color.png').unlink()
    with pytest.raises(ValueError, match='frame-000008.color.png cannot be read'):
        sequence[1]


@pytest.mark.parametrize('coding', ['utf-8-sig', 'utf-16'])
def test_a_pose_may_begin_with_a_byte_order_mark(seven_scenes_folder, coding):
    path = seven_scenes_folder / 'frame-000007.pose.txt'
    expected = SevenScenesSequence(seven_scenes_folder).map_from_cam(0)
    path.write_text(path.read_text(), coding)
    assert np.array_equal(SevenScenesSequence(seven_scenes_folder).map_from_cam(0), expected)


def test_frames_that_share_a_number_or_a_name_are_told(seven_scenes_folder, caplog):
    (seven_scenes_folder / 'frame-000007.color.jpg').write_bytes(b'of the same name')
    (seven_scenes_folder / 'frame-8.color.png').write_bytes(b'of the same number')
    assert len(SevenScenesSequence(seven_scenes_folder)) == 4
    assert '1 frames of' in caplog.text and 'have a jpg and a png; the png is' in caplog.text
    assert 'bear the number, and so the stamp, of another one' in caplog.text
