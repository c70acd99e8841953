# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Recordings: round trip, durability, and bad frames that leave the writer usable."""

from dataclasses import replace
import logging
import os

import numpy as np
import pytest

from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.geometry.camera import Camera


def _record(folder, camera, frames):
    writer = RecordingWriter(folder, camera)
    for frame in frames:
        writer.append(frame)
    return writer


def test_what_is_recorded_is_read_back(tmp_path, small_camera, make_frame):
    frames = [make_frame(0), make_frame(1, depth_m=None), make_frame(2)]
    _record(tmp_path, small_camera, frames)
    sequence = RecordingSequence(tmp_path)
    assert len(sequence) == 3 and sequence.camera == small_camera
    assert sequence.names[0] == '1700000000.123456789'
    for frame, read in zip(frames, sequence):
        assert read.stamp_ns == frame.stamp_ns and read.camera == small_camera
        assert np.array_equal(read.image, frame.image)
        assert np.abs(read.map_from_cam - frame.map_from_cam).max() < 1e-8
    assert np.abs(sequence[0].depth_m - frames[0].depth_m).max() < 1.01e-4
    assert sequence[0].depth_m.dtype == np.float32
    assert sequence[1].depth_m is None
    assert np.array_equal(sequence.map_from_cam(-1), sequence[2].map_from_cam)


def test_depth_that_is_unknown_or_beyond_16_bits_is_read_as_none(
        tmp_path, small_camera, make_frame):
    depth = np.full((24, 32), 2.0, np.float32)
    depth[0, :5] = (np.nan, np.inf, -1, 0, 13.2)
    _record(tmp_path, small_camera, [make_frame(0, depth_m=depth)])
    read = RecordingSequence(tmp_path)[0].depth_m
    assert (read[0, :5] == 0).all() and (read[1:] == 2).all()


@pytest.mark.parametrize(('change', 'sentence'), [
    ({'map_from_cam': np.diag([1.0, 1, 1.2, 1])}, r'frame 1700000000\S+ is no rotation'),
    ({'map_from_cam': np.full((4, 4), np.nan)}, 'contains NaN'),
    ({'map_from_cam': None}, 'has no pose'),
    ({'image': np.zeros((24, 30, 3), np.uint8)}, 'image of frame .* is 30x24, the camera 32x24'),
    ({'image': np.zeros((24, 32, 3), np.float32)}, 'is float32'),
    ({'depth_m': np.ones((12, 16), np.float32)}, 'depth of frame .* is 16x12'),
    ({'stamp_ns': 1}, 'does not come after'),
])
def test_a_bad_frame_is_refused_and_the_writer_stays_usable(
        tmp_path, small_camera, make_frame, change, sentence):
    writer = _record(tmp_path, small_camera, [make_frame(0)])
    with pytest.raises(ValueError, match=sentence):
        writer.append(make_frame(1, **change))
    writer.append(make_frame(2))
    stamps = [frame.stamp_ns for frame in RecordingSequence(tmp_path)]
    assert stamps == [make_frame(0).stamp_ns, make_frame(2).stamp_ns]
    assert len(writer) == 2


@pytest.mark.parametrize('name', ['rgb.txt', 'groundtruth.txt', 'depth.txt'])
def test_a_torn_last_line_is_ignored_with_a_warning(
        tmp_path, small_camera, make_frame, caplog, name):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    with (tmp_path / name).open('a') as stream:
        stream.write('1700000000.2234 rgb/17000')
    with caplog.at_level(logging.WARNING):
        sequence = RecordingSequence(tmp_path)
        assert len(sequence) == 2
        assert sequence[1].map_from_cam is not None and sequence[1].depth_m is not None
    assert f'torn last line of {tmp_path / name} ignored' in caplog.text


@pytest.mark.parametrize('name', ['rgb.txt', 'groundtruth.txt', 'depth.txt'])
def test_a_file_without_a_final_newline_loses_nothing(
        tmp_path, small_camera, make_frame, caplog, name):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    whole = (tmp_path / name).read_text()
    (tmp_path / name).write_text(whole.rstrip('\n'))
    last = RecordingSequence(tmp_path)[1]
    assert np.abs(last.map_from_cam - make_frame(1).map_from_cam).max() < 1e-8
    assert last.depth_m is not None and not caplog.text
    writer = _record(tmp_path, small_camera, [make_frame(2)])
    assert len(writer) == 3 and len(RecordingSequence(tmp_path)) == 3
    assert (tmp_path / name).read_text().startswith(whole)


@pytest.mark.parametrize(('last', 'whole'), [
    ('1700000000.19 1.5 2.5 3.5 0.0 0.0 0.0 1', True), ('1700000000.19 1 2 3 .71 0 0 .71', True),
    ('1700000000.19 1.00 2.00 3.00 0.71 0.00 0.00 0.71', True),
    ('1700000000.19 1.00 2.00 3.00 0.71 0.00 0.00 0.', False),
    ('1700000000.19 1.00 2.00 3.00 0.71 0.00 0.00 -', False)])
