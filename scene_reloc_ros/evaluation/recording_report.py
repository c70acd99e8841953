# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a recording holds: frames, route, coverage, camera, depth, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.pipeline.conventions.check import check_conventions
from scene_reloc_ros.pipeline.conventions.report import ConventionReport
from scene_reloc_ros.pipeline.coverage.coverage_grid import Coverage, CoverageGrid

_LOOKED_AT = 150  # frames that are decoded for coverage and depth, count
_SECTORS = 8  # of the horizon, in which the camera may have looked


@dataclass(frozen=True)
class DepthSummary:
    """What the depth of some frames is like."""

    frames: float  # share of the frames that have any
    pixels: float  # share of their pixels that is known, mean
    median_m: float
    farthest_m: float  # 95 % are nearer


@dataclass(frozen=True)
class RecordingReport:
    """A recording at a glance."""

    frames: int
    posed: int
    looked_at: int  # frames that were decoded
    faults: tuple[str, ...]  # of these, why some cannot be read
    camera: Camera
    route: np.ndarray  # (F, 4, 4) map_from_cam of all frames that have one
    seconds: float  # from the first to the last stamp
    depth: DepthSummary | None  # None: no depth
    coverage: Coverage
    conventions: ConventionReport
    sample: PosedImage | None  # a picture from the middle

    @property
    def length_m(self) -> float:
        """Return the length of the way from frame to frame."""
        return float(np.linalg.norm(np.diff(self.route[:, :3, 3], axis=0), axis=1).sum())

    @property
    def up(self) -> np.ndarray:
        """Return the unit vector (3,) that is up in the map, as upright cameras have it."""
        down = self.route[:, :3, 1].sum(0) if len(self.route) else np.array((0.0, 0.0, -1.0))
        length = float(np.linalg.norm(down))
        return -down / length if length > 1e-6 else np.array((0.0, 0.0, 1.0))

    @property
    def sectors(self) -> list[int]:
        """Return how many frames looked into each eighth of the horizon."""
        ahead = self.route[:, :3, 2] @ plan_axes(self.up).T
        angle = np.arctan2(ahead[:, 1], ahead[:, 0]) % (2 * np.pi)
        sector = (angle / (2 * np.pi) * _SECTORS).astype(int) % _SECTORS
        return [int(count) for count in np.bincount(sector, minlength=_SECTORS)]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        places = self.route[:, :3, 3]
        extent = [places.min(0).tolist(), places.max(0).tolist()] if len(places) else None
        camera, depth = self.camera, self.depth
        return {
            'frames': self.frames, 'posed': self.posed, 'looked_at': self.looked_at,
            'faults': list(self.faults), 'seconds': self.seconds, 'length_m': self.length_m,
            'extent': extent, 'sectors': self.sectors,
            'camera': {'width': camera.width, 'height': camera.height, 'fx': camera.fx,
                       'fy': camera.fy, 'cx': camera.cx, 'cy': camera.cy,
                       'distortion_model': camera.distortion_model},
            'depth': depth and {'frames': depth.frames, 'pixels': depth.pixels,
                                'median_m': depth.median_m, 'farthest_m': depth.farthest_m},
            'coverage': {'cells': len(self.coverage.views), **self.coverage.shares,
                         'advice': [{'position': one.position.tolist(), 'cells': one.cells,
                                     'sentence': one.sentence}
                                    for one in self.coverage.advice()]},
            'conventions': self.conventions.as_dict()}


def plan_axes(up: np.ndarray) -> np.ndarray:
    """Return two unit vectors (2, 3) that are level where ``up`` (3,) is up."""
    beside = np.eye(3)[int(np.abs(up).argmin())]
    right = beside - (beside @ up) * up
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(up, right)))


def report_recording(sequence: Sequence) -> RecordingReport:
    """Return the RecordingReport of a sequence; frames that cannot be read are named in it."""
    route = _route(sequence)
    indices = np.unique(np.linspace(0, len(sequence) - 1, _LOOKED_AT).astype(int))
    grid = CoverageGrid(stands_for=len(sequence) / len(indices))
    faults, depths, sample = [], [], None
    for index in indices.tolist():
        try:
            frame = sequence[index]
            pose = frame.map_from_cam
            if pose is not None:
                grid.add(replace(frame, map_from_cam=checked_pose(pose, frame.name)))
        except ValueError as error:
            faults.append(str(error))
            continue
        depths.append(frame.depth_m)
        if sample is None or index <= len(sequence) // 2:
            sample = frame
    stamps = sequence.stamp_ns(0), sequence.stamp_ns(-1)
    return RecordingReport(
        len(sequence), len(route), len(indices), tuple(faults), sequence.camera, route,
        (stamps[1] - stamps[0]) / 1e9, _depth_summary(depths), grid.coverage(),
        check_conventions(sequence), sample)


def _route(sequence: Sequence) -> np.ndarray:
    poses = []
    for index in range(len(sequence)):
        try:
            pose = sequence.map_from_cam(index)
            if pose is not None:
                poses.append(checked_pose(pose, sequence.names[index]))
        except ValueError:
            continue  # it is counted as without a pose
    return np.array(poses).reshape(-1, 4, 4)


def _depth_summary(depths: list[np.ndarray | None]) -> DepthSummary | None:
    """Return what the depths of frames are like; one in eight pixels of each is looked at."""
    some = [np.asarray(depth)[::8, ::8] for depth in depths if depth is not None]
    known = [depth[depth > 0] for depth in some]
    values = np.concatenate(known) if known else np.zeros(0)
    if not len(values):
        return None
    return DepthSummary(float(np.mean([len(one) > 0 for one in known])) * len(some) / len(depths),
                        float(np.mean([len(one) / depth.size for one, depth in zip(known, some)])),
                        float(np.median(values)), float(np.percentile(values, 95)))
