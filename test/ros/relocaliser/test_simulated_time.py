# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Two hours of simulated time in fifty loops of a bag: every loop is a new beginning."""

from pathlib import Path

import pytest
from rosgraph_msgs.msg import Clock
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, Robot

from scene_reloc_ros.ros.bridge.conversions import stamp_message

pytestmark = [pytest.mark.ros, pytest.mark.slow]
SECOND = 1_000_000_000
LOOPS, LOOP_S = 50, 144  # two hours
GROWTH_MB = 20


class SimulatedTime:
    """The bystander, on a clock that the test sets."""

    def __init__(self, bystander):
        self._bystander, self.time_ns = bystander, SECOND
        self.clock = bystander.publisher(Clock, '/clock')

    def __getattr__(self, name):
        return getattr(self._bystander, name)

    def now_ns(self):
        """Move the clock on by a tenth of a second; return what it shows."""
        self.set(self.time_ns + SECOND // 10)
        return self.time_ns

    def set(self, time_ns):
        """Set the clock."""
        self.time_ns = time_ns
        self.clock.publish(Clock(clock=stamp_message(time_ns)))


def memory_mb(pid):
    """Return the resident memory of a process."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    return int(next(line for line in lines if line.startswith('VmRSS')).split()[1]) / 1024


def test_every_loop_of_a_bag_is_localised_anew_and_nothing_grows(
        start_node, bystander, tmp_path):
    (tmp_path / 'a.map').write_text('map')
    process = start_node(EXACT_RELOCALISER, {
        'map': str(tmp_path / 'a.map'), 'use_sim_time': True, 'tf_wait': 0.3})
    robot = Robot(SimulatedTime(bystander))
    begun = []
    for loop in range(LOOPS):
        if loop == 5:
            before_mb = memory_mb(process.process.pid)
        robot.bystander.set(SECOND)  # back to the beginning
        if loop:
            robot.bystander.until(lambda: not robot.ready[-1].data, 'the end of what was known')
        robot.announce()
        begin = len(robot.status)
        robot.bystander.until(lambda: robot.see(MAP_FROM_BASE)['reason'] == 'accepted', 'a pose')
        robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
        for part in range(1, 4):
            robot.bystander.set(SECOND + part * LOOP_S * SECOND // 4)
            assert robot.see(MAP_FROM_BASE)['reason'] == 'accepted'
        begun += [s for s in robot.status[begin:] if s['event'] == 'localised']
    assert len(begun) == LOOPS
    assert memory_mb(process.process.pid) - before_mb < GROWTH_MB
    log = process.log.read_text()
    assert log.count('time has jumped back') == LOOPS - 1 and 'failed' not in log
