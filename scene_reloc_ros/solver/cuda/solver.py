# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""RANSAC on the GPU: prepare, launch, collect; the same contract as the reference."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
import threading

import torch

from scene_reloc_ros.solver import reference
from scene_reloc_ros.solver.cuda.launch import DeviceKernels, Launch, launch_sequence
from scene_reloc_ros.solver.cuda.workspace import Kind, Workspace
from scene_reloc_ros.solver.information import expected_information
from scene_reloc_ros.solver.problem import (
    MINIMUM_CELLS,
    PoseProblem,
    RigProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.solver.validity import is_expected_by_chance, is_undetermined

_KEPT_WORKSPACES = 4  # kinds of problems whose memory is kept, count


class CudaSolver:
    """Solves problems that lie on one GPU.

    ``solve_pose`` is what callers of the reference know. For a graph of network and solver, call
    ``prepare`` once, ``launch`` while the graph is captured, and ``collect`` after each replay.
    """

    def __init__(self, launch: Launch) -> None:
        """Take the function that launches kernels: DeviceKernels, or another in tests."""
        self._launch, self._lock = launch, threading.Lock()
        self._workspaces: OrderedDict[Kind, Workspace] = OrderedDict()

    def solve_pose(self, problem: PoseProblem | RigProblem, generator: torch.Generator,
                   options: SolverOptions) -> SolverResult | SolverRejection:
        """Return the SolverResult of a PoseProblem, in host memory, or the SolverRejection.

        Args:
            problem: PoseProblem on the GPU; a RigProblem is left to the reference.
            generator: a CPU torch.Generator; the same state gives the samples of the reference.
            options: SolverOptions.
        """
        if isinstance(problem, RigProblem):
            return reference.solve_pose(problem, generator, options)  # kernels know one camera
        if len(problem.rays) < MINIMUM_CELLS:
            return SolverRejection.TOO_FEW_CELLS
        with self._lock:
            before = generator.get_state()
            workspace = self.prepare(problem, generator, options)
            self.launch(problem, workspace)
            usable = workspace.read()[0].usable
            if MINIMUM_CELLS <= usable < len(problem.rays):
                # the reference draws among usable cells, whose number is known only now
                generator.set_state(before)
                workspace.draw(generator, int(usable))
                self.launch(problem, workspace)
            return self.collect(workspace)

    def prepare(self, problem: PoseProblem, generator: torch.Generator,
                options: SolverOptions) -> Workspace:
        """Return the Workspace of a problem's kind, with its samples: all that may wait.

        Its memory belongs to the solver; a graph that uses it has to keep the Workspace.
        """
        kind = Kind.of(problem, options)
        if kind not in self._workspaces:
            with torch.inference_mode(False):  # kept: it must serve callers with gradients as well
                self._workspaces[kind] = Workspace(kind)
        self._workspaces.move_to_end(kind)
        while len(self._workspaces) > _KEPT_WORKSPACES:
            self._workspaces.popitem(last=False)
        workspace = self._workspaces[kind]
        workspace.draw(generator, kind.cells)
        return workspace

    def launch(self, problem: PoseProblem, workspace: Workspace) -> None:
        """Launch all work of one problem on torch's current stream, without waiting for any."""
        inputs = [None if values is None else values.float().contiguous() for values in
                  (problem.rays, problem.points, problem.depths, problem.weights)]
        launch_sequence(self._launch, [0 if values is None else values.data_ptr()
                                       for values in inputs], workspace)
        workspace.fetch()

    def collect(self, workspace: Workspace) -> SolverResult | SolverRejection:
        """Wait for the answer; return the SolverResult or the SolverRejection."""
        found, inliers = workspace.read()
        options = workspace.options
        if found.usable < MINIMUM_CELLS:
            return SolverRejection.TOO_FEW_CELLS
        if not found.found:
            return SolverRejection.NO_CONSENSUS
        if is_expected_by_chance(int(found.usable), found.area_px, int(found.inliers),
                                 int(found.samples), options):
            return SolverRejection.NO_CONSENSUS
        if found.second_best_score > options.second_best_ratio * found.score:
            return SolverRejection.AMBIGUOUS
        information = _symmetric(found.information)
        if is_undetermined(information, options):
            return SolverRejection.UNDETERMINED
        residual_m = None
        if workspace.kind.measured:
            residual_m = options.residual_at_one_metre(found.scale_depth, workspace.kind.focal_px)
        return SolverResult(_pose(found.cam_from_map), inliers, found.score, found.scale_px,
                            residual_m,
                            expected_information(information, found.scale_px, options),
                            int(found.samples), found.second_best_score)


def _pose(values: Iterable[float]) -> torch.Tensor:
    """Return the (4, 4) pose of the nine values of a rotation and the three of a translation."""
    numbers = torch.tensor(list(values), dtype=torch.float64)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3], pose[:3, 3] = numbers[:9].view(3, 3), numbers[9:]
    return pose


def _symmetric(triangle: Iterable[float]) -> torch.Tensor:
    """Return the (6, 6) matrix of an upper triangle by rows."""
    matrix = torch.zeros(6, 6, dtype=torch.float64)
    rows, columns = torch.triu_indices(6, 6)
    matrix[rows, columns] = matrix[columns, rows] = torch.tensor(list(triangle),
                                                                 dtype=torch.float64)
    return matrix


@lru_cache(None)
def solver_of(device: torch.device) -> CudaSolver:
    """Return the CudaSolver of a torch.device; RuntimeError where something is missing."""
    return CudaSolver(DeviceKernels(device))
