# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Markers of a camera in its scene: where it looks, how sure that is, and the state in words."""

from __future__ import annotations

from collections.abc import Iterable
import math
from typing import Optional

from geometry_msgs.msg import Point
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.ros.bridge.conversions import pose_message
from scene_reloc_ros.ros.relocaliser.view.caption import Caption, Colour

_WITHIN_95 = math.sqrt(7.815)  # standard deviations of three dimensions: chi-square, 95 %
_LEAST_M = 1e-3  # axis of an ellipsoid that can still be drawn
_WIDEST = 2.0  # where z = 1, of the frustum of a very wide lens
_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)  # of the picture that a frustum shows
_LINE = 0.03  # width of lines, of the size of the camera
_TEXT = 0.22  # height of letters, of the same
_ABOVE = 1.5  # the camera, of the same: where the text is
_TEXT_WIDTH = 52  # characters


def frustum(header: Header, map_from_cam: np.ndarray, camera: Camera, size_m: float,
            colour: Colour) -> Marker:
    """Return the pyramid that a camera sees, with a peak where the top of its picture is.

    Args:
        header: in the map frame.
        map_from_cam: (4, 4) metres.
        camera: its picture gives the shape.
        size_m: length along the axis.
        colour: of the lines.
    """
    marker = _marker(header, 'camera', Marker.LINE_LIST, colour)
    marker.pose = pose_message(map_from_cam)
    marker.scale.x = _LINE * size_m
    corners = size_m * frustum_corners(camera)
    top_left, top_right, bottom_right, bottom_left = corners
    peak = 0.5 * (top_left + top_right) + 0.35 * (top_left - bottom_left)
    apex = np.zeros(3)
    ends = [(apex, corner) for corner in corners]
    ends += [(top_left, top_right), (top_right, bottom_right), (bottom_right, bottom_left),
             (bottom_left, top_left), (top_left, peak), (peak, top_right)]
    marker.points = [Point(x=float(x), y=float(y), z=float(z))
                     for pair in ends for x, y, z in pair]
    return marker


def frustum_corners(camera: Camera) -> np.ndarray:
    """Return the rays (4, 3) with z = 1 of the corners of a picture, clockwise from top left.

    Of a lens so wide that they cannot be drawn, those of the largest part of it that can.
    """
    middle = np.array((camera.width - 1, camera.height - 1)) / 2
    half = np.array((camera.width, camera.height)) / 2
    signs = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1)))
    for share in _SHARES:
        rays = camera.rays(middle + share * signs * half)
        if np.isfinite(rays).all() and np.abs(rays).max() <= _WIDEST:
            return rays
    return np.c_[signs * (_WIDEST, _WIDEST * camera.height / camera.width), np.ones(4)]


def ellipsoid(header: Header, map_from_cam: np.ndarray, covariance: np.ndarray,
              colour: Colour) -> Marker:
    """Return the ellipsoid in which the camera is with a probability of 95 %.

    Args:
        header: in the map frame.
        map_from_cam: (4, 4) metres.
        covariance: (6, 6) whose first three rows are x, y, z in the map frame, square metres.
        colour: of the surface.
    """
    marker = _marker(header, 'uncertainty', Marker.SPHERE, colour, 0.5)
    variances, axes = np.linalg.eigh(np.asarray(covariance)[:3, :3])
    axes = axes * (1.0, 1.0, np.sign(np.linalg.det(axes)))
    map_from_axes = np.eye(4)
    map_from_axes[:3, :3], map_from_axes[:3, 3] = axes, map_from_cam[:3, 3]
    marker.pose = pose_message(map_from_axes)
    size = np.maximum(2 * _WITHIN_95 * np.sqrt(np.maximum(variances, 0)), _LEAST_M)
    marker.scale.x, marker.scale.y, marker.scale.z = size.tolist()
    return marker


def state_text(header: Header, position: np.ndarray, caption: Caption, size_m: float) -> Marker:
    """Return the state and its reason as a text above a position (3,) of the map, metres."""
    marker = _marker(header, 'state', Marker.TEXT_VIEW_FACING, caption.colour)
    x, y, z = (position + (0, 0, _ABOVE * size_m)).tolist()
    marker.pose.position = Point(x=x, y=y, z=z)
    marker.pose.orientation.w = 1.0
    marker.scale.z = _TEXT * size_m
    marker.text = '\n'.join((caption.state.upper(), *caption.lines(_TEXT_WIDTH)))
    return marker


def removed(header: Header) -> MarkerArray:
    """Return what takes all markers of the topic away."""
    return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def together(markers: Iterable[Optional[Marker]]) -> MarkerArray:
    """Return markers as one message, without those that are None."""
    return MarkerArray(markers=[marker for marker in markers if marker is not None])


def _marker(header: Header, name: str, kind: int, colour: Colour, alpha: float = 1.0) -> Marker:
    """Return a marker that stays where it is in the map, whatever frame it is looked at from."""
    red, green, blue = (value / 255 for value in colour)
    return Marker(header=header, ns=name, type=kind, action=Marker.ADD, frame_locked=True,
                  color=ColorRGBA(r=red, g=green, b=blue, a=alpha))
