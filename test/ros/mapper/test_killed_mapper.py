# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A mapper node that is killed while it records or trains, and goes on where it was."""

import os
from pathlib import Path
import signal

import numpy as np
import pytest
from support.machine.killed import KILLS
from support.robots.surveyor import Surveyor, TRAINED_S
from support.worlds.wall import wall_frames

from scene_reloc_ros.datasets.recording import RecordingSequence
from scene_reloc_ros.mapping.scene_map import SceneMap

pytestmark = [pytest.mark.ros, pytest.mark.slow]
ROUNDS = max(1, KILLS // 3)
COUNT = 18  # frames of the wall; of more, several maps are made


@pytest.fixture(scope='module')
def frames():
    """Return exact frames along a wall, more than 5 cm apart."""
    return wall_frames(COUNT)


class KilledMapper:
    """A mapper that is started again after each kill."""

    def __init__(self, start_node, folder):
        self._start, self.folder = start_node, folder
        self.begin()

    def begin(self):
        """Start the node."""
        self.node = self._start('scene_reloc_ros.ros.mapper.node', {
            'folder': str(self.folder), 'use_depth': True, 'tf_wait': 0.3, 'niceness': 0,
            'method': 'cells', 'preset': 'fast', 'minutes': 30.0, 'instant_map': 0.5})

    def kill(self):
        """Kill the node alone, not what it has started, and wait for it."""
        os.kill(self.node.process.pid, signal.SIGKILL)
        self.node.process.join()

    @property
    def recording(self):
        """Return the one recording."""
        [place] = (self.folder / 'recordings').iterdir()
        return place


@pytest.fixture(scope='module')
def mapper(start_node, tmp_path_factory):
    """Start a mapper."""
    return KilledMapper(start_node, tmp_path_factory.mktemp('mapper'))


@pytest.fixture(scope='module')
def robot(mapper, bystander, frames):
    """Start a robot."""
    robot = Surveyor(bystander, frames[0])
    yield robot
    robot.close()


def test_a_recording_goes_on_after_each_kill_and_has_all_that_was_acknowledged(
        mapper, robot, frames):
    rng, shown = np.random.default_rng(5), 0
    assert robot.call('start').success
    for _ in range(ROUNDS):
        until = shown + int(rng.integers(2, 5))
        while shown < until:
            robot.drive(frames[shown])
            shown += 1
        robot.frame = frames[shown]  # it may be kept, or not
        robot.wait(rng.uniform(0.0, 0.4))
        mapper.kill()
        count = len(RecordingSequence(mapper.recording))
        assert shown <= count <= shown + 1
        mapper.begin()
        robot.until(lambda: robot.mapper[-1]['state'] == 'idle', 'the node')
        refused = robot.call('train')
        assert not refused.success
        named = f'recording {mapper.recording.name} ({count} key frames, no map)'
        assert f'{named}: call ~/resume' in refused.message
        assert f'{count} key frames so far' in robot.call('resume').message
    for frame in frames[shown:]:
        robot.show(frame)
    robot.until(lambda: robot.mapper[-1]['keyframes'] >= 12, 'enough for a map')


def test_a_kill_while_it_trains_leaves_the_recording_and_no_half_map(mapper, robot, frames):
    before = [path.read_bytes() for path in sorted(mapper.recording.glob('*.txt'))]
    rng = np.random.default_rng(6)
    for _ in range(ROUNDS):
        assert robot.call('train').success
        robot.wait(rng.uniform(0.0, 1.0))
        mapper.kill()
        assert [path.read_bytes() for path in sorted(mapper.recording.glob('*.txt'))] == before
        for path in (mapper.folder / 'maps').glob('*.safetensors'):
            SceneMap.load(path)
        mapper.begin()
        robot.until(lambda: robot.mapper[-1]['state'] == 'idle', 'the node')
        assert robot.call('resume').success
        assert robot.call('stop').success
    begin = len(robot.maps)
    assert robot.call('train').success
    robot.until(lambda: any('.instant' not in path for path in robot.maps[begin:]), 'a map',
                TRAINED_S)
    trained = [path for path in robot.maps[begin:] if '.instant' not in path][-1]
    assert SceneMap.load(Path(trained)).metadata['frames'] >= 12
    assert not list((mapper.folder / 'maps').glob('*.partial'))
