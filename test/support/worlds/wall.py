# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A textured wall, seen by a camera that walks along it."""

import cv2
import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_exp
from scene_reloc_ros.pipeline.localiser import Localiser

CAMERA = Camera(120, 240, 250.0, 250.0, 59.5, 119.5)  # few cells: queries are quick
WALL_M = 3.0  # depth of a textured wall before the first camera


def wall_frames(count, depth=True, blur=2.0, seed=0):
    """Return frames of a camera that walks along a wall, each exact in image, pose and depth."""
    twists = [[1.5 * number / count, 0.02 * number % 0.1, 0.0, 0.0, 0.2 * np.sin(number / 3), 0.0]
              for number in range(count)]
    return frames_of_wall(twists, depth, blur, seed)


def turning_frames(count, depth=False, blur=2.0):
    """Return frames of a camera that turns in one spot, of a wall."""
    twists = [[0.0, 0.0, 0.0, 0.15 * np.sin(number / 5), 0.5 * np.sin(number / 8), 0.0]
              for number in range(count)]
    return frames_of_wall(twists, depth, blur)


def frames_of_wall(twists, depth=True, blur=2.0, seed=0):
    """Return a frame of a wall at each pose: exp of a twist (translation, rotation)."""
    rng = np.random.default_rng(seed)
    wall = cv2.GaussianBlur(rng.integers(0, 256, (400, 1200), np.uint8), (0, 0), blur)
    wall = cv2.normalize(wall, None, 0, 255, cv2.NORM_MINMAX)
    v, u = np.mgrid[:CAMERA.height, :CAMERA.width].astype(np.float64)
    rays = CAMERA.rays(np.stack((u, v), -1).reshape(-1, 2))
    frames = []
    for number, twist in enumerate(twists):
        map_from_cam = se3_exp(torch.tensor(twist).double()).numpy()
        directions = rays @ map_from_cam[:3, :3].T
        away = (WALL_M - map_from_cam[2, 3]) / directions[:, 2]
        points = directions * away[:, None] + map_from_cam[:3, 3]
        at = ((points[:, :2] + (2.5, 1.8)) * 110).astype(np.float32).reshape(240, 120, 2)
        image = cv2.remap(wall, at[..., 0], at[..., 1], cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT)
        depth_m = (rays[:, 2] * away).reshape(240, 120).astype(np.float32) if depth else None
        frames.append(PosedImage(f'frame-{number:03d}', number * 33_000_000, image, CAMERA,
                                 map_from_cam, depth_m))
    return frames


def best_errors(scene_map, frames, depth=False):
    """Return metres and degrees (F,) of the best poses of frames, infinite without one."""
    localiser = Localiser(scene_map, device='cpu')
    traces = [localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
              for frame in frames]
    return np.array([(np.inf, np.inf) if trace.pose is None else
                     tuple(map(float, pose_errors(trace.pose.map_from_cam, frame.map_from_cam)))
                     for trace, frame in zip(traces, frames)]).T
