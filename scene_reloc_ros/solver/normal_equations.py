# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The normal equations of a pose: residuals of its inliers, their derivatives and scales.

Residuals are taken as Student's t, whose maximum-likelihood scale comes from the weighted sums
that a step needs anyway (Lange, Little and Taylor, 1989): no median, which kernels dislike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import torch

from scene_reloc_ros.geometry.poses import adjoint
from scene_reloc_ros.solver.problem import SolverOptions
from scene_reloc_ros.solver.residuals import in_camera, Observations, squared_errors

_SMALLEST_DEVIATION = 1e-3  # pixels; noise-free input must not make the kernel vanish
_SMALLEST_DEPTH_M = 1e-9  # keeps points in the plane of the camera finite; they are masked

# Every derivative is, but for its sign, one of few terms a cell, each with a = x/z and b = y/z.
# Rows of the residuals: their terms by x, y, z and the rotations about x, y, z, and the residual.
_PIXEL_TERMS = ('1/z', 'a/z', 'b/z', 'ab', '1+aa', '1+bb', 'a', 'b', 'u', 'v')
_PIXEL_ROWS = (('1/z', '', '-a/z', '-ab', '1+aa', '-b', 'u'),
               ('', '1/z', '-b/z', '-1+bb', 'ab', 'a', 'v'))
_DEPTH_TERMS = ('1', 'x', 'y', 'd')
_DEPTH_ROWS = (('', '', '1', 'y', '-x', '', 'd'),)


@dataclass(frozen=True)
class View:
    """A camera's cells and where the camera is mounted."""

    cells: Observations
    mount: torch.Tensor | None = None  # (4, 4) cam_from_rig, None where the rig is the camera
    carry: torch.Tensor | None = None  # (6, 6) a twist of the rig, seen from the camera

    @classmethod
    def mounted(cls, cells: Observations, cam_from_rig: torch.Tensor) -> View:
        """Return the View of a camera of a rig."""
        return cls(cells, cam_from_rig, adjoint(cam_from_rig))

    def seen_from(self, poses: torch.Tensor) -> torch.Tensor:
        """Return cam_from_map (H, 4, 4) of poses of the rig."""
        return poses if self.mount is None else self.mount @ poses

    def select(self, cells: torch.Tensor) -> View:
        """Return the View of some of the cells."""
        return replace(self, cells=self.cells.select(cells))


@dataclass(frozen=True)
class Scales:
    """Standard deviations of the residuals of H hypotheses, pixels."""

    px: torch.Tensor  # (H,) of u and v
    depth: torch.Tensor  # (H,) of d, in the pixels of ``Observations.depth_px_N``

    @classmethod
    def first(cls, poses: torch.Tensor, options: SolverOptions) -> Scales:
        """Return a third of the threshold: inliers fill their threshold before a fit."""
        value = poses.new_full((len(poses),), options.threshold_px / 3)
        return cls(value, value)

    def updated(self, equations: Equations) -> Scales:
        """Return the scales that the weighted squares of the residuals ask for."""
        ratio = equations.squares / equations.counts.clamp_min(1)
        ratio = torch.where(equations.counts > 0, ratio, torch.ones_like(ratio)).sqrt()
        return Scales((self.px * ratio[:, 0]).clamp_min(_SMALLEST_DEVIATION),
                      (self.depth * ratio[:, 1]).clamp_min(_SMALLEST_DEVIATION))


@dataclass(frozen=True)
class Equations:
    """Sums over the inliers of H hypotheses; residuals are whitened by their scales."""

    hessian: torch.Tensor  # (H, 6, 6) J^T W J
    gradient: torch.Tensor  # (H, 6) J^T W r
    squares: torch.Tensor  # (H, 2) weighted sums of squares of u and v, and of d
    counts: torch.Tensor  # (H, 2) weights of the residuals u and v, and d

    def __add__(self, other: Equations) -> Equations:
        """Add those of another camera."""
        return Equations(*(getattr(self, part.name) + getattr(other, part.name)
                           for part in fields(self)))


def normal_equations(poses: torch.Tensor, views: Sequence[View], scales: Scales,
                     options: SolverOptions) -> Equations:
    """Return the Equations of poses (H, 4, 4) over their inliers in all Views.

    The unknown is the twist d of exp(d) pose, translation (m) first, then rotation (rad).
    """
    parts = []
    for view in views:
        found = _camera_equations(view.seen_from(poses), view.cells, scales, options)
        if view.carry is not None:
            found = replace(found, hessian=view.carry.T @ found.hessian @ view.carry,
                            gradient=found.gradient @ view.carry)
        parts.append(found)
    return sum(parts[1:], parts[0])


