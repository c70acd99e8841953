# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A rasteriser of plane rectangles: colour, exact depth and which surface each pixel sees.

On a plane the inverse depth and the texture coordinates times inverse depth are affine in the
image, so that visibility is a comparison of affine functions and colour is one homography for
each piece of surface. Both are evaluated on a grid _SAMPLES times as fine as the image; its
middle samples are the pixel centres, where depth is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

from scene_reloc_ros.datasets.simulated_room.surfaces import Surface
from scene_reloc_ros.geometry.camera import Camera

_SAMPLES = 3  # per pixel and direction; odd, so that one sample is the pixel centre
_PIECE_M = 0.8  # surfaces are cut into pieces this large, each of one pyramid level
_NEAREST_M = 0.02  # nearer surfaces are not drawn
_ANISOTROPY = 2.5  # how much finer than its coarse direction a texture may be sampled
Pyramid = list[np.ndarray]  # uint8 BGR images, each half the one before
VisiblePiece = tuple[float, int, np.ndarray, np.ndarray]  # depth, surface, bounds, forms


@dataclass(frozen=True)
class View:
    """What a camera sees."""

    image: np.ndarray  # (H, W, 3) uint8 BGR
    depth_m: np.ndarray  # (H, W) float32 metres along z, 0 where there is nothing
    surface: np.ndarray  # (H, W) int16 index of the surface, -1 where there is nothing


@dataclass(frozen=True)
class _Canvas:
    colour: np.ndarray  # (H, W, 3) uint8, all on the fine grid
    inverse_depth: np.ndarray  # (H, W) float32 1/m
    surface: np.ndarray  # (H, W) int16


