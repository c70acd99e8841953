# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of mapping images, with the exact rays of the augmented cells."""

from __future__ import annotations

import math

import cv2
import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count
from scene_reloc_ros.mapping.presets import AugmentationOptions


def augment(grey: np.ndarray, camera: Camera, stride: int, rng: np.random.Generator,
            options: AugmentationOptions,
            ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return an augmented view and the rays of its cells in the original camera frame.

    The view is the image zoomed and turned about its centre. Instead of changing the camera the
    pixels of the cells are carried back into the original image, so rays stay exact under any
    distortion and the pose of the frame stays its own.

    Args:
        grey: (H, W) uint8.
        camera: its Camera.
        stride: of the network, pixels.
        rng: numpy generator.
        options: AugmentationOptions.

    Returns:
        view (h, w) uint8, where its cells lie in the original image as pixels
        (rows, columns, 2) and as rays (rows, columns, 3) with z = 1, and a mask (rows, columns)
        of the cells whose centres lie inside it.
    """
    scale = math.exp(rng.uniform(-1, 1) * math.log(options.scale))
    angle = rng.uniform(-1, 1) * options.rotation_deg
    height, width = (max(stride, round(side * scale)) for side in grey.shape)
    view_from_image = cv2.getRotationMatrix2D(
        ((camera.width - 1) / 2, (camera.height - 1) / 2), angle, scale)
    view_from_image[:, 2] += ((width - camera.width) / 2, (height - camera.height) / 2)
    source = cv2.GaussianBlur(grey, (0, 0), 0.4 / scale) if scale < 0.85 else grey
    view = cv2.warpAffine(source, view_from_image, (width, height), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)
    contrast = 1 + rng.uniform(-1, 1) * options.contrast
    shift = 255 * rng.uniform(-1, 1) * options.brightness
    view = cv2.convertScaleAbs(np.maximum(view * contrast + shift, 0))
    pixels = original_pixels(view_from_image, width, height, stride)
    inside = ((pixels >= -0.5) & (pixels <= (camera.width - 0.5, camera.height - 0.5))).all(-1)
    rays = camera.rays(pixels)
    return view, pixels, rays, inside & np.isfinite(rays).all(-1)


def original_pixels(view_from_image: np.ndarray, width: int, height: int,
                    stride: int) -> np.ndarray:
    """Return where the cells' centres (rows, columns, 2) of a view lie in the original image."""
    centres = cell_centres(cell_count(height, stride), cell_count(width, stride), stride)
    image_from_view = cv2.invertAffineTransform(view_from_image)
    return centres.numpy().astype(np.float64) @ image_from_view[:, :2].T + image_from_view[:, 2]
