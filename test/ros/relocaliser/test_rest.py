# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A node that waits for a loss costs next to nothing, and misses none; over real DDS."""

import math
import threading
import time

import numpy as np
import pytest
from std_msgs.msg import Bool, Header
from support.places import EXACT_RELOCALISER
from support.robot import CAMERA, MAP_FROM_BASE, ODOM_FROM_BASE
from support.robots.driver import Driver

from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge

pytestmark = [pytest.mark.ros, pytest.mark.alone]
SOON_S = 0.5
SECONDS = 4.0  # while images of a usual size come at 15 Hz
LARGE = CvBridge().cv2_to_imgmsg(np.zeros((480, 640, 3), np.uint8), 'bgr8',
                                 Header(frame_id='camera'))


@pytest.fixture(scope='module')
def resting(start_node, bystander, tmp_path_factory):
    """Start a relocaliser that waits for a loss, and a robot that goes on to send."""
    path = tmp_path_factory.mktemp('map') / 'a.map'
    path.write_text('map')
    process = start_node(EXACT_RELOCALISER, {
        'map': str(path), 'mode': 'on_loss', 'tf_wait': 0.3, 'image_timeout': 1.0,
        'watch_diagnostics': '"wheels*"', 'odometry_gap_limit': 5.0, 'trust_time': 600.0})
    robot = Driver(bystander)
    robot.pid, robot.sends = process.process.pid, threading.Event()
    threads = [threading.Thread(target=send, args=(robot,), daemon=True)
               for send in (send_images, send_transforms)]
    robot.sends.set()
    for thread in threads:
        thread.start()
    yield robot
    robot.arrived.set()
    for thread in (robot.wheels, *threads):
        thread.join(5)


def send_images(robot):
    """Send images of a usual size, and what belongs to them, 15 times a second."""
    while not robot.arrived.wait(1 / 15):
        if robot.sends.is_set():
            LARGE.header.stamp = stamp_message(robot.bystander.now_ns())
            robot.send_info(CAMERA)
            robot.image.publish(LARGE)


def send_transforms(robot):
    """Send odometry on /tf, 50 times a second."""
    while not robot.arrived.wait(1 / 50):
        robot.move(ODOM_FROM_BASE, robot.bystander.now_ns())


def rests(robot):
    """Wait until the robot is localised and images are not looked at."""
    robot.sends.clear()
    robot.bystander.until(
        lambda: robot.ready[-1].data or robot.image.publish(robot.picture(
            MAP_FROM_BASE, robot.bystander.now_ns())), 'ready')
    robot.sends.set()
    time.sleep(0.5)
    assert robot.ready[-1].data


@pytest.mark.slow
def test_it_broadcasts_at_its_rate_while_it_rests(resting):
    rests(resting)
    sent, began_s = len(resting.corrections()), time.time()
    time.sleep(SECONDS)
    assert (len(resting.corrections()) - sent) / (time.time() - began_s) == pytest.approx(
        30, rel=0.1)


def test_a_flag_and_odometry_that_is_none_are_losses_as_soon_as_ever(resting):
    for lose, heal in ((lambda: resting.tracking.publish(Bool(data=False)),
                        lambda: resting.tracking.publish(Bool(data=True))),
                       (lambda: resting.stated.update(pose=ODOM_FROM_BASE * math.nan),
                        resting.stated.clear)):
        rests(resting)
        began_s = time.monotonic()
        lose()
        resting.bystander.until(lambda: not resting.ready[-1].data, 'the loss')
        assert time.monotonic() - began_s < SOON_S
        heal()


def test_a_camera_that_falls_silent_is_noticed_and_one_that_sends_is_not(resting):
    rests(resting)
    begin = len(resting.status)
    time.sleep(2.0)
    assert resting.new(begin) == []  # not a word: images come, and nobody looks at them
    resting.sends.clear()
    told = resting.bystander.until(
        lambda: resting.new(begin, reason='camera_silent'), 'the doubt')[0]
    assert told['tracking'] == 'degraded' and 'no message on /image' in told['sentence']
    resting.bystander.until(
        lambda: resting.new(begin, tracking='localised'), 'sight',
        send=lambda: resting.image.publish(resting.picture(
            MAP_FROM_BASE, resting.bystander.now_ns())))
    assert resting.new(begin, event='lost') == []