class Renderer:
    """Draws textured surfaces as seen by one pinhole camera."""

    def __init__(self, surfaces: Sequence[Surface], pyramids: Sequence[Pyramid],
                 camera: Camera) -> None:
        """Take surfaces with their texture pyramids; ValueError where the camera distorts."""
        if camera.distortion_model != 'none':
            raise ValueError(f'the renderer draws pinhole images, the camera has the distortion '
                             f'model {camera.distortion_model}')
        self._pyramids = pyramids
        self._fine: Camera = camera.scaled(_SAMPLES * camera.width, _SAMPLES * camera.height)
        self._size = (camera.width, camera.height)
        # columns edge_u, edge_v, origin of every surface in the map frame
        self._frames = np.stack([np.stack((s.edge_u, s.edge_v, s.origin), 1) for s in surfaces])
        self._pieces = [_pieces(surface) for surface in surfaces]
        self._x = np.arange(self._fine.width)

    def render(self, map_from_cam: np.ndarray) -> View:
        """Draw the ``View`` of a camera at map_from_cam (4, 4)."""
        height, width = self._fine.height, self._fine.width
        canvas = _Canvas(np.zeros((height, width, 3), np.uint8),
                         np.zeros((height, width), np.float32),
                         np.full((height, width), -1, np.int16))
        for _, surface, bounds, forms in self._visible_pieces(map_from_cam):
            self._draw(canvas, surface, bounds, forms)
        image = cv2.resize(canvas.colour, self._size, interpolation=cv2.INTER_AREA)
        middle = slice(_SAMPLES // 2, None, _SAMPLES)
        inverse_depth = canvas.inverse_depth[middle, middle]
        seen = inverse_depth > 0
        depth_m = np.where(seen, 1 / np.where(seen, inverse_depth, 1), 0).astype(np.float32)
        return View(image, depth_m, canvas.surface[middle, middle].copy())

    def _visible_pieces(self, map_from_cam: np.ndarray) -> list[VisiblePiece]:
        """Return (nearest depth, surface, bounds, forms) of pieces in the frustum, nearest first.

        The rows of ``forms`` (3, 3) are affine functions of the pixel (x, y, 1): texture
        coordinates s and t in [0, 1], both over depth, and the inverse depth.
        """
        rotation = map_from_cam[:3, :3]
        frames = self._frames.copy()
        frames[:, :, 2] -= map_from_cam[:3, 3]
        frames = rotation.T @ frames
        facing = np.flatnonzero(np.linalg.det(frames) > 1e-9)
        forms = np.linalg.inv(frames[facing]) @ np.linalg.inv(self._fine.matrix)
        visible = []
        for surface, form in zip(facing, forms):
            corners, bounds = self._pieces[surface]
            points = corners @ frames[surface].T
            for piece in np.flatnonzero(self._in_frustum(points)):
                nearest = max(points[piece, :, 2].min(), _NEAREST_M)
                visible.append((nearest, int(surface), bounds[piece], form))
        return sorted(visible, key=lambda piece: piece[0])

    def _in_frustum(self, points: np.ndarray) -> np.ndarray:
        """Tell for pieces with corners (N, 4, 3) in the camera frame which may be seen."""
        camera = self._fine
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        left, right = (camera.cx + 1) / camera.fx, (camera.width - camera.cx) / camera.fx
        top, bottom = (camera.cy + 1) / camera.fy, (camera.height - camera.cy) / camera.fy
        outside = ((z < _NEAREST_M).all(-1) | (x < -left * z).all(-1) | (x > right * z).all(-1)
                   | (y < -top * z).all(-1) | (y > bottom * z).all(-1))
        return np.logical_not(outside)

    def _draw(self, canvas: _Canvas, surface: int, bounds: np.ndarray, forms: np.ndarray) -> None:
        first_row, begin, end = self._spans(bounds, forms)
        if not len(begin):
            return
        left, right = int(begin.min()), int(end.max())
        area = np.s_[first_row:first_row + len(begin), left:right]
        x = self._x[left:right]
        a, b, c = forms[2]
        rows = (b * np.arange(first_row, first_row + len(begin)) + c)[:, None]
        inverse_depth = (a * x).astype(np.float32) + rows.astype(np.float32)
        x = x.astype(np.int16)
        inside = ((x >= begin[:, None]) & (x < end[:, None])).view(np.uint8)
        nearer = cv2.compare(inverse_depth, canvas.inverse_depth[area], cv2.CMP_GT)
        mask = cv2.bitwise_and(nearer, nearer, mask=inside)
        box = cv2.boundingRect(mask)
        if not box[2]:
            return
        cv2.copyTo(inverse_depth, mask, canvas.inverse_depth[area])
        np.copyto(canvas.surface[area], surface, where=mask.view(bool))
        dx, dy, width, height = box
        window = (left + dx, first_row + dy, width, height)
        patch = self._textured(self._pyramids[surface], forms, window)
        target = canvas.colour[window[1]:window[1] + height, window[0]:window[0] + width]
        cv2.copyTo(patch, mask[dy:dy + height, dx:dx + width], target)

    def _spans(self, bounds: np.ndarray, forms: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
        """Return the first row and, for each row on, the columns [begin, end) inside the piece.

        Inside means s0 w <= s <= s1 w, t0 w <= t <= t1 w and w > 0: half planes of the image.
        """
        s0, s1, t0, t1 = bounds
        s, t, w = forms
        begin = np.zeros(self._fine.height)
        end = np.full(self._fine.height, float(self._fine.width))
        rows = np.arange(self._fine.height)
        front = w - (0, 0, 1e-6)
        for a, b, c in (s - s0 * w, s1 * w - s, t - t0 * w, t1 * w - t, front):
            offset = b * rows + c
            if abs(a) < 1e-15:
                end = np.where(offset >= 0, end, 0)
            elif a > 0:
                begin = np.maximum(begin, -offset / a)
            else:
                end = np.minimum(end, -offset / a)
        begin = np.ceil(np.minimum(begin, self._fine.width)).astype(np.int16)
        end = np.ceil(np.maximum(end, 0)).astype(np.int16)
        filled = np.flatnonzero(begin < end)
        if not len(filled):
            return 0, filled, filled
        return int(filled[0]), begin[filled[0]:filled[-1] + 1], end[filled[0]:filled[-1] + 1]

    def _textured(self, pyramid: Pyramid, forms: np.ndarray,
                  window: tuple[int, int, int, int]) -> np.ndarray:
        left, top, width, height = window
        level = _pyramid_level(pyramid, forms, (left + width / 2, top + height / 2))
        texture = pyramid[level]
        rows, columns = texture.shape[:2]
        texel_from_unit = np.array([[columns, 0, -0.5], [0, rows, -0.5], [0, 0, 1.0]])
        shift = np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]])
        return cv2.warpPerspective(
            texture, texel_from_unit @ forms @ shift, (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


def _pyramid_level(pyramid: Pyramid, forms: np.ndarray, pixel: tuple[float, float]) -> int:
    """Choose the level whose texels are about as large as the samples around a pixel."""
    s, t, w = forms @ (*pixel, 1.0)
    if w <= 0:
        return len(pyramid) - 1
    rows, columns = pyramid[0].shape[:2]
    # derivative of the texel coordinates (columns s / w, rows t / w) by the pixel
    jacobian = (forms[:2, :2] - np.outer((s / w, t / w), forms[2, :2])) / w * [[columns], [rows]]
    large, small = np.linalg.svd(jacobian, compute_uv=False)
    texels = max(small, large / _ANISOTROPY, 1e-9)
    return min(max(round(math.log2(texels)), 0), len(pyramid) - 1)


def _pieces(surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Cut a surface: corners (N, 4, 3) as (s, t, 1) and bounds (N, 4) = s0, s1, t0, t1."""
    columns, rows = (max(1, math.ceil(size / _PIECE_M)) for size in surface.size_m)
    s, t = np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1)
    bounds = np.array([(s[i], s[i + 1], t[j], t[j + 1])
                       for j in range(rows) for i in range(columns)])
    corners = np.ones((len(bounds), 4, 3))
    corners[..., 0] = bounds[:, [0, 1, 1, 0]]
    corners[..., 1] = bounds[:, [2, 2, 3, 3]]
    return corners, bounds
