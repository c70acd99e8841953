# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Exact worlds for rigs of cameras."""

import torch

from scene_reloc_ros.evaluation.benchmarks.rig_benchmark import ring_of_cameras, synthetic_rig


def rig_world(cameras, seed=0, cells=300, noise_px=0.0, outliers=0.0, depth=False):
    """Return a RigProblem, float64, and its true rig_from_map (4, 4)."""
    made = synthetic_rig(seed, ring_of_cameras(cameras), cells, 1 - outliers, noise_px)
    return made.posed(depth, dtype=torch.float64), made.rig_from_map
