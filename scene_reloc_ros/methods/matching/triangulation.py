# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Triangulation: points of the map from the rays of views whose poses are known.

A linear start (each observation wants the point on its ray) and robust Gauss-Newton on
reprojection errors; what all views share of the camera's error is found with the points, which
are eliminated (Schur complement: Triggs et al., Bundle Adjustment - A Modern Synthesis, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scene_reloc_ros.mapping.camera_refinement import corrected_rays, ray_derivatives

_NEAREST_M = 0.05  # a point nearer to a camera than this is not seen by it, metres
_UNKNOWN_M = 30.0  # standard deviation of a point that no view tells, metres
_KERNEL_PX = 2.0  # scale of the robust kernel at the end, pixels
_FIRST_KERNEL_PX = 12.0  # at the start: a rough camera bends all rays
_EXPECTED = (0.02, 0.02, 0.02, 0.02, 0.1)  # deviations of a refinement's values that are usual
CAMERA_VALUES = len(_EXPECTED)
MET_PX = 4.0  # largest error of a view that a point agrees with, pixels


@dataclass(frozen=True)
class Tracks:
    """M observations of T points: which point, along which ray, from which pose."""

    point: torch.Tensor  # (M,) int64, index of the point
    rays: torch.Tensor  # (M, 2) float64: x and y where z = 1, of the camera as calibrated
    cam_from_map: torch.Tensor  # (M, 4, 4) float64
    focal_px: float  # pixels per unit on the plane z = 1

    @property
    def count(self) -> int:
        """Return T, the number of points."""
        return int(self.point.max()) + 1 if len(self.point) else 0

    def of(self, chosen: torch.Tensor) -> Tracks:
        """Return the observations of a mask (M,); points keep their numbers."""
        return Tracks(self.point[chosen], self.rays[chosen], self.cam_from_map[chosen],
                      self.focal_px)


@dataclass(frozen=True)
class Triangulated:
    """T points, how exactly they are known, and the camera that they were seen by."""

    points: torch.Tensor  # (T, 3) float64, metres
    covariances: torch.Tensor  # (T, 3, 3) float64, square metres
    errors_px: torch.Tensor  # (M,) reprojection errors, pixels; infinite behind a camera
    camera: torch.Tensor  # (5,) float64, values of a CameraRefinement

    @property
    def spreads(self) -> torch.Tensor:
        """Return the standard deviations (T,) of the points, metres, for rays exact to a pixel."""
        return self.covariances.diagonal(dim1=1, dim2=2).sum(1).sqrt()


def linear_points(tracks: Tracks, camera: torch.Tensor) -> torch.Tensor:
    """Return the points (T, 3) nearest to all their rays, metres, in the sense of least squares.

    A ray through centre c along the unit vector d is missed by (I - d d^T)(x - c).

    Args:
        tracks: what is seen where.
        camera: (5,) values of a CameraRefinement.
    """
    rotation, shift = tracks.cam_from_map[:, :3, :3], tracks.cam_from_map[:, :3, 3]
    rays = corrected_rays(camera, tracks.rays)
    directions = torch.cat((rays, torch.ones_like(rays[:, :1])), 1)
    directions = torch.einsum('mji,mj->mi', rotation, directions)
    directions = directions / directions.norm(dim=1, keepdim=True)
    centres = -torch.einsum('mji,mj->mi', rotation, shift)
    across = torch.eye(3).double() - directions[:, :, None] * directions[:, None]
    normal = _summed(across, tracks)
    wanted = _summed((across @ centres[:, :, None])[:, :, 0], tracks)
    return torch.linalg.solve(normal + 1e-9 * torch.eye(3).double(), wanted)


def triangulate(tracks: Tracks, camera: torch.Tensor, steps: int = 10, free_camera: bool = False,
                points: torch.Tensor | None = None) -> Triangulated:
    """Return the points of tracks by robust Gauss-Newton from ``linear_points``.

    Args:
        tracks: what is seen where.
        camera: (5,) values of a CameraRefinement to begin with.
        steps: of Gauss-Newton, count.
        free_camera: find the camera too; its prior keeps what no view tells.
        points: (T, 3) to begin with, metres; None: linear ones.
    """
    points = linear_points(tracks, camera) if points is None else points
    camera, begun = camera.double().clone(), camera.double()
    for step in range(steps):
        kernel = max(_KERNEL_PX, _FIRST_KERNEL_PX * 0.7 ** step)
        error, of_point, of_camera = _linearised(tracks, points, camera)
        weight = (1 + error.square().sum(1) / kernel ** 2) ** -2  # Geman-McClure
        move, turn = _step(tracks, (error, of_point, of_camera, weight), camera - begun,
                           kernel, free_camera)
        points, camera = points - move, camera - turn
    error, of_point, _ = _linearised(tracks, points, camera)
    inlying = (error.norm(dim=1) < 2 * _KERNEL_PX).double()
    information = _summed(torch.einsum('mki,mkj,m->mij', of_point, of_point, inlying), tracks)
    covariances = torch.linalg.inv(information + _UNKNOWN_M ** -2 * torch.eye(3).double())
    return Triangulated(points, covariances, _seen_error(tracks, points, error), camera)


def _seen_error(tracks: Tracks, points: torch.Tensor, error: torch.Tensor) -> torch.Tensor:
    """Return the lengths (M,) of errors, infinite where a point is not before its camera."""
    depth = in_camera(tracks, points)[:, 2]
    return torch.where(depth > _NEAREST_M, error.norm(dim=1), torch.full_like(depth, torch.inf))


def in_camera(tracks: Tracks, points: torch.Tensor) -> torch.Tensor:
    """Return the points (T, 3) as each observation's camera sees them (M, 3), metres."""
    pose = tracks.cam_from_map
    return (pose[:, :3, :3] @ points[tracks.point, :, None])[:, :, 0] + pose[:, :3, 3]


def _linearised(tracks: Tracks, points: torch.Tensor, camera: torch.Tensor,
                ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return errors (M, 2), pixels, and their derivatives by point (M, 2, 3) and camera."""
    seen = in_camera(tracks, points)
    depth = seen[:, 2].clamp_min(_NEAREST_M)
    flat = seen[:, :2] / depth[:, None]
    error = (flat - corrected_rays(camera, tracks.rays)) * tracks.focal_px
    rotation = tracks.cam_from_map[:, :3, :3]
    of_point = (rotation[:, :2] - flat[:, :, None] * rotation[:, 2:]) / depth[:, None, None]
    of_camera = -ray_derivatives(camera, tracks.rays)
    return error, of_point * tracks.focal_px, of_camera * tracks.focal_px


def _step(tracks: Tracks, linear: tuple[torch.Tensor, ...], moved: torch.Tensor, kernel: float,
          free_camera: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what to take from the points (T, 3) and the camera (5,): one damped step."""
    error, of_point, of_camera, weight = linear
    weighted = of_point * weight[:, None, None]
    block = _summed(torch.einsum('mki,mkj->mij', weighted, of_point), tracks)
    # a point that one ray tells alone stays where it is along it
    block = block + 1e-3 * torch.eye(3).double() * (1 + block.diagonal(dim1=1, dim2=2).mean(
        1))[:, None, None]
    slope = _summed(torch.einsum('mki,mk->mi', weighted, error), tracks)
    alone = torch.linalg.solve(block, slope)
    if not free_camera:
        return alone, torch.zeros(CAMERA_VALUES).double()
    cross = _summed(torch.einsum('mki,mkj->mij', weighted, of_camera), tracks)
    prior = kernel ** 2 / torch.tensor(_EXPECTED).double() ** 2
    own = torch.einsum('mki,mkj,m->ij', of_camera, of_camera, weight) + prior.diag()
    own_slope = torch.einsum('mki,mk,m->i', of_camera, error, weight) + prior * moved
    eliminated = torch.linalg.solve(block, cross)
    turn = torch.linalg.solve(own - torch.einsum('tij,tik->jk', cross, eliminated),
                              own_slope - torch.einsum('tij,ti->j', cross, alone))
    return alone - eliminated @ turn, turn


def _summed(values: torch.Tensor, tracks: Tracks) -> torch.Tensor:
    """Return the sums (T, ...) of what the observations (M, ...) of each point say."""
    total = values.new_zeros((tracks.count, *values.shape[1:]))
    return total.index_add(0, tracks.point, values)
