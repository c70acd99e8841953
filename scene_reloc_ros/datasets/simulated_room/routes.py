# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Smooth routes of a hand-held camera around the middle of the room."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np


@dataclass(frozen=True)
class RouteOptions:
    """Laps on an oval while the view pans to and fro over a part of the room."""

    laps: float  # signed number of laps; negative goes clockwise
    half_axes_m: tuple[float, float]  # of the oval, along x and y
    start_deg: float  # position on the oval, from the x axis
    view_deg: float  # horizontal view direction in the middle of a pan, from the x axis
    pan_deg: float  # largest deviation from it
    pans: float  # number of pans to and fro
    height_m: float  # mean height of the camera
    height_swing_m: float  # largest deviation from it
    pitch_deg: float  # mean; negative looks down
    sway_deg: float  # largest deviation of yaw; roll and pitch sway by half of it


MIDDLE_M = (3.0, 2.5)
# The survey sees every part of two walls and some of the blank one from all around its oval, for
# laps and pans have no common period; the return goes the other way round, further out.
ROUTES = {
    'survey': RouteOptions(laps=4, half_axes_m=(1.00, 0.70), start_deg=0, view_deg=55, pan_deg=72,
                           pans=5.5, height_m=1.25, height_swing_m=0.20, pitch_deg=-8,
                           sway_deg=5),
    'return': RouteOptions(laps=-2, half_axes_m=(1.20, 0.85), start_deg=200, view_deg=55,
                           pan_deg=65, pans=1.7, height_m=1.32, height_swing_m=0.14,
                           pitch_deg=-10, sway_deg=6)}


def route_poses(options: RouteOptions, frames: int, generator: np.random.Generator) -> np.ndarray:
    """Return map_from_cam (frames, 4, 4) along a route.

    Args:
        options: ``RouteOptions``.
        frames: number of poses, at least 1.
        generator: numpy generator; it draws the phases of the sway.
    """
    progress = np.arange(frames) / max(frames - 1, 1)
    turns = progress * abs(options.laps)
    sway = [_sway(turns, generator) for _ in range(4)]
    angle = np.radians(options.start_deg + 360 * options.laps * progress)
    radius = 1 + 0.06 * sway[3]
    x = MIDDLE_M[0] + options.half_axes_m[0] * radius * np.cos(angle)
    y = MIDDLE_M[1] + options.half_axes_m[1] * radius * np.sin(angle)
    z = options.height_m + options.height_swing_m * np.sin(2 * math.pi * turns * 0.65)
    pan = options.pan_deg * np.sin(2 * math.pi * options.pans * progress)
    sway_rad = math.radians(options.sway_deg)
    yaw = np.radians(options.view_deg + pan) + sway_rad * sway[0]
    pitch = math.radians(options.pitch_deg) + sway_rad / 2 * sway[1]
    roll = sway_rad / 2 * sway[2]
    return np.stack([_pose(*values) for values in zip(x, y, z, yaw, pitch, roll)])


def _sway(turns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Slow oscillation within [-1, 1]: three sines of unrelated periods."""
    phases = generator.uniform(0, 2 * math.pi, 3)
    waves = [np.sin(2 * math.pi * rate * turns + phase)
             for rate, phase in zip((1.7, 2.9, 4.3), phases)]
    return 0.5 * waves[0] + 0.3 * waves[1] + 0.2 * waves[2]


def _pose(x: float, y: float, z: float, yaw: float, pitch: float, roll: float) -> np.ndarray:
    forward = np.array([math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch),
                        math.sin(pitch)])
    level = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    down = np.cross(forward, level)
    right = math.cos(roll) * level + math.sin(roll) * down
    map_from_cam = np.eye(4)
    map_from_cam[:3, :3] = np.stack((right, np.cross(forward, right), forward), 1)
    map_from_cam[:3, 3] = x, y, z
    return map_from_cam
