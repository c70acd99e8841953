# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The inside of a box with textured faces, seen exactly: a corridor where it is long."""

import cv2
import numpy as np
import torch

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import se3_exp
from support.worlds.wall import CAMERA

_TEXELS_A_M = 110.0
_FACE = 1600  # texels, repeated by mirroring


def corridor_frames(twists, half=(1.2, 1.4, 7.0), depth=False):
    """Return a frame of a box at each pose, the exponential of a twist (translation, rotation).

    Args:
        twists: poses of the camera from the middle of the box, ahead along z.
        half: half of the box's width, height and length, metres.
        depth: whether frames have their exact depth.
    """
    rng = np.random.default_rng(3)
    faces = [cv2.normalize(cv2.GaussianBlur(rng.integers(0, 256, (_FACE, _FACE), np.uint8),
                                            (0, 0), 3.0), None, 0, 255, cv2.NORM_MINMAX)
             for _ in range(6)]
    v, u = np.mgrid[:CAMERA.height, :CAMERA.width].astype(np.float64)
    rays = CAMERA.rays(np.stack((u, v), -1).reshape(-1, 2))
    return [_frame(number, twist, faces, rays, np.array(half), depth)
            for number, twist in enumerate(twists)]


def _frame(number, twist, faces, rays, half, depth):
    map_from_cam = se3_exp(torch.tensor(twist).double()).numpy()
    directions = rays @ map_from_cam[:3, :3].T
    centre = map_from_cam[:3, 3]
    with np.errstate(divide='ignore'):
        away = (np.sign(directions) * half - centre) / directions
    axis = np.nanargmin(np.where(away > 0, away, np.inf), 1)
    distance = away[np.arange(len(rays)), axis]
    points = directions * distance[:, None] + centre
    image = np.zeros(len(rays), np.uint8)
    for one in range(3):
        others = [other for other in range(3) if other != one]
        for side in (0, 1):
            seen = (axis == one) & ((directions[:, one] > 0) == bool(side))
            at = (points[seen][:, others] * _TEXELS_A_M + _FACE / 2).astype(np.float32)
            if len(at):
                image[seen] = cv2.remap(faces[2 * one + side], at[:, :1], at[:, 1:],
                                        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)[:, 0]
    shape = CAMERA.height, CAMERA.width
    depth_m = (rays[:, 2] * distance).reshape(shape).astype(np.float32) if depth else None
    return PosedImage(f'frame-{number:03d}', number * 33_000_000, image.reshape(shape), CAMERA,
                      map_from_cam, depth_m)
