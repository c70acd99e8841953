# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Quarter turns of a picture: its camera, and the pose of the untouched camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scene_reloc_ros.geometry.camera import Camera

_TANGENTIAL = 2  # where p1 stands among the coefficients of a polynomial model; p2 follows


def turned_image(image: np.ndarray, quarters: int) -> np.ndarray:
    """Return an image (H, W, ...) turned clockwise by quarters of a turn."""
    return np.ascontiguousarray(np.rot90(image, -quarters))


def turned_camera(camera: Camera, quarters: int) -> Camera:
    """Return the camera of the pictures of ``camera`` after ``turned_image``."""
    for _ in range(quarters % 4):
        camera = _quarter(camera)
    return camera


def _quarter(camera: Camera) -> Camera:
    """Return the camera of pictures turned by one quarter: (u, v) goes to (height - 1 - v, u)."""
    distortion = list(camera.distortion)
    if camera.distortion_model in ('plumb_bob', 'rational_polynomial'):
        p1, p2 = distortion[_TANGENTIAL:_TANGENTIAL + 2]
        distortion[_TANGENTIAL:_TANGENTIAL + 2] = p2, -p1
    return replace(camera, width=camera.height, height=camera.width, fx=camera.fy, fy=camera.fx,
                   cx=camera.height - 1 - camera.cy, cy=camera.cx, distortion=tuple(distortion),
                   turned=(camera.turned + 1) % 4)


def turned_pixels(pixels: np.ndarray, camera: Camera) -> np.ndarray:
    """Return pixels (N, 2) of a turned camera's picture as those of the picture that came."""
    for _ in range(-camera.turned % 4):
        pixels = np.stack((camera.height - 1 - pixels[:, 1], pixels[:, 0]), 1)
        camera = _quarter(camera)
    return pixels.astype(np.float32)


def turned_from_upright(quarters: int) -> np.ndarray:
    """Return the pose (4, 4) of the untouched camera's frame in that of the turned picture."""
    pose = np.eye(4)
    for _ in range(quarters % 4):
        pose = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ pose
    return pose
