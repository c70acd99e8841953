# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A sequence with a mistake of convention, as recordings come with: seeded, one kind at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from scene_reloc_ros.datasets.posed_sequence import SelectedFrames, Sequence
from scene_reloc_ros.datasets.time_shift import ShiftedPoses
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose

_BODY_FROM_OPTICAL = np.array(((0.0, 0, 1), (-1, 0, 0), (0, -1, 0)))
OFFSET_S = 0.08


def _same_pose(map_from_cam: np.ndarray) -> np.ndarray:
    return map_from_cam


def _same_camera(camera: Camera) -> Camera:
    return camera


def _same_depth(depth_m: np.ndarray, camera: Camera) -> np.ndarray:
    return depth_m


@dataclass(frozen=True)
class Plant:
    """What a mistake makes of poses, camera and depth."""

    pose: Callable[[np.ndarray], np.ndarray] = _same_pose
    camera: Callable[[Camera], Camera] = _same_camera
    depth: Callable[[np.ndarray, Camera], np.ndarray] = _same_depth
    offset_s: float = 0.0  # after which poses are taken that the stamp does not say


def _wrong_frame(rng: np.random.Generator) -> Plant:
    """Poses of a body; its camera looks down by up to 15 degrees and is up to 40 cm away."""
    tilt = np.radians(rng.uniform(0, 15))
    down = np.array(((1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (0, -np.sin(tilt), np.cos(tilt))))
    body_from_cam = np.eye(4)
    body_from_cam[:3, :3] = _BODY_FROM_OPTICAL @ down
    body_from_cam[:3, 3] = rng.uniform(-0.4, 0.4, 3)
    cam_from_body = invert_pose(body_from_cam)
    return Plant(pose=lambda map_from_cam: map_from_cam @ cam_from_body)


def _wrong_axes(rng: np.random.Generator) -> Plant:
    """Axes of OpenGL."""
    return Plant(pose=lambda map_from_cam: map_from_cam @ np.diag((1.0, -1.0, -1.0, 1.0)))


def _wrong_camera(rng: np.random.Generator) -> Plant:
    """Another focal length: that of a mode of the same sensor, or of another camera."""
    factor = float(rng.choice((0.7, 0.8, 1.2, 1.25, 1.4)))
    return Plant(camera=lambda camera: replace(camera, fx=factor * camera.fx,
                                               fy=factor * camera.fy))


def _scaled_camera(rng: np.random.Generator) -> Plant:
    """Camera matrix of another size of picture."""
    factor = float(rng.choice((0.5, 0.75, 1.25, 1.5, 2.0)))
    return Plant(camera=lambda camera: replace(
        camera.scaled(round(factor * camera.width), round(factor * camera.height)),
        width=camera.width, height=camera.height))


def _wrong_scale(rng: np.random.Generator) -> Plant:
    """Poses in centimetres, millimetres or feet, or with the scale of a camera that knew none."""
    factor = float(rng.choice((100.0, 1000.0, 3.281, 0.2, 0.6, 1.7)))
    return Plant(pose=lambda map_from_cam: np.vstack((
        np.c_[map_from_cam[:3, :3], factor * map_from_cam[:3, 3]], map_from_cam[3:])))


def _unregistered_depth(rng: np.random.Generator) -> Plant:
    """Depth as another camera sees it: 2.5 to 8 cm aside, with another focal length half the time.

    As published, that of 7-Scenes is 11 % longer.
    """
    baseline_m = rng.choice((-1, 1)) * rng.uniform(0.025, 0.08)
    zoom = float(rng.choice((1.0, 1.114)))
    if zoom == 1.0:
        baseline_m = np.sign(baseline_m) * max(abs(baseline_m), 0.05)
    return Plant(depth=lambda depth_m, camera: seen_from_aside(depth_m, camera, baseline_m, zoom))


def seen_from_aside(depth_m: np.ndarray, camera: Camera, baseline_m: float,
                    zoom: float) -> np.ndarray:
    """Return the depth (H, W) that a camera beside another one measures, 0 where unknown.

    Args:
        depth_m: (H, W) of the camera, metres.
        camera: whose depth it is.
        baseline_m: to the right of it, metres.
        zoom: of the other camera's focal length, of that of the camera.
    """
    height, width = depth_m.shape
    rows, columns = np.nonzero(depth_m > 0)
    z = depth_m[rows, columns]
    focal = camera.fx * width / camera.width
    right = np.rint((columns - width / 2 - focal * baseline_m / z) * zoom + width / 2).astype(int)
    down = np.rint((rows - height / 2) * zoom + height / 2).astype(int)
    within = (right >= 0) & (right < width) & (down >= 0) & (down < height)
    order = np.argsort(-z[within], kind='stable')  # the nearest last
    seen = np.zeros_like(depth_m)
    seen[down[within][order], right[within][order]] = z[within][order]
    closed = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.where(seen > 0, seen, closed).astype(np.float32)


def _time_offset(rng: np.random.Generator) -> Plant:
    """Poses of 80 ms later or earlier."""
    return Plant(offset_s=OFFSET_S * float(rng.choice((-1, 1))))


PLANTS: dict[str, Callable[[np.random.Generator], Plant]] = {
    'inverted_poses': lambda rng: Plant(pose=invert_pose),
    'wrong_frame': _wrong_frame, 'wrong_axes': _wrong_axes, 'wrong_camera': _wrong_camera,
    'scaled_camera': _scaled_camera, 'wrong_scale': _wrong_scale,
    'unregistered_depth': _unregistered_depth, 'time_offset': _time_offset}


class MistakenSequence(SelectedFrames):
    """All frames of a sequence, recorded with one mistake."""

    def __init__(self, sequence: Sequence, mistake: str, seed: int = 0) -> None:
        """Plant one of ``PLANTS``; its size and sign come from the seed."""
        if mistake not in PLANTS:
            raise ValueError(f'mistake {mistake!r} is unknown; expected one of '
                             f'{", ".join(PLANTS)}')
        self.plant = PLANTS[mistake](np.random.default_rng(seed))
        if self.plant.offset_s:
            sequence = ShiftedPoses(sequence, self.plant.offset_s)
        super().__init__(sequence, range(len(sequence)))

    @property
    def camera(self) -> Camera:
        """The camera as the recording has it."""
        return self.plant.camera(super().camera)

    def _read(self, index: int) -> PosedImage:
        frame = super()._read(index)
        depth_m = frame.depth_m
        return replace(
            frame, map_from_cam=self._pose(index), camera=self.plant.camera(frame.camera),
            depth_m=None if depth_m is None else self.plant.depth(depth_m, frame.camera))

    def _pose(self, index: int) -> np.ndarray | None:
        pose = super()._pose(index)
        return None if pose is None else self.plant.pose(pose)


class KeptFrames(SelectedFrames):
    """Frames of a sequence that are read once, whatever is planted in them."""

    def __init__(self, sequence: Sequence, indices: Iterable[int]) -> None:
        """Take the frames at indices."""
        super().__init__(sequence, indices)
        self._kept: dict[int, PosedImage] = {}

    def _read(self, index: int) -> PosedImage:
        if index not in self._kept:
            self._kept[index] = super()._read(index)
        return self._kept[index]
