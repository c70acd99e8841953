# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How a depth camera disagrees with a map that its colour camera made.

Depth from triangulation (structured light, stereo) errs in its disparity: by a scale (the
baseline), an offset (the pattern's reference) and a tilt across the image. A query with depth on a
map made of pixels is off by centimetres where that is not corrected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import torch

MINIMUM_CELLS = 500  # with a depth, to fit a correction
MINIMUM_AGREEMENT = 0.5  # share of the cells, below it depth is no help
AGREEING_M = 0.1  # farthest that a corrected depth may be from its coordinate, metres
_ROUNDS = 10
_TERMS = 4  # of a correction: the scale, the offset, the tilts
_BETTER = 0.03  # by which a correction has to lessen the disagreement, of it
_LEAST_OF_FRAME = 20  # cells whose median tells what a frame's depths share
_INDEPENDENT = 340  # depths of a query that err each for itself: ten neighbours of 3400 do not
_KERNEL = 0.03  # of a disparity: Cauchy's scale, of the disparity


@dataclass(frozen=True)
class DepthCorrection:
    """Disparities 1/z of the sensor to those of the map: scale, offset and tilt (x, y)."""

    scale: float = 1.0  # unitless
    offset: float = 0.0  # 1/metre
    tilt_x: float = 0.0  # 1/metre at x = 1 on the plane z = 1
    tilt_y: float = 0.0  # 1/metre at y = 1
    agreement: float = 1.0  # share of the mapping cells that agree after it
    deviation_m: float = 0.0  # median distance of those cells, metres
    weight: float = 1.0  # of a cell's depth beside its pixel: less where a frame's err together

    @property
    def known(self) -> bool:
        """Tell whether depths were compared with the map; else they are taken as they are."""
        return self.deviation_m > 0

    def __call__(self, depths_N: torch.Tensor, rays_N2: torch.Tensor) -> torch.Tensor:
        """Return corrected depths (N,), metres; 0 stays 0."""
        known = depths_N > 0
        disparity = (self.scale / torch.where(known, depths_N, torch.ones_like(depths_N))
                     + self.offset + rays_N2 @ rays_N2.new_tensor((self.tilt_x, self.tilt_y)))
        usable = known & (disparity > 0)
        return torch.where(usable, 1 / disparity.clamp_min(1e-6), torch.zeros_like(depths_N))

    def unavailable(self) -> str | None:
        """Return why depth cannot be used with the map, or None where it can."""
        if self.agreement >= MINIMUM_AGREEMENT:
            return None
        return (f'the depth of the mapping frames disagrees with the map: only '
                f'{self.agreement:.0%} of the cells are within {AGREEING_M} m of it; check the '
                'unit and the registration of the depth images and map again, or query without '
                'depth')


def fit_depth_correction(predicted_N: torch.Tensor, depths_N: torch.Tensor,
                         rays_N2: torch.Tensor, frames_N: torch.Tensor) -> DepthCorrection | None:
    """Return the DepthCorrection of cells, or None where too few have a depth.

    The sensor is believed as it is, unless a correction proves itself on frames that it was not
    fitted to: points of views that turn little, or of a trained head, err in their depths too.

    Args:
        predicted_N: depths (N,) of the scene coordinates in their cameras, metres.
        depths_N: depths (N,) of the sensor, metres, 0 where unknown.
        rays_N2: x and y of the rays where z = 1.
        frames_N: (N,) int64, the frame of each cell.
    """
    usable = (depths_N > 0) & (predicted_N > 0)
    if int(usable.sum()) < MINIMUM_CELLS:
        return None
    predicted, depths, rays = (v[usable].double() for v in (predicted_N, depths_N, rays_N2))
    found = _proven(predicted, depths, rays, frames_N[usable])
    away = found(depths, rays) - predicted
    agreeing = away.abs() < AGREEING_M
    if not bool(agreeing.any()):
        return replace(found, agreement=0.0, deviation_m=AGREEING_M)
    weight = _weight((away / predicted)[agreeing], frames_N[usable][agreeing])
    return replace(found, agreement=float(agreeing.double().mean()), weight=weight,
                   deviation_m=float(away[agreeing].abs().median()))


def _proven(predicted: torch.Tensor, depths: torch.Tensor, rays: torch.Tensor,
            frames: torch.Tensor) -> DepthCorrection:
    """Return the correction, or none where it betters no frames but its own."""
    other = frames.unique(return_inverse=True)[1] % 2 == 1
    as_it_is = DepthCorrection()
    cost = sum(_disagreement(_fit_disparities(predicted[half], depths[half], rays[half]),
                             predicted[~half], depths[~half], rays[~half])
               for half in (other, ~other)) / 2
    proven = cost < (1 - _BETTER) * _disagreement(as_it_is, predicted, depths, rays)
    return _fit_disparities(predicted, depths, rays) if proven else as_it_is


def _disagreement(correction: DepthCorrection, predicted: torch.Tensor, depths: torch.Tensor,
                  rays: torch.Tensor) -> float:
    """Return the mean robust cost (Cauchy) of what depths err by, relative to their size."""
    away = correction(depths, rays) / predicted - 1
    return float(torch.log1p((away / _KERNEL) ** 2).mean()) if len(away) else math.inf


def _fit_disparities(predicted: torch.Tensor, depths: torch.Tensor,
                     rays: torch.Tensor) -> DepthCorrection:
    """Return the scale, offset and tilts of disparities.

    Iteratively reweighted least squares, relative to their size: edges and holes of the sensor
    are outliers.
    """
    columns = torch.cat((1 / depths[:, None], torch.ones_like(depths)[:, None], rays), 1)
    # relative: an error of a disparity is worth more the nearer the surface is
    columns, ones = columns * predicted[:, None], torch.ones_like(predicted)
    values = torch.tensor((1.0, 0.0, 0.0, 0.0), dtype=torch.float64)
    for _ in range(_ROUNDS):
        residual = columns @ values - ones
        weight = 1 / (1 + (residual / _KERNEL) ** 2)
        weighted = columns * weight[:, None]
        values = torch.linalg.solve(
            weighted.T @ columns + 1e-9 * torch.eye(_TERMS).double(), weighted.T @ ones)
    return DepthCorrection(*values.tolist())


def _weight(errors: torch.Tensor, frames: torch.Tensor) -> float:
    """Return how much a cell's depth may count, of its own variance and what its frame shares.

    K cells that err together by s and each by itself by c know no more than (c / s)^2 of them, of
    which a query counts K: each is worth 1 / (1 + K (s / c)^2) of one that errs alone.

    Args:
        errors: (N,) relative errors of cells that agree.
        frames: (N,) the frame of each.
    """
    alone = _robust_deviation(errors)
    groups = [errors[frames == frame] for frame in frames.unique()]
    medians = torch.stack([group.median() for group in groups if len(group) >= _LEAST_OF_FRAME]
                          or [errors.median()])
    # the median of n cells scatters by 1.25 c / sqrt(n) without any shared error
    sampling = (1.25 * alone) ** 2 * len(groups) / len(errors)
    shared = max(0.0, _robust_deviation(medians) ** 2 - sampling)
    return 1 / (1 + _INDEPENDENT * shared / max(alone ** 2, 1e-12))


def _robust_deviation(values: torch.Tensor) -> float:
    return float(1.4826 * (values - values.median()).abs().median())
