# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Points that a hand-held camera sees from view to view, without pictures: exact but for noise."""

import numpy as np
import torch

from scene_reloc_ros.datasets.time_shift import PoseTrack
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

CAMERA = Camera(640, 480, 525.0, 525.0, 319.5, 239.5)
FRAMES, RATE_HZ = 40, 30.0
_APART = (2, 5, 9)


def true_pose(seconds, rng_seed=0):
    """Return map_from_cam (4, 4) of a camera that sways: a function of time, not of frames."""
    phases = np.random.default_rng(rng_seed).uniform(0, 2 * np.pi, 6)
    rates = np.array((3.1, 2.3, 2.7, 4.9, 5.7, 4.1))
    sizes = np.array((0.3, 0.2, 0.25, 0.12, 0.2, 0.1))
    twist = sizes * np.sin(rates * seconds + phases)
    return se3_exp(torch.from_numpy(twist)).numpy()


def stamps_ns(frames=FRAMES):
    """Return the stamps (F,) of pictures at 30 Hz."""
    return np.array([round(index * 1e9 / RATE_HZ) for index in range(frames)], np.int64)


def poses_at(offset_s=0.0, seed=0, frames=FRAMES):
    """Return map_from_cam (F, 4, 4) a while after the stamps."""
    return np.stack([true_pose(stamp / 1e9 + offset_s, seed) for stamp in stamps_ns(frames)])


def track_of(poses):
    """Return the track of poses (F, 4, 4) that were recorded at the stamps of the pictures."""
    return PoseTrack(stamps_ns(len(poses)), poses)


def shared_points(poses, noise_px=0.4, seed=0, points=24):
    """Return the ViewPairs of points 1.5 to 4 m before the first view of each pair, with depth."""
    rng = np.random.default_rng(seed)
    frames, numbers, first, second, depths = [], [], [], [], []
    for i in range(len(poses)):
        for j in (i + apart for apart in _APART if i + apart < len(poses)):
            z = rng.uniform(1.5, 4.0, points)
            plane = rng.uniform(-0.5, 0.5, (points, 2)) * (1.2, 0.9)
            seen = np.c_[plane * z[:, None], z]
            other_from_one = np.linalg.inv(poses[j]) @ poses[i]
            there = seen @ other_from_one[:3, :3].T + other_from_one[:3, 3]
            moved = there[:, :2] / there[:, 2:]
            moved += rng.normal(0, noise_px / CAMERA.fx, moved.shape)
            numbers.append(np.full(points, len(frames)))
            frames.append((i, j))
            first.append(plane)
            second.append(moved)
            depths.append(z)
    return ViewPairs(np.array(frames), *(np.concatenate(part) for part in (
        numbers, first, second, depths)), CAMERA, 50.0)
