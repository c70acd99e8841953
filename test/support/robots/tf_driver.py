# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A robot whose odometry comes on /tf alone, or does not come yet."""

import threading

from geometry_msgs.msg import PoseWithCovarianceStamped

from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE, Robot

PERIOD_S = 0.04


class TransformDriver(Robot):
    """A robot that broadcasts its odometry steadily while it ``goes``."""

    def __init__(self, bystander, goes=True):
        self.stands, self.goes, self.arrived = ODOM_FROM_BASE, goes, threading.Event()
        self.initial = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/initialpose')
        self.wheels = threading.Thread(target=self.go_on, daemon=True)
        super().__init__(bystander)
        self.wheels.start()

    def sees_everything(self):
        """Send one of everything; tells whether all but odometry has arrived."""
        self.announce()
        return self.look()['reason'] in ('accepted', 'no_odometry')

    def go_on(self):
        """Broadcast odometry until the test is over."""
        while not self.arrived.wait(PERIOD_S):
            if self.goes:
                self.move(self.stands, self.bystander.now_ns())

    def look(self, map_from_base=MAP_FROM_BASE):
        """See an image and return the status for it; odometry goes on by itself."""
        return self.see(map_from_base, self.stands if self.goes else None)

    def localised(self, map_from_base=MAP_FROM_BASE):
        """See until the robot is localised there."""
        self.bystander.until(lambda: self.look(map_from_base)['reason'] == 'accepted', 'a pose')
        self.bystander.until(lambda: self.ready[-1].data, 'ready')

    def new(self, begin, **fields):
        """Return the statuses since ``begin`` that have these fields."""
        return [s for s in self.status[begin:] if all(s[k] == v for k, v in fields.items())]

    def stop(self):
        """End the thread."""
        self.arrived.set()
        self.wheels.join(5)
