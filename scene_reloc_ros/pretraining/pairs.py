# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training pairs: two views of one image under random homographies and photometric change."""

from dataclasses import dataclass
import math

import cv2
import numpy as np

from scene_reloc_ros.pretraining.procedural_images import noise_texture


@dataclass(frozen=True)
class PairOptions:
    """How much two views of a pair differ."""

    crop: int = 192  # side of a view, pixels
    scale: float = 2.0  # largest zoom between image and view, ratio
    rotation: float = math.radians(30)  # largest in-plane rotation, rad
    perspective: float = 0.15  # largest shift of a corner, share of the crop
    gain: float = 0.5  # largest change of contrast, natural logarithm
    offset: float = 0.2  # largest shift of brightness, of 1
    gamma: float = 0.5  # largest change of gamma, natural logarithm
    noise: float = 0.04  # largest standard deviation of sensor noise, of 1
    blur: float = 1.5  # largest standard deviation of defocus, pixels


def random_homography(rng, height, width, options):
    """Return view_from_image (3, 3): a view of options.crop pixels somewhere in the image."""
    side = options.crop
    scale = math.exp(rng.uniform(-1, 1) * math.log(options.scale))
    angle = rng.uniform(-1, 1) * options.rotation
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)), np.float64) * (side / 2)
    shift = rng.uniform(-1, 1, (4, 2)) * options.perspective * side
    turn = np.array(((math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))))
    quad = (corners + shift) @ turn.T / scale
    reach = np.abs(quad).max(0)
    span = np.array((width, height), np.float64)
    centre = rng.uniform(np.minimum(reach, span / 2), np.maximum(span - reach, span / 2))
    target = corners + side / 2 - 0.5
    return cv2.getPerspectiveTransform((quad + centre).astype(np.float32),
                                       target.astype(np.float32))


def photometric_change(rng, view, options):
    """Return a (H, W) float32 view in [0, 1] with another light, blur and noise."""
    changed = view * math.exp(rng.uniform(-1, 1) * options.gain)
    changed = changed + rng.uniform(-1, 1) * options.offset
    if rng.random() < 0.4:  # a soft shadow or a patch of light
        shade = cv2.resize(noise_texture(rng, 24, 24, 2.0), view.shape[::-1])
        changed = changed * (1 + rng.uniform(-0.7, 0.7) * shade)
    changed = np.clip(changed, 0, 1) ** math.exp(rng.uniform(-1, 1) * options.gamma)
    kind = rng.random()
    if kind < 0.3:
        changed = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.3, options.blur))
    elif kind < 0.45:
        changed = _motion_blur(rng, changed)
    deviation = rng.uniform(0, options.noise)
    changed = changed + deviation * rng.standard_normal(view.shape, dtype=np.float32)
    return np.clip(changed, 0, 1).astype(np.float32)


def _motion_blur(rng, view):
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    angle, middle = rng.uniform(0, math.pi), (length - 1) / 2
    for step in np.linspace(-middle, middle, 4 * length):
        row = int(round(middle + step * math.sin(angle)))
        column = int(round(middle + step * math.cos(angle)))
        kernel[row, column] += 1
    return cv2.filter2D(view, -1, kernel / kernel.sum())


def make_pair(rng, image, options=PairOptions()):
    """Return view_a, view_b (crop, crop) float32 in [0, 1] and b_from_a (3, 3) in pixels.

    Both views zoom about the same point of the image, so that they overlap.
    """
    height, width = image.shape
    a_from_image = random_homography(rng, height, width, options)
    side = options.crop
    overlap = np.linalg.inv(a_from_image) @ np.array((side / 2, side / 2, 1.0))
    b_from_image = random_homography(rng, height, width, options)
    jitter = rng.uniform(-0.25, 0.25, 2) * side
    seen_at = b_from_image @ overlap
    move = np.eye(3)
    move[:2, 2] = np.array((side / 2, side / 2)) + jitter - seen_at[:2] / seen_at[2]
    b_from_image = move @ b_from_image
    views = [_view(rng, image, h, options) for h in (a_from_image, b_from_image)]
    return views[0], views[1], b_from_image @ np.linalg.inv(a_from_image)


def _view(rng, image, view_from_image, options):
    side = options.crop
    # area-like filtering where the view shrinks the image: blur first, then sample
    shrink = 1 / math.sqrt(max(abs(np.linalg.det(view_from_image / view_from_image[2, 2])), 1e-6))
    source = cv2.GaussianBlur(image, (0, 0), 0.45 * shrink) if shrink > 1.2 else image
    view = cv2.warpPerspective(source, view_from_image, (side, side), flags=cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REFLECT_101)
    return photometric_change(rng, view.astype(np.float32) / 255, options)


def correspondences(rng, b_from_a, options, count, margin=4):
    """Draw pixels in view a and where they lie in view b, both (N, 2) with N <= count."""
    side = options.crop
    pixels_a = rng.uniform(margin, side - 1 - margin, (4 * count, 2))
    homogeneous = np.c_[pixels_a, np.ones(len(pixels_a))] @ b_from_a.T
    pixels_b = homogeneous[:, :2] / homogeneous[:, 2:]
    inside = ((homogeneous[:, 2] > 0) & (pixels_b >= margin).all(1)
              & (pixels_b <= side - 1 - margin).all(1))
    return pixels_a[inside][:count], pixels_b[inside][:count]