def test_a_last_pose_is_torn_where_its_last_number_is(
        tmp_path, small_camera, make_frame, last, whole):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(2)])
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    (tmp_path / 'groundtruth.txt').write_text(f'{lines[0]}\n{last}')
    assert (RecordingSequence(tmp_path).map_from_cam(1) is not None) == whole


@pytest.mark.parametrize('name', ['rgb.txt', 'groundtruth.txt', 'depth.txt', 'camera.yaml'])
@pytest.mark.parametrize('coding', ['utf-8-sig', 'utf-16'])
def test_a_byte_order_mark_is_no_error(tmp_path, small_camera, make_frame, name, coding):
    _record(tmp_path, small_camera, [make_frame(0)])
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace('\n', '\r\n'), coding)
    read = RecordingSequence(tmp_path)[0]
    assert read.camera == small_camera and read.depth_m is not None
    assert np.abs(read.map_from_cam - make_frame(0).map_from_cam).max() < 1e-8


@pytest.mark.parametrize(('name', 'of'), [('rgb.txt', 3), ('groundtruth.txt', 3)])
def test_lines_that_repeat_a_stamp_are_told(
        tmp_path, small_camera, make_frame, caplog, name, of):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    lines = (tmp_path / name).read_text().splitlines()
    stamp = lines[0].split()[0]
    (tmp_path / name).write_text('\n'.join([*lines, f'{stamp} {lines[1].split(" ", 1)[1]}', '']))
    first = RecordingSequence(tmp_path)[0]
    assert f'1 of {of} lines of {tmp_path / name} bear a stamp' in caplog.text
    assert 'such as line 3' in caplog.text
    assert np.array_equal(first.image, make_frame(0).image)
    assert np.abs(first.map_from_cam - make_frame(0).map_from_cam).max() < 1e-8


def test_depth_beyond_the_range_that_the_camera_file_states_is_unknown(
        tmp_path, small_camera, make_frame):
    depth = np.full((24, 32), 2.0, np.float32)
    depth[0, :3] = 0.2, 0.5, 9.0
    _record(tmp_path, small_camera, [make_frame(0, depth_m=depth)])
    with (tmp_path / 'camera.yaml').open('a') as stream:
        stream.write('depth_range: [0.4, 8]\n')
    read = RecordingSequence(tmp_path)[0].depth_m
    assert read[0, :4].tolist() == [0, 0.5, 0, 2]


def test_neither_poses_nor_depths_are_looked_at_where_nobody_asks(
        tmp_path, small_camera, make_frame):
    _record(tmp_path, small_camera, [make_frame(0)])
    for name in ('groundtruth.txt', 'depth.txt'):
        (tmp_path / name).write_text('nonsense\n')
    assert np.array_equal(RecordingSequence(tmp_path).query(0, False).image, make_frame(0).image)
    with pytest.raises(ValueError, match='1 of 1 lines of .*depth.txt'):
        RecordingSequence(tmp_path).query(0, True)


def test_recording_goes_on_after_a_crash_and_keeps_what_was_there(
        tmp_path, small_camera, make_frame):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    before = (tmp_path / 'groundtruth.txt').read_text()
    with (tmp_path / 'groundtruth.txt').open('a') as stream:
        stream.write('1700000000.1901 1.0 2.')
    writer = _record(tmp_path, small_camera, [make_frame(2)])
    sequence = RecordingSequence(tmp_path)
    assert len(writer) == 3 and len(sequence) == 3
    assert np.abs(sequence.map_from_cam(2) - make_frame(2).map_from_cam).max() < 1e-8
    assert (tmp_path / 'groundtruth.txt').read_text().startswith(before)


def test_a_frame_whose_commit_line_was_never_written_is_not_there(
        tmp_path, small_camera, make_frame):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    lines = (tmp_path / 'rgb.txt').read_text().splitlines(keepends=True)
    (tmp_path / 'rgb.txt').write_text(lines[0])
    assert len(RecordingSequence(tmp_path)) == 1
    RecordingWriter(tmp_path, small_camera).append(make_frame(1))
    assert len(RecordingSequence(tmp_path)) == 2


def test_another_camera_is_refused(tmp_path, small_camera):
    RecordingWriter(tmp_path, small_camera)
    with pytest.raises(ValueError, match='made with another camera'):
        RecordingWriter(tmp_path, Camera(32, 24, 99.0, 99.0, 15.5, 11.5))


def test_a_camera_that_could_not_be_read_again_is_refused_before_anything_is_recorded(tmp_path):
    aside = Camera(32, 24, 30.0, 30.0, 15.5, 11.5).cropped(0, 0, 32, 20)
    RecordingWriter(tmp_path / 'aside', aside)
    with pytest.raises(ValueError, match='principal point .* lies outside'):
        RecordingWriter(tmp_path / 'corner', replace(aside, cx=-5.0))
    assert not (tmp_path / 'corner' / 'camera.yaml').exists()


