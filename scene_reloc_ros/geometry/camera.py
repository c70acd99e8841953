# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Camera models: from pixels to undistorted bearing rays and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
import math

import cv2
import numpy as np
import numpy.typing as npt

from scene_reloc_ros.geometry.pixels import resized_coordinate

# distortion model of sensor_msgs/CameraInfo -> accepted numbers of coefficients
DISTORTION_MODELS = {
    'none': (0,),
    'plumb_bob': (4, 5),
    'rational_polynomial': (8,),
    'equidistant': (4,),
}
# what drivers call them too
_OTHER_NAMES = {'': 'plumb_bob', 'fisheye': 'equidistant', 'pinhole': 'none',
                'perspective': 'none', 'brown_conrady': 'plumb_bob', 'radtan': 'plumb_bob'}
_NONE_WITHOUT_COEFFICIENTS = ('plumb_bob', 'rational_polynomial', 'inverse_brown_conrady',
                              'modified_brown_conrady')
_LARGEST_SKEW = 1e-3  # of the focal length: calibrations that allow it find as much by chance
_SMALLEST_PX = 16  # side of an image
_MOST_ELONGATED = 20  # longer side of an image, of the shorter one
_WIDEST, _LONGEST = 20.0, 50.0  # longer side over focal length, and focal length over longer side
_LARGEST_COEFFICIENT = 1e3  # of a distortion
_MIDDLE = (0.35, 0.5, 0.65)  # of width and height, where every lens has rays
_ITERATIONS = 50  # of inverting a distortion; five suffice near the centre of common lenses
_NOT_INVERTED_PX = 0.01  # a pixel that is missed by more has no ray


