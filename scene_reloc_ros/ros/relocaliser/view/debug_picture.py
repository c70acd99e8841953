# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The picture of the camera with the points that were found in it, state and reason."""

from __future__ import annotations

import cv2
import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.ros.relocaliser.view.caption import Caption, Colour

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SEEN: Colour = (80, 255, 80)  # where the picture has a point
_EXPECTED: Colour = (255, 90, 220)  # where the pose puts it
_REFUSED: Colour = (255, 160, 40)  # points that agreed, but too few of them
_TEXT: Colour = (255, 255, 255)
_OF_WIDTH = 640  # pixels of a picture that letters and circles are made for
_LETTER = 0.5  # size of letters there, of those of OpenCV
_DARKENED = 0.35  # brightness that is left behind the text
_FAR_PX = 1e4  # beyond it OpenCV draws no line


def draw_debug_picture(image: np.ndarray, camera: Camera, found: Localisation, accepted: bool,
                       caption: Caption) -> np.ndarray:
    """Return a BGR copy of an image with what the localiser found in it.

    A ring for every inlier; of an accepted pose also a dot where the pose puts its scene point,
    and a line between them: what is left to explain. Above them state and reason.

    Args:
        image: (H, W) grey or (H, W, 3) BGR.
        camera: of the image.
        found: in it.
        accepted: whether the pose is published.
        caption: what the text says.
    """
    picture = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    scale = picture.shape[1] / _OF_WIDTH
    radius, width = max(2, round(4 * scale)), max(1, round(scale))
    colour = _SEEN if accepted else _REFUSED
    for pixel in _whole(found.inlier_pixels):
        cv2.circle(picture, pixel, radius, colour[::-1], width, cv2.LINE_AA)
    if accepted and found.map_from_cam is not None:
        expected = reprojected(found.map_from_cam, camera, found.inlier_points)
        drawn = np.isfinite(expected).all(1) & (np.abs(expected) < _FAR_PX).all(1)
        for start, end in zip(_whole(found.inlier_pixels[drawn]), _whole(expected[drawn])):
            cv2.line(picture, start, end, _EXPECTED[::-1], width, cv2.LINE_AA)
            cv2.circle(picture, end, max(1, radius // 3), _EXPECTED[::-1], -1, cv2.LINE_AA)
    _write(picture, caption, scale)
    return picture


def reprojected(map_from_cam: np.ndarray, camera: Camera, points: np.ndarray) -> np.ndarray:
    """Return the pixels (K, 2) of points (K, 3) of the map, NaN behind the camera."""
    if not len(points):
        return np.zeros((0, 2))
    cam_from_map = invert_pose(np.asarray(map_from_cam, np.float64))
    return camera.project(points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3])


def _whole(pixels: np.ndarray) -> list[tuple[int, int]]:
    """Return pixels (K, 2) as OpenCV takes them."""
    return [(int(u), int(v)) for u, v in np.rint(np.asarray(pixels)).astype(int)]


def _write(picture: np.ndarray, caption: Caption, scale: float) -> None:
    """Write a caption over the top of a picture, which is darkened there."""
    letter, bold = max(0.25, _LETTER * scale), max(1, round(1.5 * scale))
    step = round(38 * letter)
    per_character = cv2.getTextSize('n' * 40, _FONT, letter, 1)[0][0] / 40
    lines = caption.lines(max(8, int(0.95 * picture.shape[1] / per_character)))
    bottom = min(picture.shape[0], round(step * (1.45 + len(lines))))
    picture[:bottom] = (picture[:bottom] * _DARKENED).astype(np.uint8)
    left = max(2, round(8 * scale))
    cv2.putText(picture, caption.state.upper(), (left, step), _FONT, 1.2 * letter,
                caption.colour[::-1], bold, cv2.LINE_AA)
    for number, line in enumerate(lines):
        cv2.putText(picture, line, (left, step * (2 + number)), _FONT, letter, _TEXT,
                    max(1, bold - 1), cv2.LINE_AA)
