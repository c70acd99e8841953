# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From a camera image to the network's input: grey, 480 pixels high, and its camera."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera, refuse_unusable_size
from scene_reloc_ros.geometry.posed_image import PosedImage

WORKING_HEIGHT = 480  # pixels


def grey_image(image: np.ndarray) -> np.ndarray:
    """Return an (H, W) uint8 image of a BGR or grey one; ValueError for anything else."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(f'image has type {image.dtype}; expected uint8')
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    raise ValueError(f'image has shape {image.shape}; expected (H, W) or (H, W, 3) in BGR')


def working_focal_px(camera: Camera) -> float:
    """Return the focal length, pixels, of the working images of a camera whose pictures stand."""
    return camera.focal * WORKING_HEIGHT / camera.height


def working_height(camera: Camera, known: Camera) -> int:
    """Return the height, pixels, of the working images of a camera.

    Pictures that were turned on their side would be seen smaller than those of a map: they get
    the scale of its camera (``known``).
    """
    if camera.turned % 2 == 0:
        return WORKING_HEIGHT
    height = camera.height * working_focal_px(known) / camera.focal
    return round(min(max(height, WORKING_HEIGHT / 2), 2 * WORKING_HEIGHT))


def working_image(image: np.ndarray, camera: Camera,
                  height: int = WORKING_HEIGHT) -> tuple[np.ndarray, Camera]:
    """Return the grey image resized to a height in pixels, and the camera that fits it.

    Raises ValueError where the image has not the size that the camera was calibrated for, or is
    too small or too narrow to show a place.
    """
    grey = grey_image(image)
    if grey.shape != (camera.height, camera.width):
        raise ValueError(f'image is {grey.shape[1]}x{grey.shape[0]}, but its camera is calibrated '
                         f'for {camera.width}x{camera.height}; publish the matching camera_info')
    if grey.shape[0] == height:
        return grey, camera
    refuse_unusable_size(camera)  # made so high, a strip would be enormous
    width = round(grey.shape[1] * height / grey.shape[0])
    shrinks = height < grey.shape[0]
    resized = cv2.resize(grey, (width, height),
                         interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized, camera.scaled(width, height)


def working_frame(frame: PosedImage) -> tuple[np.ndarray, Camera]:
    """Return the working image of a frame and its camera; ValueError names the frame."""
    try:
        return working_image(frame.image, frame.camera)
    except ValueError as error:
        raise ValueError(f'frame {frame.name}: {error}') from error


def network_input(grey: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return a grey (H, W) uint8 image as a (1, 1, H, W) float tensor in [0, 1]."""
    tensor = torch.from_numpy(np.ascontiguousarray(grey)).to(device)
    return tensor[None, None].float() / 255
