# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A map that takes the frames of a recording as they come."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.wall import best_errors, CAMERA, wall_frames

from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.growing_map import GrowingMap

COUNT = 24
FAR = np.array((4.5e6, -3.2e5, 120.0))  # of the origin of UTM, metres


def stamped(frames):
    """Return the frames with stamps a tenth of a second apart."""
    return [replace(frame, name=str(index), stamp_ns=10**9 + index * 10**8)
            for index, frame in enumerate(frames)]


class Recording:
    """A recording of a wall that is written bit by bit, and the map that grows with it."""

    def __init__(self, folder, frames):
        self.folder, self.frames = folder, stamped(frames)
        self._writer = RecordingWriter(folder, CAMERA)
        self.growing = GrowingMap('small')

    def grow(self, count):
        """Write frames up to so many and return the map with them."""
        for frame in self.frames[len(self._writer):count]:
            self._writer.append(frame)
        return self.growing.grow(RecordingSequence(self.folder))


def farthest(scene_map, frames):
    """Return the largest error of the best poses of frames, metres."""
    return best_errors(scene_map, frames)[0].max()


@pytest.fixture(scope='module')
def wall():
    """Return exact frames along a wall."""
    return wall_frames(COUNT)


def test_from_the_first_frame_on_places_are_found_and_later_ones_with_more(tmp_path, wall):
    recording = Recording(tmp_path, wall)
    first = recording.grow(1)
    assert first.metadata['key_frames'] == 1 and first.metadata['growing']
    assert farthest(first, wall[:2]) < 0.15  # a plane, seen from one place
    sizes = [recording.grow(count).metadata['key_frames'] for count in (2, 5, 6, 12)]
    assert sizes == sorted(sizes) and sizes[-1] > 8
    last = recording.grow(COUNT)
    assert farthest(last, wall[1::5]) < 0.05
    assert last.uncertainty is not None and last.metadata['frames'] == COUNT


def test_a_frame_that_shows_nothing_new_changes_nothing_but_the_count(tmp_path, wall):
    still = [wall[0], wall[1], wall[2], wall[2], wall[2]]
    recording = Recording(tmp_path, still)
    before = recording.grow(3)
    assert recording.grow(3).metadata['key_frames'] == before.metadata['key_frames']
    after = recording.grow(4)
    assert after.metadata['frames'] == 4
    assert after.metadata['key_frames'] == before.metadata['key_frames']


def test_a_place_far_from_the_origin_of_its_frame_is_as_exact(tmp_path, wall):
    def moved(frame):
        pose = frame.map_from_cam.copy()
        pose[:3, 3] += FAR
        return replace(frame, map_from_cam=pose)
    frames = [moved(frame) for frame in wall[:6]]
    recording = Recording(tmp_path, frames)
    recording.grow(3)
    scene_map = recording.grow(6)
    assert np.abs(scene_map.origin - FAR).max() <= 50.0
    assert farthest(scene_map, frames[1:6:2]) < 0.02


def test_without_depth_the_map_comes_when_views_tell_distances(tmp_path):
    frames = wall_frames(COUNT, depth=False)
    recording = Recording(tmp_path, frames)
    assert recording.grow(1) is None
    scene_map = recording.grow(16)
    assert scene_map.depth is None and farthest(scene_map, frames[4:12:3]) < 0.1


@pytest.mark.parametrize('spoil', ['picture', 'pose'])
def test_a_frame_that_cannot_be_used_is_left_out_for_good(tmp_path, wall, spoil):
    recording = Recording(tmp_path, wall[:6])
    recording.grow(2)
    for frame in recording.frames[2:4]:
        recording._writer.append(frame)
    if spoil == 'picture':
        (tmp_path / 'rgb' / '1.200000000.png').write_bytes(b'half')
    else:
        lines = (tmp_path / 'groundtruth.txt').read_text().splitlines()
        lines[2] = '1.200000000 0 0 0 0 0 0 0'
        (tmp_path / 'groundtruth.txt').write_text('\n'.join(lines) + '\n')
    assert recording.growing.grow(RecordingSequence(tmp_path)).metadata['frames'] == 3
    assert recording.grow(6).metadata['frames'] == 5


def test_it_is_a_map_as_others_are(tmp_path, wall):
    scene_map = Recording(tmp_path / 'recording', wall).grow(4)
    scene_map.save(tmp_path / 'a.map')
    read = SceneMap.load(tmp_path / 'a.map')
    assert farthest(read, wall[:4:2]) < 0.05


def test_growing_can_be_cancelled_and_goes_on(tmp_path, wall):
    recording = Recording(tmp_path, wall)
    recording.grow(4)
    for frame in recording.frames[4:12]:
        recording._writer.append(frame)
    with pytest.raises(MappingCancelled):
        recording.growing.grow(RecordingSequence(tmp_path), lambda: True)
    assert recording.grow(12).metadata['frames'] == 12
