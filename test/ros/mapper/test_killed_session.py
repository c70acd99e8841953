# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A recorder that is killed at any moment: nothing acknowledged is lost, and it goes on."""

import numpy as np
import pytest
from support.machine.killed import KilledRecorder, KILLS

from scene_reloc_ros.datasets.recording import RecordingSequence
from scene_reloc_ros.ros.mapper.stored_recordings import recording_of, recording_to_resume

pytestmark = pytest.mark.slow


def readable(folder, name):
    """Return the stamps of a recording, all of whose frames can be read and have a pose."""
    sequence = RecordingSequence(recording_of(folder, name))
    for index in range(len(sequence)):
        frame = sequence[index]
        assert frame.map_from_cam is not None and frame.depth_m is not None, frame.name
    return [sequence.stamp_ns(index) for index in range(len(sequence))]


def test_every_key_frame_that_was_acknowledged_is_there_after_each_kill(tmp_path):
    rng, name, acknowledged = np.random.default_rng(0), '', set()
    for _ in range(KILLS):
        recorder = KilledRecorder(tmp_path, name)
        assert recorder.begun_with >= len(acknowledged)
        told = recorder.acknowledged_until_killed(rng.uniform(0, 0.3))
        acknowledged.update(stamp for stamp, _ in told)
        name = recording_to_resume(str(tmp_path), '')
        assert name == recorder.name
        stamps = readable(tmp_path, name)
        assert acknowledged <= set(stamps) and len(stamps) <= len(acknowledged) + KILLS


def test_a_kill_while_it_thins_leaves_a_recording_that_is_whole(tmp_path):
    rng, name = np.random.default_rng(1), ''
    for _ in range(KILLS):
        recorder = KilledRecorder(tmp_path, name, max_frames=12)
        told = recorder.acknowledged_until_killed(rng.uniform(0, 0.5), least=15)
        name = recorder.name
        stamps = readable(tmp_path, name)
        assert told[-1][1] - 1 <= len(stamps) <= 13
