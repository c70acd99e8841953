# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""One bad frame costs that frame, and is told."""

import cv2
import numpy as np
import pytest

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.readable_frames import readable_frames, UnusableFrames
from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.datasets.seven_scenes import SevenScenesSequence
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import SimulatedRoomSequence

COUNT = 8


@pytest.fixture
def folder(seven_scenes_folder, make_frame):
    """Write eight frames in 7-Scenes layout, all of them whole."""
    for number in range(COUNT):
        stem, frame = seven_scenes_folder / f'frame-{number + 7:06d}', make_frame(number)
        cv2.imwrite(f'{stem}.color.png', frame.image)
        cv2.imwrite(f'{stem}.depth.png', np.rint(frame.depth_m * 1000).astype(np.uint16))
        np.savetxt(f'{stem}.pose.txt', frame.map_from_cam)
    return seven_scenes_folder


def torn(path):
    path.write_bytes(path.read_bytes()[:-200])


def lost(path):
    np.savetxt(path, np.full((4, 4), -np.inf))


def half_nan(path):
    path.write_text(path.read_text().replace(path.read_text().split()[3], 'nan', 1))


def small(path):
    cv2.imwrite(str(path), np.full((12, 16), 1500, np.uint16))


def eight_bits(path):
    cv2.imwrite(str(path), np.full((24, 32), 150, np.uint8))


def in_metres(path):
    cv2.imwrite(str(path), np.full((24, 32), 2, np.uint16))


def a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(('ending', 'damage', 'sentence'), [
    ('color.png', torn, 'cannot be decoded'), ('color.png', small, 'is 16x12, the camera 32x24'),
    ('color.png', a_folder, 'cannot be read'), ('depth.png', torn, 'cannot be decoded'),
    ('depth.png', small, 'is 16x12, the camera 32x24'), ('depth.png', eight_bits, 'is uint8'),
    ('depth.png', in_metres, 'depth is 0.002 m in the median, so it is not in metres'),
    ('pose.txt', lost, 'contains NaN or Inf'), ('pose.txt', half_nan, 'contains NaN or Inf'),
    ('pose.txt', a_folder, 'cannot be read')])
def test_a_frame_that_cannot_be_read_is_left_out_and_named(folder, ending, damage, sentence):
    damage(folder / f'frame-000009.{ending}')
    frames, left_out = readable_frames(SevenScenesSequence(folder), with_depth=True)
    assert len(frames) == COUNT - 1 and 'frame-000009' not in frames.names
    assert all(frame.depth_m is not None and frame.map_from_cam is not None for frame in frames)
    first, count = left_out.sentences
    assert f'frame-000009.{ending}' in first and sentence in first
    assert count == '1 of 8 frames left out, which cannot be read'
    assert left_out.as_dict()['unreadable'] == 1


def test_depth_that_nobody_needs_may_be_torn_and_is_not_read(folder):
    for path in folder.glob('*.depth.png'):
        torn(path)
    frames, left_out = readable_frames(SevenScenesSequence(folder), with_depth=False)
    assert len(frames) == COUNT and not left_out.sentences
    assert all(frame.depth_m is None and frame.map_from_cam is not None for frame in frames)


@pytest.mark.parametrize(('damaged', 'refused'), [(2, False), (3, True), (COUNT, True)])
def test_more_than_a_third_is_an_error(folder, damaged, refused):
    for number in range(damaged):
        torn(folder / f'frame-{number + 7:06d}.color.png')
    sequence = SevenScenesSequence(folder)
    if not refused:
        assert len(readable_frames(sequence, False)[0]) == COUNT - damaged
        return
    with pytest.raises(ValueError, match=f'{damaged} of 8 .* than a third; the first: .*7.color'):
        readable_frames(sequence, False)


def test_frames_without_a_pose_are_left_out_but_not_damaged(tmp_path, small_camera, make_frame):
    writer = RecordingWriter(tmp_path, small_camera)
    for number in range(6):
        writer.append(make_frame(number))
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    (tmp_path / 'groundtruth.txt').write_text('\n'.join([*lines[:2], '']))
    frames, left_out = readable_frames(RecordingSequence(tmp_path), with_depth=True)
    assert len(frames) == 2
    assert left_out.sentences == ['4 of 6 frames left out, which have no pose']
    (tmp_path / 'groundtruth.txt').write_text('')
    with pytest.raises(ValueError, match='none of 6 frames has a pose; a recording needs'):
        readable_frames(RecordingSequence(tmp_path), with_depth=True)


def test_a_nan_in_a_line_of_a_recording_costs_its_frame(tmp_path, small_camera, make_frame):
    writer = RecordingWriter(tmp_path, small_camera)
    for number in range(4):
        writer.append(make_frame(number))
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    lines[2] = f'{lines[2].split()[0]} nan nan nan 0 0 0 1'
    (tmp_path / 'groundtruth.txt').write_text('\n'.join(lines))
    frames, left_out = readable_frames(RecordingSequence(tmp_path), with_depth=True)
    assert len(frames) == 3 and 'groundtruth.txt contains NaN' in left_out.sentences[0]


def test_of_many_faults_five_are_named_and_all_are_counted():
    sentences = UnusableFrames(60, [f'image {number}' for number in range(9)]).sentences
    assert sentences[:5] == [f'left out: image {number}' for number in range(5)]
    assert sentences[5:] == ['and 4 more that cannot be read',
                             '9 of 60 frames left out, which cannot be read']


def test_each_frame_that_is_tried_is_told_in_turn(folder):
    told = []
    readable_frames(SevenScenesSequence(folder), True, lambda *progress: told.append(progress))
    assert told == [((number + 1) / COUNT, f'frame-{number + 7:06d}') for number in range(COUNT)]


def test_what_is_rendered_is_not_rendered_to_be_tried(monkeypatch):
    monkeypatch.setattr(Sequence, '__getitem__', None)
    frames, left_out = readable_frames(SimulatedRoomSequence('survey', 12), with_depth=True)
    assert len(frames) == 12 and not left_out.sentences
