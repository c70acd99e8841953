# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A recording of a few small frames with known poses, for playing and mapping in tests."""

from dataclasses import replace
import math

import numpy as np

from scene_reloc_ros.datasets.recording import RecordingWriter
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy

CAMERA = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
SHARP_CAMERA = Camera(160, 120, 150.0, 150.0, 79.5, 59.5)
STEP_M = 0.1
PERIOD_NS = 100_000_000


def small_frames(count):
    """Return frames of a camera that moves 10 cm and turns half a degree each time."""
    frames = []
    for index in range(count):
        image = np.full((CAMERA.height, CAMERA.width, 3), 120, np.uint8)
        image[:, :, 1] = index * 10 % 256
        pose = pose_of_rpy((STEP_M * index, 0.0, 1.0), (0.1, 0.0, math.radians(0.5 * index)))
        depth = np.full((CAMERA.height, CAMERA.width), 1.0 + 0.25 * index, np.float32)
        stamp_ns = 1_000_000_000 + index * PERIOD_NS
        frames.append(PosedImage(str(index), stamp_ns, image, CAMERA, pose, depth))
    return frames


def sharp_frames(count):
    """Return larger frames along the same way; their pictures have shapes, sharp to the pixel."""
    shape = SHARP_CAMERA.height, SHARP_CAMERA.width
    frames = []
    for index, frame in enumerate(small_frames(count)):
        rng = np.random.default_rng(index)
        coarse = np.kron(rng.integers(30, 160, (12, 16, 3)), np.ones((10, 10, 1)))
        image = (coarse + rng.integers(0, 80, (*shape, 3))).astype(np.uint8)
        frames.append(replace(frame, camera=SHARP_CAMERA, image=image,
                              depth_m=np.ones(shape, np.float32)))
    return frames


def write_small_recording(folder, count):
    """Write such frames as a recording and return them."""
    frames = small_frames(count)
    writer = RecordingWriter(folder, CAMERA)
    for frame in frames:
        writer.append(frame)
    return frames
