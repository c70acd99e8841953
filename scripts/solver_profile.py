# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Time the kernels of the cuda solver on this machine's GPU; scripts/gpu_check calls it."""

import argparse
from collections import defaultdict
import json
from pathlib import Path

import torch
from torch.profiler import profile, ProfilerActivity

from scene_reloc_ros.evaluation.benchmarks.solver_benchmark import synthetic_problem
from scene_reloc_ros.evaluation.machine import machine_name
from scene_reloc_ros.solver.cuda.graph import measure
from scene_reloc_ros.solver.cuda.solver import solver_of
from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions

DEVICE = torch.device('cuda')
CELLS = 4800
INLIERS = (0.1, 0.3, 0.9)
PROFILED = 20  # runs


def on_gpu(inliers, with_depth):
    """Return a synthetic PoseProblem on the GPU."""
    given = synthetic_problem(1, CELLS, inliers).posed(with_depth)
    depths = None if given.depths is None else given.depths.to(DEVICE)
    return PoseProblem(given.rays.to(DEVICE), given.points.to(DEVICE), given.focal_px, depths)


def generator():
    """Return the generator of the samples."""
    return torch.Generator().manual_seed(0)


def kernel_times(solver, problem, options):
    """Return {kernel: microseconds a solve} and the calls that made the host wait, by name."""
    workspace = solver.prepare(problem, generator(), options)
    solver.launch(problem, workspace)
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as recorded:
        for _ in range(PROFILED):
            solver.launch(problem, workspace)
    times, waits = defaultdict(float), defaultdict(int)
    for event in recorded.key_averages():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            times[event.key] += event.self_device_time_total / PROFILED
        elif 'Synchronize' in event.key:
            waits[event.key] += event.count
    return {'kernels_us': dict(times), 'waits': dict(waits)}


def run(once):
    """Return the figures of all problems; with ``once`` solve each and measure nothing."""
    solver, options, rows = solver_of(DEVICE), SolverOptions(), []
    for with_depth in (False, True):
        for inliers in INLIERS:
            problem = on_gpu(inliers, with_depth)
            found = solver.solve_pose(problem, generator(), options)
            if not once:
                rows.append({'inliers': inliers, 'depth': with_depth, 'samples': found.samples,
                             **measure(solver, problem, generator(), options),
                             **kernel_times(solver, problem, options)})
    return {'machine': machine_name(), 'cells': CELLS, 'queries': rows}


def main():
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--once', action='store_true', help='solve once, measure nothing')
    parser.add_argument('--out', type=Path, help='file for the figures (JSON)')
    args = parser.parse_args()
    figures = run(args.once)
    if args.out is not None:
        args.out.write_text(json.dumps(figures, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
