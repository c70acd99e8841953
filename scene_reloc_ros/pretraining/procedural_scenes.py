# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Procedural 3-D scenes seen from two places: parallax, occlusion, foreshortening, true depth.

A scene is the inside of a box with other boxes in it; every face carries a procedural image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.pretraining.two_views import TwoViews

_CORNERS = ((0, 1, 2), (1, 2, 0), (2, 0, 1))  # axis of a face's normal, of its u and of its v
_ROW = 512  # pixels textured in one row


@dataclass(frozen=True)
class SceneOptions:
    """What scenes are like and how far apart they are seen."""

    side: int = 360  # of a view, pixels
    boxes: int = 9  # most boxes in a room, count
    room_m: tuple[float, float] = (2.0, 7.0)  # smallest and largest side of a room, metres
    box_m: tuple[float, float] = (0.15, 1.6)  # smallest and largest side of a box, metres
    baseline: float = 0.5  # largest way between the views, of the distance to what is seen
    turn: float = math.radians(35)  # largest angle between the views' axes, rad


@dataclass(frozen=True)
class _Face:
    """A textured parallelogram: origin, edges (3,) in metres and its picture."""

    origin: np.ndarray
    edge_u: np.ndarray
    edge_v: np.ndarray
    texture: np.ndarray  # (h, w) uint8
    gain: float  # of the light that falls on it


def _turned(axis: int, angle: float) -> np.ndarray:
    """Return the rotation (3, 3) about one of the axes x, y, z by an angle in radians."""
    return cv2.Rodrigues(np.eye(3)[axis] * angle)[0]


def _box_faces(rng: np.random.Generator, world_from_box: np.ndarray, size: np.ndarray,
               textures: Sequence[np.ndarray], inside: bool) -> list[_Face]:
    """Return the six faces of a box, seen from inside or from outside."""
    rotation, centre = world_from_box[:3, :3], world_from_box[:3, 3]
    light = rng.standard_normal(3)
    light /= np.linalg.norm(light)
    faces = []
    for normal, u, v in _CORNERS:
        for sign in (-1, 1):
            edge_u, edge_v = rotation[:, u] * size[u], rotation[:, v] * size[v]
            middle = centre + sign * 0.5 * size[normal] * rotation[:, normal]
            facing = rotation[:, normal] * (sign if not inside else -sign)
            gain = 0.75 + 0.35 * float(facing @ light)
            faces.append(_Face(middle - (edge_u + edge_v) / 2, edge_u, edge_v,
                               textures[int(rng.integers(len(textures)))], gain))
    return faces


def _random_scene(rng: np.random.Generator, textures: Sequence[np.ndarray],
                  options: SceneOptions) -> tuple[list[_Face], np.ndarray]:
    """Return the faces of a room and the size of the room (3,) in metres; z is up."""
    room = rng.uniform(*options.room_m, 3)
    room[2] = rng.uniform(2.0, 3.5)
    faces = _box_faces(rng, np.eye(4), room, textures, inside=True)
    for _ in range(int(rng.integers(3, options.boxes + 1))):
        smallest, largest = np.log(options.box_m)
        size = np.exp(rng.uniform(smallest, largest, 3))
        pose = np.eye(4)
        tilt = rng.uniform(-0.3, 0.3, 2) if rng.random() < 0.3 else np.zeros(2)
        pose[:3, :3] = (_turned(2, rng.uniform(0, math.pi)) @ _turned(1, tilt[0])
                        @ _turned(0, tilt[1]))
        pose[:3, 3] = rng.uniform(-0.45, 0.45, 3) * room
        if rng.random() < 0.6:  # it stands on the floor
            pose[2, 3] = (size[2] - room[2]) / 2
        faces += _box_faces(rng, pose, size, textures, inside=False)
    return faces, room


