# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a tree asks of a pixel: differences of colours and depths at two points beside it.

Where depth is known the points move with it, so that a test sees the same surface from near and
from far (Shotton et al., CVPR 2013); without depth they stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch

DEPTH = 3  # the channel after blue, green and red
_TESTS = 200
_DEPTH_SHARE = 0.25  # of the tests, that compare depths
_RADII_PX = (3.0, 130.0)  # of the points about a pixel one metre away, pixels
_RADII_FOCAL_PX = 525.0  # of the camera that these radii are for, pixels
_USUAL_DEPTH_M = 2.0  # of what a camera sees indoors, where depth is not known, metres
_NEAREST_M = 0.25  # a depth below it moves points no further out, metres
_UNKNOWN_M = 20.0  # stands for a depth that is not known: farther than any that a sensor measures
_BLUR_PX = 1.5  # standard deviation: a point sees more than the noise of one pixel, pixels
_MEAN_LEVEL = 100.0  # to which images are brightened or darkened, so that exposure hardly matters


@dataclass(frozen=True)
class PixelTests:
    """T tests; the first point's value less the second's is a pixel's response."""

    offsets: np.ndarray  # (T, 2, 2) float32 u and v of both points, pixels (at 1 m, if scaled)
    channels: np.ndarray  # (T, 2) uint8: 0, 1, 2 blue, green and red, 3 depth
    depth_scaled: bool  # whether offsets are divided by the pixel's depth
    focal_px: float  # of the camera that the offsets are for, pixels
    blur_px: float = _BLUR_PX  # standard deviation, for that camera too, pixels

    @classmethod
    def draw(cls, rng: np.random.Generator, focal_px: float, depth_scaled: bool,
             count: int = _TESTS) -> PixelTests:
        """Draw tests for a camera; those that scale with depth also compare depths.

        Args:
            rng: numpy generator.
            focal_px: focal length of the camera, pixels.
            depth_scaled: whether the depth of every pixel will be known.
            count: number of tests.
        """
        # an angle has to be as wide whatever the camera's resolution
        scale = focal_px / _RADII_FOCAL_PX / (1.0 if depth_scaled else _USUAL_DEPTH_M)
        low, high = np.log(_RADII_PX)
        radii = np.exp(rng.uniform(low, high, (count, 2))) * scale
        angles = rng.uniform(0, 2 * np.pi, (count, 2))
        offsets = np.stack((radii * np.cos(angles), radii * np.sin(angles)), -1)
        channels = rng.integers(0, DEPTH, (count, 2))
        if depth_scaled:
            channels[:round(_DEPTH_SHARE * count)] = DEPTH
        return cls(offsets.astype(np.float32), channels.astype(np.uint8), depth_scaled,
                   float(focal_px))

    def __len__(self) -> int:
        """Return the number of tests."""
        return len(self.offsets)

    def seen_with(self, focal_px: float) -> PixelTests:
        """Return the same tests for a camera of another focal length, pixels."""
        scale = focal_px / self.focal_px
        return replace(self, offsets=self.offsets * np.float32(scale), focal_px=float(focal_px),
                       blur_px=self.blur_px * scale)

    def responses(self, image: np.ndarray, depth_m: np.ndarray | None, pixels: np.ndarray,
                  depths: np.ndarray) -> np.ndarray:
        """Return (N, T) float32 what the tests say of pixels: colour levels, or metres.

        A point outside the image is read at its border.

        Args:
            image: (H, W, 3) uint8 BGR, or (H, W) grey, whose channels are all the same.
            depth_m: (h, w) metres along z, 0 where unknown; None if no test needs it.
            pixels: (N, 2) int u and v.
            depths: (N,) metres of the pixels; unused where offsets are fixed.
        """
        planes = self._planes(image, depth_m)
        _, height, width = planes.shape
        offsets = self.offsets.transpose(2, 1, 0).reshape(2, -1)  # (2, 2 T): all first points, ...
        nearness = np.ones((len(pixels), 1), np.float32)
        if self.depth_scaled:
            nearness = 1 / np.maximum(depths, _NEAREST_M).astype(np.float32)[:, None]
        columns = _moved(pixels[:, :1], offsets[0], nearness, width)
        index = _moved(pixels[:, 1:], offsets[1], nearness, height)
        index *= width
        index += columns
        index += self.channels.T.reshape(-1).astype(np.int32) * (height * width)
        values = planes.reshape(-1).take(index)
        return values[:, :len(self)] - values[:, len(self):]

    def _planes(self, image: np.ndarray, depth_m: np.ndarray | None) -> np.ndarray:
        """Return blurred blue, green and red, and depth where tests need it: (C, H, W) float32."""
        blurred = cv2.GaussianBlur(image, (0, 0), self.blur_px).astype(np.float32)
        blurred *= _MEAN_LEVEL / max(float(blurred.mean()), 1.0)
        if blurred.ndim == 2:
            blurred = np.broadcast_to(blurred[..., None], (*blurred.shape, DEPTH))
        planes = [*np.moveaxis(blurred, -1, 0)]
        if (self.channels == DEPTH).any():
            if depth_m is None:
                raise ValueError('these tests compare depths, but the image comes without any')
            planes.append(_filled(depth_m, *blurred.shape[:2]))
        return np.stack(planes)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return what ``from_tensors`` needs, to be written to a file."""
        return {'offsets': torch.from_numpy(self.offsets),
                'channels': torch.from_numpy(self.channels),
                'depth_scaled': torch.tensor([self.depth_scaled]),
                'focal_px': torch.tensor([self.focal_px], dtype=torch.float64)}

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor]) -> PixelTests:
        """Restore the tests that ``tensors`` returned."""
        return cls(tensors['offsets'].numpy(), tensors['channels'].numpy(),
                   bool(tensors['depth_scaled']), float(tensors['focal_px']))


def _moved(coordinates: np.ndarray, offsets: np.ndarray, nearness: np.ndarray,
           size: int) -> np.ndarray:
    """Return (N, P) int32 the nearest pixels to coordinates (N, 1) + offsets (P,) * (N, 1)."""
    moved = nearness * offsets
    moved += coordinates.astype(np.float32) + np.float32(0.5)  # then casting down rounds
    return np.clip(moved, 0, size - 1, out=moved).astype(np.int32)


def _filled(depth_m: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return depths (height, width) float32 at the image's pixels, never unknown, metres."""
    depth_m = np.asarray(depth_m, np.float32)
    if depth_m.shape != (height, width):
        depth_m = cv2.resize(depth_m, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.where(depth_m > 0, depth_m, np.float32(_UNKNOWN_M))