@dataclass(frozen=True)
class Camera:
    """Intrinsics of one camera; lengths in pixels, integer coordinates are pixel centres."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion_model: str = 'none'
    distortion: tuple[float, ...] = ()
    turned: int = 0  # quarter turns clockwise of its pictures, see ``turning``

    def __post_init__(self) -> None:
        """Refuse what cannot be a camera, naming the field."""
        numbers = (self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if not all(math.isfinite(n) for n in numbers):
            raise ValueError(f'camera matrix or distortion contains NaN or Inf (fx={self.fx}, '
                             f'fy={self.fy}, cx={self.cx}, cy={self.cy}, d={self.distortion}); '
                             'calibrate the camera')
        if self.width < 1 or self.height < 1:
            raise ValueError(f'camera image size is {self.width}x{self.height}; both must be '
                             'positive')
        if self.fx <= 0 or self.fy <= 0:
            raise ValueError(f'focal lengths fx={self.fx}, fy={self.fy} must be positive; '
                             'is the camera calibrated?')
        if self.distortion_model not in DISTORTION_MODELS:
            raise ValueError(f'distortion model {self.distortion_model!r} is unknown; expected '
                             f'one of {", ".join(DISTORTION_MODELS)}')
        if len(self.distortion) not in DISTORTION_MODELS[self.distortion_model]:
            raise ValueError(
                f'distortion model {self.distortion_model} has {len(self.distortion)} '
                f'coefficients; expected {DISTORTION_MODELS[self.distortion_model]}')

    @classmethod
    def from_camera_info(cls, width: int, height: int, k: npt.ArrayLike, d: Iterable[float] = (),
                         distortion_model: str = '') -> Camera:
        """Make a camera of the fields of sensor_msgs/CameraInfo (k: 9 numbers, row-major)."""
        k = [float(value) for value in np.asarray(k, np.float64).reshape(-1)]
        if len(k) != 9:
            raise ValueError(f'camera matrix has {len(k)} entries; expected 9, row by row')
        model = distortion_model.strip().lower().replace(' ', '_')
        model = _OTHER_NAMES.get(model, model)
        d = _whole_coefficients(tuple(float(value) for value in d), model)
        if not any(d) and model in _NONE_WITHOUT_COEFFICIENTS:  # unlike one of a fisheye
            model, d = 'none', ()
        camera = cls(int(width), int(height), k[0], k[4], k[2], k[5], model, d)
        _refuse_no_matrix(camera, k)
        _refuse_senseless(camera)
        return camera

    @classmethod
    def from_projection(cls, width: int, height: int, p: npt.ArrayLike) -> Camera:
        """Make the camera of rectified pictures, of P of sensor_msgs/CameraInfo (12 numbers)."""
        rows = np.asarray(p, np.float64).reshape(-1)
        if len(rows) != 12:
            raise ValueError(f'projection matrix has {len(rows)} entries; expected 12, row by row')
        if not rows.any():
            raise ValueError('projection matrix P is zero, so nothing rectifies the pictures; '
                             'calibrate the camera, or set rectified to false')
        return cls.from_camera_info(width, height, rows.reshape(3, 4)[:, :3])

    @property
    def matrix(self) -> np.ndarray:
        """The (3, 3) float64 camera matrix K."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    @property
    def focal(self) -> float:
        """Geometric mean of the focal lengths in pixels: what an angle of 1 rad measures."""
        return math.sqrt(self.fx * self.fy)

    def scaled(self, width: int, height: int) -> Camera:
        """Return this camera for the image resized to width x height."""
        sx, sy = width / self.width, height / self.height
        return replace(self, width=width, height=height, fx=self.fx * sx, fy=self.fy * sy,
                       cx=resized_coordinate(self.cx, sx), cy=resized_coordinate(self.cy, sy))

    def cropped(self, left: int, top: int, width: int, height: int) -> Camera:
        """Return this camera for the crop whose first pixel is (left, top).

        Raises ValueError for a crop that is not a part of the image.
        """
        if left + width > self.width or top + height > self.height or min(left, top) < 0:
            raise ValueError(f'crop of {width}x{height} at ({left}, {top}) leaves the image of '
                             f'{self.width}x{self.height}')
        return replace(self, width=width, height=height, cx=self.cx - left, cy=self.cy - top)

    def rays(self, pixels: npt.ArrayLike) -> np.ndarray:
        """Undistort pixels (..., 2) into rays (..., 3) with z = 1 in the optical frame.

        Pixels that see 90 degrees or more beside the axis come back as NaN.
        """
        pixels = np.asarray(pixels, np.float64)
        flat = np.ascontiguousarray(pixels.reshape(-1, 1, 2))
        if self.distortion_model == 'none':
            plane = (flat[:, 0] - (self.cx, self.cy)) / (self.fx, self.fy)
        elif self.distortion_model == 'equidistant':
            plane = self._undistort_equidistant(flat)
        else:
            plane = self._undistort_polynomial(flat)
        return np.concatenate((plane, np.ones((len(plane), 1))), 1).reshape(*pixels.shape[:-1], 3)

    def _undistort_polynomial(self, flat: np.ndarray) -> np.ndarray:
        """Fixed-point iteration on OpenCV's projection, which every version of it has."""
        plane = cv2.undistortPoints(flat, self.matrix, np.array(self.distortion))[:, 0]
        for _ in range(_ITERATIONS):
            missed = flat[:, 0] - self.project(np.c_[plane, np.ones(len(plane))])
            plane = plane + missed / (self.fx, self.fy)
        inverted = np.linalg.norm(missed, axis=1) < _NOT_INVERTED_PX
        return np.where(inverted[:, None], plane, np.nan)

    def _undistort_equidistant(self, flat: np.ndarray) -> np.ndarray:
        """Newton's method on theta_d = theta (1 + k1 theta^2 + ... + k4 theta^8)."""
        offset = (flat[:, 0] - (self.cx, self.cy)) / (self.fx, self.fy)
        distorted = np.linalg.norm(offset, axis=1)
        theta = np.minimum(distorted, math.pi / 2)
        k1, k2, k3, k4 = self.distortion
        for _ in range(20):
            t2 = theta ** 2
            value = theta * (1 + t2 * (k1 + t2 * (k2 + t2 * (k3 + t2 * k4)))) - distorted
            slope = 1 + t2 * (3 * k1 + t2 * (5 * k2 + t2 * (7 * k3 + t2 * 9 * k4)))
            theta = theta - value / np.where(np.abs(slope) < 1e-9, 1e-9, slope)
        behind = (theta >= math.pi / 2) | (theta < 0)
        with np.errstate(divide='ignore', invalid='ignore'):
            scale = np.where(distorted > 1e-12, np.tan(theta) / distorted, 1.0)
        return np.where(behind[:, None], np.nan, offset * scale[:, None])

    def project(self, points: npt.ArrayLike) -> np.ndarray:
        """Project points (..., 3) of the optical frame, in metres, to distorted pixels (..., 2).

        Points with z <= 0 come back as NaN.
        """
        points = np.asarray(points, np.float64)
        flat = points.reshape(-1, 3)
        in_front = flat[:, 2] > 1e-9
        safe = np.where(in_front[:, None], flat, (0.0, 0.0, 1.0))
        zero = np.zeros(3)
        if self.distortion_model == 'equidistant':
            pixels = cv2.fisheye.projectPoints(
                safe[:, None], zero, zero, self.matrix, np.array(self.distortion))[0]
        else:
            coefficients = np.array(self.distortion) if self.distortion else None
            pixels = cv2.projectPoints(safe, zero, zero, self.matrix, coefficients)[0]
        pixels = np.where(in_front[:, None], pixels.reshape(-1, 2), np.nan)
        return pixels.reshape(*points.shape[:-1], 2)