def test_an_empty_recording_names_the_remedy(tmp_path, small_camera):
    RecordingWriter(tmp_path, small_camera)
    with pytest.raises(ValueError, match='has no frames; record again and check'):
        RecordingSequence(tmp_path)


@pytest.mark.parametrize(('name', 'broken'), [
    ('rgb.txt', 'stamp name'), ('rgb.txt', '1700000000.2'), ('groundtruth.txt', '17 1 2 3 0 0 0'),
    ('groundtruth.txt', 'inf 0 0 0 0 0 0 1'), ('depth.txt', '1e999999999 depth/1.png'),
    ('rgb.txt', '1e99999 rgb/1.png'), ('rgb.txt', 'nan rgb/1.png')])
def test_a_broken_line_costs_itself_and_is_named(
        tmp_path, small_camera, make_frame, caplog, name, broken):
    _record(tmp_path, small_camera, [make_frame(0), make_frame(1)])
    content = (tmp_path / name).read_text()
    (tmp_path / name).write_text(f'{broken}\n{content}')
    frames = list(RecordingSequence(tmp_path))
    assert f'1 of 3 lines of {tmp_path / name} are not a stamp' in caplog.text
    assert 'such as line 1; repair or remove them' in caplog.text
    assert len(frames) == 2
    assert all(f.map_from_cam is not None and f.depth_m is not None for f in frames)
    (tmp_path / name).write_text(f'{broken}\n{broken}\n{content}')
    with pytest.raises(ValueError, match=f'2 of 4 lines of .*{name} are not a stamp'):
        RecordingSequence(tmp_path)[0]


def test_a_pose_without_direction_is_named(tmp_path, small_camera, make_frame):
    _record(tmp_path, small_camera, [make_frame(0)])
    (tmp_path / 'groundtruth.txt').write_text('1700000000.123456789 0 0 0 0 0 0 0\n')
    with pytest.raises(ValueError, match=r'1700000000.123456789 in \S+groundtruth.txt'):
        RecordingSequence(tmp_path)[0]


def test_images_take_the_pose_nearest_in_time_if_there_is_one(
        tmp_path, small_camera, make_frame):
    _record(tmp_path, small_camera, [make_frame(number) for number in range(3)])
    lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
    moved = lines[1].replace(lines[1].split()[0], '1700000000.160')
    (tmp_path / 'groundtruth.txt').write_text(f'# comment\n{lines[0]}\n{moved}\n')
    sequence = RecordingSequence(tmp_path)
    assert len(sequence) == 3 and sequence.map_from_cam(2) is None
    assert np.abs(sequence.map_from_cam(1) - make_frame(1).map_from_cam).max() < 1e-8


def test_a_disk_that_fails_leaves_the_lines_as_they_were(
        tmp_path, small_camera, make_frame, monkeypatch):
    writer = _record(tmp_path, small_camera, [make_frame(0)])
    before = (tmp_path / 'groundtruth.txt').read_text()

    def full(descriptor, content):
        write(descriptor, content[:5])
        raise OSError('no space left on device')

    write = os.write
    monkeypatch.setattr(os, 'write', full)
    with pytest.raises(OSError, match='no space left'):
        writer.append(make_frame(1, depth_m=None))
    monkeypatch.undo()
    assert (tmp_path / 'groundtruth.txt').read_text() == before
    writer.append(make_frame(1))
    assert len(RecordingSequence(tmp_path)) == 2


def test_frames_that_are_removed_leave_the_others_whole(tmp_path, small_camera, make_frame):
    frames = [make_frame(0), make_frame(1, depth_m=None), *map(make_frame, (2, 3, 4))]
    writer = _record(tmp_path, small_camera, frames)
    writer.remove({frames[1].stamp_ns, frames[3].stamp_ns, 5})
    sequence = RecordingSequence(tmp_path)
    assert len(writer) == len(sequence) == 3
    for frame, read in zip((frames[0], frames[2], frames[4]), sequence):
        assert read.stamp_ns == frame.stamp_ns and np.array_equal(read.image, frame.image)
        assert np.abs(read.depth_m - frame.depth_m).max() < 1.01e-4
        assert np.abs(read.map_from_cam - frame.map_from_cam).max() < 1e-8
    writer.append(make_frame(5))
    assert len(RecordingSequence(tmp_path)) == 4
    writer.remove({frames[4].stamp_ns, make_frame(5).stamp_ns})
    writer.append(frames[4])  # as after a start that was wrong: the last stamp is an older one


def test_the_size_is_that_of_the_pictures_also_when_a_recording_goes_on(
        tmp_path, small_camera, make_frame):
    frames = [make_frame(number) for number in range(4)]
    writer = _record(tmp_path, small_camera, frames)
    writer.remove({frames[2].stamp_ns})
    sizes = [path.stat().st_size for path in tmp_path.glob('*/*.png')]
    assert len(sizes) == 6
    assert writer.size_bytes == sum(sizes) == RecordingWriter(tmp_path, small_camera).size_bytes
