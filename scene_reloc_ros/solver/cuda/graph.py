# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A whole query as one CUDA graph, and how long its kernels take."""

from __future__ import annotations

from collections.abc import Sequence
import time

import numpy as np
import torch

from scene_reloc_ros.solver.cuda.solver import CudaSolver
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)

_WARM_UPS = 3  # runs before a graph is captured or a time is taken


class SolverGraph:
    """All launches of one problem, captured once and replayed with one call.

    The problem's tensors stay where they are: write the next query into them before a replay.
    """

    def __init__(self, solver: CudaSolver, problem: PoseProblem, generator: torch.Generator,
                 options: SolverOptions) -> None:
        """Draw the samples and capture.

        Args:
            solver: CudaSolver.
            problem: PoseProblem on the GPU, float32 and contiguous.
            generator: CPU torch.Generator of the samples of every replay.
            options: SolverOptions.
        """
        self.solver, self.problem = solver, problem
        self.workspace = solver.prepare(problem, generator, options)
        stream = torch.cuda.Stream(problem.rays.device)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):
                solver.launch(problem, self.workspace)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            solver.launch(problem, self.workspace)

    def replay(self) -> None:
        """Launch everything on torch's current stream; returns at once."""
        self._graph.replay()

    def collect(self) -> SolverResult | SolverRejection:
        """Wait for the answer of the last replay; return a SolverResult or a SolverRejection."""
        return self.solver.collect(self.workspace)


def measure(solver: CudaSolver, problem: PoseProblem, generator: torch.Generator,
            options: SolverOptions, repeats: int = 100) -> dict[str, list[float]]:
    """Return times of one problem, each as (10 %, median, 90 %) in milliseconds.

    ``graph_ms`` is that of the kernels and the copy of their answer, by events around the replay
    of a graph; ``call_ms`` that of ``solve_pose`` with the host's share, from call to answer.
    """
    state, device = generator.get_state(), problem.rays.device
    graph = SolverGraph(solver, problem, generator, options)
    replays, calls = [], []
    for run in range(-_WARM_UPS, repeats):
        started, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        started.record()
        graph.replay()
        ended.record()
        torch.cuda.synchronize(device)
        generator.set_state(state)
        began = time.perf_counter()
        solver.solve_pose(problem, generator, options)
        if run >= 0:
            calls.append(1e3 * (time.perf_counter() - began))
            replays.append(started.elapsed_time(ended))
    return {'graph_ms': _spread(replays), 'call_ms': _spread(calls)}


def _spread(values: Sequence[float]) -> list[float]:
    return [float(value) for value in np.percentile(values, (10, 50, 90))]