def _camera_equations(poses: torch.Tensor, cells: Observations, scales: Scales,
                      options: SolverOptions) -> Equations:
    x, y, z = in_camera(poses, cells.points_3N)
    mask = (squared_errors(x, y, z, cells, options) < options.threshold_px ** 2).to(x.dtype)
    if cells.weights_N is not None:
        mask = mask * cells.weights_N
    systems = [_system(_pixel_terms(x, y, z, cells), 2, mask, cells.focal_px / scales.px, options)]
    counts = [2 * mask.sum(-1), torch.zeros_like(scales.px)]
    if cells.depths_N is not None and cells.depth_px_N is not None:
        mask = mask * (options.depth_weight * (cells.depth_px_N > 0))
        terms = _depth_terms(x, y, z, cells.depths_N, cells.depth_px_N)
        systems.append(_system(terms, 1, mask, 1 / scales.depth, options))
        counts[1] = mask.sum(-1)
    squares = [system[:, 6, 6] for system in systems]
    squares += [torch.zeros_like(scales.px)] * (2 - len(squares))
    total = sum(systems[1:], systems[0])
    return Equations(total[:, :6, :6], total[:, :6, 6], torch.stack(squares, 1),
                     torch.stack(counts, 1))


def _pixel_terms(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor,
                 cells: Observations) -> torch.Tensor:
    """Return the terms (H, 10, N) of the derivatives of u and v, which are the last two."""
    inverse = 1 / torch.where(z.abs() < _SMALLEST_DEPTH_M, _SMALLEST_DEPTH_M, z)
    a, b = x * inverse, y * inverse
    return torch.stack((inverse, a * inverse, b * inverse, a * b, 1 + a * a, 1 + b * b, a, b,
                        a - cells.rays_2N[0], b - cells.rays_2N[1]), 1)


def _depth_terms(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, depths: torch.Tensor,
                 scale: torch.Tensor) -> torch.Tensor:
    """Return the terms (H, 4, N) of the derivatives of d, which is the last."""
    return torch.stack((scale.expand_as(z), x * scale, y * scale, (z - depths) * scale), 1)


def _system(terms: torch.Tensor, residuals: int, mask: torch.Tensor, whitening: torch.Tensor,
            options: SolverOptions) -> torch.Tensor:
    """Return the weighted sums of all rows' outer products (H, 7, 7), derivatives and residual.

    The kernels of pixels and of depth are separate: a depth that is off says little of a pixel.

    Args:
        terms: (H, T, N), of which the last ``residuals`` are residuals.
        residuals: how many, 1 or 2.
        mask: (H, N) weights, 0 for those left out.
        whitening: (H,) reciprocal deviations of the residuals.
        options: SolverOptions.
    """
    squared = (terms[:, -residuals:] ** 2).sum(1) * (whitening ** 2)[:, None]
    weights = mask * _robust_weight(squared, residuals, options)
    gram = (terms * weights[:, None]) @ terms.transpose(1, 2)
    choices = _choices(residuals == 2, gram.dtype, gram.device)
    system = sum(choice.T @ gram @ choice for choice in choices)
    return system * (whitening ** 2)[:, None, None]


@lru_cache(None)
def _choices(of_pixels: bool, dtype: torch.dtype, device: torch.device) -> list[torch.Tensor]:
    """Return the signed choices (T, 7) of terms that make the rows of pixels or of depth."""
    names, rows = (_PIXEL_TERMS, _PIXEL_ROWS) if of_pixels else (_DEPTH_TERMS, _DEPTH_ROWS)
    choices = []
    with torch.inference_mode(False):  # kept: it must serve callers with gradients as well
        for row in rows:
            choice = torch.zeros(len(names), 7, dtype=dtype, device=device)
            for column, term in enumerate(row):
                if term:
                    choice[names.index(term.lstrip('-')), column] = -1 if term[0] == '-' else 1
            choices.append(choice)
    return choices


def _robust_weight(squared: torch.Tensor, residuals: int, options: SolverOptions) -> torch.Tensor:
    """Return the weight (nu + k) / (nu + r^2) of k whitened residuals, nu = kernel^2."""
    freedom = options.kernel ** 2
    return (freedom + residuals) / (freedom + squared)
