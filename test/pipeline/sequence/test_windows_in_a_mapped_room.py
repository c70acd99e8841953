# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Windows on the map of the simulated room: joined views are as honest as single ones."""

import cv2
import numpy as np
import pytest
from support.mapped_room import ROUTE
from support.worlds.box_room import drifted

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.pipeline.sequence.joint_localiser import JointLocaliser
from scene_reloc_ros.pipeline.sequence.sequence_window import SequenceWindow

STEP_NS = 400_000_000


def answers_of(localiser, frames, blur_px=0.0):
    """Return the answers of a window to frames of one drive, blurred by so many pixels."""
    window = SequenceWindow(JointLocaliser(localiser))
    odometry = drifted([frame.map_from_cam for frame in frames], np.random.default_rng(0))
    answers = []
    for number, (frame, odom_from_cam) in enumerate(zip(frames, odometry)):
        image = cv2.GaussianBlur(frame.image, (0, 0), blur_px) if blur_px else frame.image
        answers.append(window.localise(number * STEP_NS, image, frame.camera, odom_from_cam))
    return answers, len(window)


@pytest.mark.parametrize('room', ['other0', 'other2'])
def test_a_drive_through_another_room_is_refused_from_end_to_end(room_localiser, room):
    route = open_sequence(f'simulated:survey?room={room}&frames=150')
    answers, remembered = answers_of(room_localiser, [route[40 + 2 * step] for step in range(5)])
    assert not any(found.accepted for found in answers)
    assert remembered >= 3  # they were joined, and still not believed


@pytest.mark.parametrize('start', [14, 38])
def test_a_blurred_drive_is_answered_rightly_or_not_at_all(room_localiser, start):
    route = open_sequence(ROUTE)
    frames = [route[start + 2 * step] for step in range(5)]
    for found, frame in zip(answers_of(room_localiser, frames, 4.8)[0], frames):
        if found.accepted:
            assert float(pose_errors(found.map_from_cam, frame.map_from_cam)[0]) < 0.1
