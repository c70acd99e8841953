# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A robot whose odometry comes on a topic too, and tells what a test wants it to tell."""

import threading
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
import numpy as np
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_msgs.msg import Bool, Header

from scene_reloc_ros.ros.bridge.conversions import pose_message, stamp_message
from support.bystander import BEST_EFFORT
from support.robot import MAP_FROM_BASE, ODOM_FROM_BASE, Robot

PERIOD_S = 0.04
STATED = np.diag([1e-3, 1e-3, 1e6, 1e6, 1e6, 3e-2])  # of wheels: z, roll, pitch are unknown


class Driver(Robot):
    """A robot that tells its odometry on a topic too."""

    def __init__(self, bystander, odometry='odom'):
        self.odom = bystander.publisher(Odometry, odometry, BEST_EFFORT)
        self.tracking = bystander.publisher(Bool, 'tracking_ok')
        self.diagnostics = bystander.publisher(DiagnosticArray, '/diagnostics')
        self.initial = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/initialpose')
        self.reports = bystander.listen(DiagnosticArray, '/diagnostics')
        self.hints = bystander.publisher(PoseWithCovarianceStamped, 'initialpose')
        self.stands = ODOM_FROM_BASE  # where odometry has it
        self.stated, self.arrived = {}, threading.Event()
        super().__init__(bystander)
        self.wheels = threading.Thread(target=self.go_on, daemon=True)
        self.wheels.start()

    def tell(self, pose=None, covariance=STATED, orientation=None):
        """Send one message of odometry."""
        message = Odometry(child_frame_id='base_link', header=Header(
            frame_id='odom', stamp=stamp_message(self.bystander.now_ns())))
        message.pose.pose = pose_message(self.stands if pose is None else pose)
        if orientation is not None:
            message.pose.pose.orientation = orientation
        message.pose.covariance = np.asarray(covariance).reshape(-1)
        self.odom.publish(message)

    def go_on(self):
        """Tell odometry until the test is over, as ``stated`` says; None: be silent."""
        while not self.arrived.wait(PERIOD_S):
            if self.stated is not None:
                self.tell(**self.stated)

    def leave(self):
        """Tell nothing more."""
        self.arrived.set()
        self.wheels.join(5)

    def lose(self):
        """Lose track and give it back: the robot is no longer localised."""
        self.tracking.publish(Bool(data=False))
        self.bystander.until(lambda: not self.ready[-1].data, 'the loss')
        self.tracking.publish(Bool(data=True))

    def report(self, level):
        """Send diagnostics of a wheel."""
        self.diagnostics.publish(DiagnosticArray(status=[
            DiagnosticStatus(name='wheels: left', level=level, message='slips'),
            DiagnosticStatus(name='arm: elbow', level=DiagnosticStatus.ERROR)]))

    def localised(self, map_from_base=MAP_FROM_BASE):
        """See until the robot is localised there."""
        self.bystander.until(lambda: self.see(map_from_base)['reason'] == 'accepted', 'a pose')
        status = self.status[-1]
        assert (status['state'], status['tracking'], status['doubt']) == (
            'localised', 'localised', None)
        self.bystander.until(lambda: self.ready[-1].data, 'ready')

    def show(self, count):
        """Send images for whose answers nobody waits; returns how many were answered."""
        sent = {self.show_once(MAP_FROM_BASE) for _ in range(count)}
        time.sleep(0.2)  # for the answer to the last one
        return sum(status['stamp_ns'] in sent for status in self.status)

    def show_once(self, map_from_base):
        """Send an image for whose answer nobody waits; returns its stamp."""
        stamp_ns = self.bystander.now_ns()
        self.move(ODOM_FROM_BASE, stamp_ns)
        self.image.publish(self.picture(map_from_base, stamp_ns))
        time.sleep(0.06)
        return stamp_ns

    def new(self, begin, **fields):
        """Return the statuses since ``begin`` that have these fields."""
        return [s for s in self.status[begin:] if all(s[k] == v for k, v in fields.items())]

    def heard(self, level, words):
        """Tell whether the newest diagnosis of the relocaliser is so."""
        own = [s for array in self.reports for s in array.status if 'relocaliser' in s.name]
        return bool(own) and own[-1].level == level and words in own[-1].message

    def set(self, **values):
        """Set parameters."""
        parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        answer = self.bystander.call(SetParameters, '/relocaliser/set_parameters',
                                     parameters=parameters)
        assert all(result.successful for result in answer.results), answer.results
