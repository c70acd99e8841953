# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A stream of a camera or rig: single answers as they were, refused ones joined, turned or not."""

from dataclasses import replace

import numpy as np
import pytest
from support.exact_scene import CAMERA
from support.robots.box_relocaliser import picture_of, reading_localiser
from support.worlds.box_room import place, Poverty, walk

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.sequence.joint_localiser import RigImage
from scene_reloc_ros.pipeline.sequence.sequence_window import WindowOptions
from scene_reloc_ros.pipeline.sequence.view_stream import ViewSource, ViewStream
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions

STEP_NS = 300_000_000
POOR = Poverty(3.0, 0.13)
MOUNTS = [place(0.1, 0.2, 0.0), place(-0.1, 0.1, 1.6)]  # rig_from_cam
TRACKED = WindowOptions(odometry=GateOptions(
    drift_m_per_m=0.02, drift_rad_per_rad=0.02, drift_rad_per_m=0.005))


@pytest.fixture
def watch():
    """Return a CameraWatch in the box, which reads the pictures of it."""
    return CameraWatch(reading_localiser())


def drive(stream, poses, asked=None, odometry=None):
    """Return the answers of a stream to poor pictures taken at poses."""
    answers = []
    for number, pose in enumerate(poses):
        def told(number=number):
            if asked is not None:
                asked.append(number)
            return (odometry or poses)[number]
        image = RigImage(picture_of(pose, POOR, number), CAMERA, np.eye(4))
        answers.append(stream.localise(number * STEP_NS, image, told))
    return answers


def test_refused_images_are_answered_together(watch):
    poses = walk(6)
    answers = drive(ViewStream(watch, TRACKED), poses)
    joined = [(found, pose) for found, pose in zip(answers, poses) if found.joined]
    assert joined
    for found, pose in joined:
        assert found.accepted and found.joined.frames >= 2
        assert float(pose_errors(found.map_from_cam, pose)[0]) < 0.05


def test_without_a_window_or_without_odometry_each_image_is_alone(watch):
    poses = walk(4)
    plain = [watch.localise(picture_of(pose, POOR, number), CAMERA)
             for number, pose in enumerate(poses)]
    for answers in (drive(ViewStream(watch), poses),
                    drive(ViewStream(watch, TRACKED), poses, odometry=[None] * 4)):
        assert [found.rejection for found in answers] == [found.rejection for found in plain]
        assert all(found.joined is None for found in answers)


def test_odometry_is_asked_for_refused_images_only(watch):
    asked, stream = [], ViewStream(watch, TRACKED)
    good = RigImage(picture_of(place(), Poverty()), CAMERA, np.eye(4))
    assert stream.localise(0, good, lambda: asked.append(0)).accepted
    assert asked == []
    drive(stream, walk(1), asked)
    assert asked == [0]


def test_what_is_forgotten_is_not_joined(watch):
    poses, stream = walk(6), ViewStream(watch, TRACKED)
    for number, pose in enumerate(poses):
        stream.forget()
        found = stream.localise(number * STEP_NS, RigImage(
            picture_of(pose, POOR, number), CAMERA, np.eye(4)), lambda pose=pose: pose)
        assert found.joined is None


def test_another_map_begins_anew(watch):
    poses, stream = walk(6), ViewStream(watch, TRACKED)
    for number, pose in enumerate(poses):
        watch.localiser = watch.localiser.with_map(watch.localiser.scene_map)
        found = stream.localise(number * STEP_NS, RigImage(
            picture_of(pose, POOR, number), CAMERA, np.eye(4)), lambda pose=pose: pose)
        assert found.joined is None


def test_a_rig_is_one_problem_and_its_refused_moments_are_joined(watch):
    """Two cameras of which one is covered: one moment is refused, some are answered."""
    poses, stream, answers = walk(6), ViewStream(watch, TRACKED), []
    for number, map_from_rig in enumerate(poses):
        seen, covered = (picture_of(map_from_rig @ mount, poverty, number)
                         for mount, poverty in zip(MOUNTS, (POOR, Poverty(1.0, 0.0))))
        covered[1:] //= 40
        images = [RigImage(image, CAMERA, mount)
                  for image, mount in zip((seen, covered), MOUNTS)]
        answers.append(stream.localise_rig(
            number * STEP_NS, images, lambda pose=map_from_rig: pose @ MOUNTS[0]))
    assert not answers[0].accepted
    number, found = next((n, one) for n, one in enumerate(answers) if one.accepted)
    assert found.joined.images == 2 * found.joined.frames >= 4
    truth = poses[number] @ MOUNTS[0]
    assert float(pose_errors(found.map_from_cam, truth)[0]) < 0.05


def test_a_rig_of_which_one_image_came_is_that_camera(watch):
    image = RigImage(picture_of(MOUNTS[1], Poverty(2.0, 0.4)), CAMERA, MOUNTS[1])
    found = ViewStream(watch, TRACKED).localise_rig(0, [image], lambda: None)
    alone = watch.localiser.localise(image.image, CAMERA)
    assert found.accepted and found.joined is None
    assert np.array_equal(found.map_from_cam, alone.map_from_cam)


class TurnedSource:
    """A CameraWatch that has found out that its camera hangs upside down.

    Cells do not see that: the picture is taken as one that stands upright.
    """

    turned = 2

    def __init__(self, watch):
        self.watch, self.localiser = watch, watch.localiser

    def trace(self, image, camera, depth_m=None):
        """Return the trace, whose query is that of the turned picture."""
        turn = np.diag((-1.0, -1.0, 1.0, 1.0))
        trace = self.watch.localiser.trace(image, camera, depth_m)
        found = trace.localisation
        return trace if not found.accepted else replace(trace, localisation=replace(
            found, map_from_cam=found.map_from_cam @ turn))


def test_pictures_that_were_turned_are_joined_in_the_frame_of_the_camera(watch):
    source, poses = TurnedSource(watch), walk(6)
    assert isinstance(source, ViewSource) and isinstance(watch, ViewSource)
    turn = np.diag((-1.0, -1.0, 1.0, 1.0))  # of half a turn about the axis that it looks along
    hanging = [pose @ turn for pose in poses]
    answers = drive(ViewStream(source, TRACKED), poses, odometry=hanging)
    joined = [(found, pose) for found, pose in zip(answers, hanging) if found.joined]
    assert joined
    for found, pose in joined:
        assert float(pose_errors(found.map_from_cam, pose)[0]) < 0.05
        assert float(pose_errors(found.map_from_cam, pose)[1]) < 1.0
