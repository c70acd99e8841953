# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How a depth camera disagrees with a map that its colour camera made.

Depth from triangulation (structured light, stereo) errs in its disparity: by a scale (the
baseline), an offset (the pattern's reference) and a tilt across the image. A query with depth on a
map made of pixels is off by centimetres where that is not corrected.
"""

from dataclasses import dataclass

import torch

MINIMUM_CELLS = 500  # with a depth, to fit a correction
MINIMUM_AGREEMENT = 0.5  # share of the cells, below it depth is no help
AGREEING_M = 0.1  # farthest that a corrected depth may be from its coordinate, metres
_ROUNDS = 10
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

    def __call__(self, depths_N, rays_N2):
        """Return corrected depths (N,), metres; 0 stays 0."""
        known = depths_N > 0
        disparity = (self.scale / torch.where(known, depths_N, torch.ones_like(depths_N))
                     + self.offset + rays_N2 @ rays_N2.new_tensor((self.tilt_x, self.tilt_y)))
        usable = known & (disparity > 0)
        return torch.where(usable, 1 / disparity.clamp_min(1e-6), torch.zeros_like(depths_N))

    def refusal(self):
        """Return why depth cannot be used with the map, or None where it can."""
        if self.agreement >= MINIMUM_AGREEMENT:
            return None
        return (f'the depth of the mapping frames disagrees with the map: only '
                f'{self.agreement:.0%} of the cells are within {AGREEING_M} m of it; check the '
                'unit and the registration of the depth images and map again, or query without '
                'depth')


def fit_depth_correction(predicted_N, depths_N, rays_N2):
    """Return the DepthCorrection of cells, or None where too few have a depth.

    Iteratively reweighted least squares on disparities, relative to their size: edges and holes
    of the sensor are outliers.

    Args:
        predicted_N: depths (N,) of the scene coordinates in their cameras, metres.
        depths_N: depths (N,) of the sensor, metres, 0 where unknown.
        rays_N2: x and y of the rays where z = 1.
    """
    usable = (depths_N > 0) & (predicted_N > 0)
    if int(usable.sum()) < MINIMUM_CELLS:
        return None
    predicted, depths, rays = (v[usable].double() for v in (predicted_N, depths_N, rays_N2))
    columns = torch.cat((1 / depths[:, None], torch.ones_like(depths)[:, None], rays), 1)
    # relative: an error of a disparity is worth more the nearer the surface is
    columns, ones = columns * predicted[:, None], torch.ones_like(predicted)
    values = torch.tensor((1.0, 0.0, 0.0, 0.0), dtype=torch.float64)
    for _ in range(_ROUNDS):
        residual = columns @ values - ones
        weight = 1 / (1 + (residual / _KERNEL) ** 2)
        weighted = columns * weight[:, None]
        values = torch.linalg.solve(weighted.T @ columns + 1e-9 * torch.eye(4).double(),
                                    weighted.T @ ones)
    found = DepthCorrection(*values.tolist())
    away = (found(depths, rays) - predicted).abs()
    agreeing = away < AGREEING_M
    deviation = float(away[agreeing].median()) if bool(agreeing.any()) else AGREEING_M
    return DepthCorrection(*values.tolist(), float(agreeing.double().mean()), deviation)
