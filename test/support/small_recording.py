# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A recording of a few small frames with known poses, for playing and mapping in tests."""

import math

import numpy as np

from scene_reloc_ros.datasets.recording import RecordingWriter
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

CAMERA = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
STEP_M = 0.1
PERIOD_NS = 100_000_000


def small_frames(count):
    """Return frames of a camera that moves 10 cm and turns half a degree each time."""
    frames = []
    for index in range(count):
        image = np.full((CAMERA.height, CAMERA.width, 3), 40, np.uint8)
        image[:, :, 1] = index * 10
        pose = pose_of_rpy((STEP_M * index, 0.0, 1.0), (0.1, 0.0, math.radians(0.5 * index)))
        depth = np.full((CAMERA.height, CAMERA.width), 1.0 + 0.25 * index, np.float32)
        stamp_ns = 1_000_000_000 + index * PERIOD_NS
        frames.append(PosedImage(str(index), stamp_ns, image, CAMERA, pose, depth))
    return frames


def write_small_recording(folder, count):
    """Write such frames as a recording and return them."""
    frames = small_frames(count)
    writer = RecordingWriter(folder, CAMERA)
    for frame in frames:
        writer.append(frame)
    return frames