def _looking(position: np.ndarray, target: np.ndarray, roll: float) -> np.ndarray:
    """Return world_from_cam (4, 4) of an optical frame that looks at a target."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= max(np.linalg.norm(right), 1e-6)
    pose = np.eye(4)
    pose[:3, :3] = np.stack((right, np.cross(forward, right), forward), 1)
    pose[:3, :3] = pose[:3, :3] @ _turned(2, roll)
    pose[:3, 3] = position
    return pose


def render(faces: Iterable[_Face], world_from_cam: np.ndarray,
           camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return image (H, W) uint8 and depth (H, W) float32 metres, 0 where nothing is."""
    height, width = camera.height, camera.width
    v, u = np.mgrid[:height, :width]
    rays = camera.rays(np.stack((u, v), -1).reshape(-1, 2).astype(np.float64))
    rays = (rays @ world_from_cam[:3, :3].T).astype(np.float32)
    image = np.zeros(height * width, np.uint8)
    depth = np.full(height * width, np.inf, np.float32)
    for face in faces:
        _draw(face, rays, world_from_cam[:3, 3], camera, image, depth)
    depth[~np.isfinite(depth)] = 0
    return image.reshape(height, width), depth.reshape(height, width)


def _draw(face: _Face, rays: np.ndarray, position: np.ndarray, camera: Camera, image: np.ndarray,
          depth: np.ndarray) -> None:
    """Draw one face where it is nearer than what is there."""
    lengths = np.linalg.norm(face.edge_u), np.linalg.norm(face.edge_v)
    normal = np.cross(face.edge_u, face.edge_v)
    basis = np.stack((normal, face.edge_u / lengths[0] ** 2, face.edge_v / lengths[1] ** 2), 1)
    slopes = rays @ basis.astype(np.float32)
    start = (position - face.origin) @ basis
    with np.errstate(divide='ignore', invalid='ignore'):
        distance = np.float32(-start[0]) / slopes[:, 0]
        s, t = (np.float32(start[i]) + distance * slopes[:, i] for i in (1, 2))
        nearer = np.flatnonzero((distance > 0.05) & (distance < depth) & (s >= 0) & (s < 1)
                                & (t >= 0) & (t < 1))
    if not len(nearer):
        return
    rows, columns = face.texture.shape
    # pixels of the texture under one of the view; smoothed where there are several
    density = columns / lengths[0] * float(np.median(distance[nearer])) / camera.focal
    texture = face.texture
    if density > 1.3:
        texture = cv2.GaussianBlur(texture, (0, 0), 0.4 * density)
    drawn = _sampled(texture, s[nearer] * columns - 0.5, t[nearer] * rows - 0.5)
    image[nearer] = np.clip(drawn * face.gain, 0, 255).astype(np.uint8)
    depth[nearer] = distance[nearer]


def _sampled(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the texture at N places; in rows, for OpenCV remaps to 2^15 columns at most."""
    padding = -len(u) % _ROW
    columns, rows = (np.pad(x, (0, padding)).reshape(-1, _ROW) for x in (u, v))
    drawn = cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return drawn.reshape(-1)[:len(u)]


def procedural_scene(rng: np.random.Generator, textures: Sequence[np.ndarray],
                     options: SceneOptions = SceneOptions()) -> TwoViews:
    """Return TwoViews of one random scene.

    Args:
        rng: numpy generator; the same state gives the same scene.
        textures: list of (h, w) uint8 images.
        options: SceneOptions.
    """
    faces, room = _random_scene(rng, textures, options)
    side = options.side
    focal = side * rng.uniform(0.75, 1.3)
    camera = Camera(side, side, focal, focal, (side - 1) / 2, (side - 1) / 2)
    target = rng.uniform(-0.5, 0.5, 3) * room
    position = rng.uniform(-0.42, 0.42, 3) * room
    distance = max(0.6, float(np.linalg.norm(target - position)))
    first = _looking(position, target, rng.uniform(-0.3, 0.3))
    away = rng.standard_normal(3)
    away *= rng.uniform(0.05, options.baseline) * distance / np.linalg.norm(away)
    moved = np.clip(position + away, -0.47 * room, 0.47 * room)
    aside = rng.standard_normal(3) * distance * math.tan(options.turn) / 3
    second = _looking(moved, target + aside, rng.uniform(-0.3, 0.3))
    (image_a, depth_a), (image_b, depth_b) = (render(faces, p, camera) for p in (first, second))
    return TwoViews(image_a, image_b, camera, invert_pose(second) @ first, depth_a, depth_b)
