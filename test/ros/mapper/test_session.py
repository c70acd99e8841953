# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Mapping sessions: which frames are key frames, and what lies on disk of them."""

import math

import numpy as np
import pytest
from support.small_recording import small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.session import KeyFrameSelection, MappingSession

OPTIONS = MapperNodeOptions()


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


def test_a_session_writes_nothing_before_its_first_key_frame_and_then_each_of_them(tmp_path):
    session = MappingSession(tmp_path)
    assert len(session) == 0 and not session.recording.exists()
    frames = small_frames(3)
    assert [session.offer(frame, OPTIONS) for frame in (frames[0], *frames)] == [
        True, False, True, True]
    assert len(session) == 3 == len(open_sequence(str(session.recording)))


def test_two_sessions_of_one_second_have_folders_of_their_own(tmp_path):
    sessions = []
    for _ in range(2):
        sessions.append(MappingSession(tmp_path))
        sessions[-1].offer(small_frames(1)[0], OPTIONS)
    assert sessions[0].recording != sessions[1].recording
    assert sessions[0].map_path != sessions[1].map_path


def test_a_discarded_session_leaves_nothing_on_disk(tmp_path):
    session = MappingSession(tmp_path)
    assert session.discard() == 0
    session.offer(small_frames(1)[0], OPTIONS)
    assert session.discard() == 1
    assert not session.recording.exists() and len(session) == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / 'file'
    blocked.write_text('')
    with pytest.raises(ValueError, match='cannot be written .*; set the parameter folder'):
        MappingSession(blocked).offer(small_frames(1)[0], OPTIONS)
