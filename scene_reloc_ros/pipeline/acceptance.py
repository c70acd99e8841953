# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Accept or reject: what a solved pose has to show before it is believed."""

from dataclasses import dataclass

import torch

from scene_reloc_ros.pipeline.localisation import Rejection


@dataclass(frozen=True)
class AcceptanceOptions:
    """Bounds on a pose that is believed."""

    minimum_inliers: int = 150  # cells
    minimum_ratio: float = 0.05  # inliers among the cells
    minimum_spread: float = 0.08  # standard deviation of the inliers' pixels, of the image size
    map_margin_m: float = 3.0  # farthest from any mapping camera, metres


def judge(result, cells_px, size_px, positions, options):
    """Return None for a believable SolverResult, or the Rejection.

    Args:
        result: SolverResult of the query.
        cells_px: (N, 2) pixels of all cells.
        size_px: (width, height) of the image.
        positions: (F, 3) where the mapping cameras were, metres.
        options: AcceptanceOptions.
    """
    inliers = int(result.inliers.sum())
    if inliers < max(options.minimum_inliers, options.minimum_ratio * len(cells_px)):
        return Rejection.TOO_FEW_INLIERS
    spread = cells_px[result.inliers].std(0) / torch.tensor(size_px, dtype=torch.float32)
    if float(spread.min()) < options.minimum_spread:
        return Rejection.CONCENTRATED
    pose = result.cam_from_map
    position = -pose[:3, :3].T @ pose[:3, 3]
    nearest = (positions.to(position) - position).norm(dim=-1).min()
    if float(nearest) > options.map_margin_m:
        return Rejection.OUTSIDE_MAP
    return None