def _whole_coefficients(d: tuple[float, ...], model: str) -> tuple[float, ...]:
    """Return as many coefficients as a model has: zeros behind them say nothing."""
    counts = DISTORTION_MODELS.get(model)
    if counts is None or len(d) in counts:
        return d
    if len(d) > max(counts) and not any(d[max(counts):]):
        return d[:max(counts)]
    if model == 'rational_polynomial' and len(d) in DISTORTION_MODELS['plumb_bob']:
        return d + (0.0,) * (max(counts) - len(d))  # its numerator alone
    return d if any(d) else (0.0,) * min(counts)


def _refuse_no_matrix(camera: Camera, k: list[float]) -> None:
    """Raise ValueError where a camera matrix (9 numbers) cannot be that of a real camera."""
    if any(k[n] != 0 for n in (3, 6, 7)) or k[8] != 1:
        raise ValueError(f'camera matrix {k} is no K: its last row must be 0 0 1 and its fourth '
                         'number 0; is it transposed?')
    if abs(k[1]) > _LARGEST_SKEW * camera.fx:
        raise ValueError(f'camera matrix has skew {k[1]:g}, which no camera here may have; '
                         'calibrate without')
    if not (0 <= camera.cx <= camera.width and 0 <= camera.cy <= camera.height):
        raise ValueError(f'principal point ({camera.cx:g}, {camera.cy:g}) lies outside of the '
                         f'image of {camera.width}x{camera.height}; is the calibration that of '
                         'another image size?')


def refuse_unusable_size(camera: Camera) -> None:
    """Raise ValueError where images are too small, or too narrow, to show a place."""
    if min(camera.width, camera.height) < _SMALLEST_PX or max(
            camera.width, camera.height) > _MOST_ELONGATED * min(camera.width, camera.height):
        raise ValueError(f'camera image size is {camera.width}x{camera.height}; at least '
                         f'{_SMALLEST_PX} pixels a side are needed, and no side longer than '
                         f'{_MOST_ELONGATED} times the other')


def _refuse_senseless(camera: Camera) -> None:
    """Raise ValueError where the numbers of a camera are beyond sense."""
    refuse_unusable_size(camera)
    widest = max(camera.width, camera.height)
    if not all(widest / _WIDEST < f < widest * _LONGEST for f in (camera.fx, camera.fy)):
        raise ValueError(f'focal lengths fx={camera.fx:g}, fy={camera.fy:g} make no sense for an '
                         f'image of {camera.width}x{camera.height}; are they in pixels?')
    middle = [(share_x * camera.width, share_y * camera.height)
              for share_x in _MIDDLE for share_y in _MIDDLE]
    if any(abs(value) > _LARGEST_COEFFICIENT for value in camera.distortion) or not (
            np.isfinite(camera.rays(middle)).all()):
        raise ValueError(f'distortion {camera.distortion} makes no sense: it bends even the '
                         'middle of the image beyond what any lens does; calibrate the camera')
