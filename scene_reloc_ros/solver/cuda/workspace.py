# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Device memory of problems of one size: allocated once, described to the kernels by address."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import torch

from scene_reloc_ros.solver.problem import PoseProblem, SolverOptions
from scene_reloc_ros.solver.sampling import MINIMAL, uniform_numbers

ROUNDS = 4  # of samples, as in workspace.cuh
_CELL_ROWS = 9
_POSE_DOUBLES = 12
REFINED_DOUBLES = _POSE_DOUBLES + 2
STATE_BYTES = 64
_FLOATS = ('focal_px', 'threshold_px', 'threshold_m', 'depth_noise', 'depth_weight',
           'coordinate_noise', 'error_clamp_px', 'minimum_depth_m', 'kernel', 'mode_distance_m',
           'mode_angle_deg', 'second_best_ratio')
_COUNTS = ('first_samples', 'round_samples', 'maximum_samples', 'test_cells', 'scored', 'refined',
           'local_cells', 'local_steps', 'final_steps')
_BUFFERS = ('cells', 'part', 'source', 'pool', 'cumulative', 'order', 'numbers', 'poses',
            'agreeing', 'chosen', 'scores', 'second_best_scores', 'refined', 'near', 'state',
            'result', 'mask')


def shares_of(options: SolverOptions, number: int) -> int:
    """Return how many rounds of the reference a round stands for, as in rounds.cuh."""
    return 1 if number + 1 < ROUNDS else -(-options.maximum_samples // options.round_samples)


class SettingsLayout(ctypes.Structure):
    """``Settings`` of residual.cuh."""

    _fields_ = [('confidence', ctypes.c_double), *((name, ctypes.c_float) for name in _FLOATS),
                *((name, ctypes.c_int) for name in _COUNTS)]

    @classmethod
    def of(cls, options: SolverOptions, focal_px: float) -> SettingsLayout:
        """Return the settings of SolverOptions and a focal length, pixels."""
        given = {name: getattr(options, name) for name in ('confidence', *_FLOATS[1:], *_COUNTS)}
        return cls(focal_px=focal_px, **given)


class WorkspaceLayout(ctypes.Structure):
    """``Workspace`` of workspace.cuh."""

    _fields_ = [('settings', SettingsLayout), *((name, ctypes.c_void_p) for name in _BUFFERS),
                ('capacity', ctypes.c_int), ('weighted', ctypes.c_int)]


class ResultLayout(ctypes.Structure):
    """``Result`` of workspace.cuh."""

    _fields_ = [*((name, ctypes.c_double) for name in (
                    'usable', 'found', 'samples', 'inliers', 'area_px', 'score', 'scale_px',
                    'scale_depth', 'second_best_score')),
                ('cam_from_map', ctypes.c_double * _POSE_DOUBLES),
                ('information', ctypes.c_double * 21)]


@dataclass(frozen=True)
class Kind:
    """What problems have in common that share a workspace."""

    cells: int
    focal_px: float
    measured: bool  # whether some depths are given
    weighted: bool  # whether weights are given
    device: torch.device
    options: SolverOptions

    @classmethod
    def of(cls, problem: PoseProblem, options: SolverOptions) -> Kind:
        """Return the kind of a PoseProblem."""
        return cls(len(problem.rays), float(problem.focal_px), problem.depths is not None,
                   problem.weights is not None, problem.rays.device, options)


class Workspace:
    """Buffers of one kind of problem, and the samples that they hold."""

    def __init__(self, kind: Kind) -> None:
        """Allocate everything that the kernels read and write."""
        self.kind, self.options = kind, kind.options
        self._drawn_from: tuple[bytes, int] | None = None
        self._left_at: torch.Tensor | None = None
        self._answer = torch.zeros(ctypes.sizeof(ResultLayout) + kind.cells, dtype=torch.uint8,
                                   device=kind.device)
        self._host_answer = torch.zeros(self._answer.shape, dtype=torch.uint8,
                                        pin_memory=kind.device.type == 'cuda')
        self._buffers = self._allocate()
        layout = WorkspaceLayout(
            settings=SettingsLayout.of(kind.options, kind.focal_px), capacity=kind.cells,
            weighted=kind.weighted,
            result=self._answer.data_ptr(),
            mask=self._answer.data_ptr() + ctypes.sizeof(ResultLayout),
            **{name: buffer.data_ptr() for name, buffer in self._buffers.items()})
        self._layout = torch.frombuffer(bytearray(layout), dtype=torch.uint8).to(kind.device)

    @property
    def address(self) -> int:
        """Return where the kernels find the description of the buffers."""
        return self._layout.data_ptr()

    def _allocate(self) -> dict[str, torch.Tensor]:
        cells, options, device = self.kind.cells, self.options, self.kind.device
        last = shares_of(options, ROUNDS - 1)
        scored = last * options.scored

        def empty(dtype: torch.dtype, *shape: int) -> torch.Tensor:
            return torch.empty(shape, dtype=dtype, device=device)
        return {
            'cells': empty(torch.float32, _CELL_ROWS, cells),
            'part': empty(torch.float32, _CELL_ROWS, options.local_cells),
            'source': empty(torch.int32, cells),
            'pool': empty(torch.int32, cells),
            'cumulative': empty(torch.float64, cells),
            'order': empty(torch.int32, cells),
            'numbers': empty(torch.float64, MINIMAL + options.test_cells,
                             options.maximum_samples),
            'poses': empty(torch.float64, options.maximum_samples, _POSE_DOUBLES),
            'agreeing': empty(torch.int32, options.maximum_samples),
            'chosen': empty(torch.int32, scored),
            'scores': empty(torch.float64, scored),
            'second_best_scores': empty(torch.float64, scored),
            'refined': empty(torch.float64, (ROUNDS - 1 + last) * options.refined,
                             REFINED_DOUBLES),
            'near': empty(torch.uint8, cells),
            'state': empty(torch.uint8, STATE_BYTES)}

    def draw(self, generator: torch.Generator, usable: int) -> None:
        """Draw the samples of all rounds among some usable cells, unless they are there already.

        They are those that the reference draws from the same state of the generator, which is
        left behind the last of them.

        Args:
            generator: CPU torch.Generator.
            usable: number of cells that samples are drawn from.
        """
        state = generator.get_state()
        drawn_from = (state.numpy().tobytes(), usable)
        if drawn_from == self._drawn_from and self._left_at is not None:
            generator.set_state(self._left_at)
            return
        order = torch.full((self.kind.cells,), self.kind.cells, dtype=torch.int32)
        order[:usable] = torch.randperm(usable, generator=generator)
        numbers = uniform_numbers(self.options.maximum_samples, generator, self.options)
        self._buffers['order'].copy_(order)
        self._buffers['numbers'].copy_(numbers[:, 1:].T.contiguous())
        self._drawn_from, self._left_at = drawn_from, generator.get_state()

    def fetch(self) -> None:
        """Send the answer on its way to the host; returns at once."""
        self._host_answer.copy_(self._answer, non_blocking=True)

    def read(self) -> tuple[ResultLayout, torch.Tensor]:
        """Return (ResultLayout, inlier mask (N,) bool) once the answer has arrived."""
        if self.kind.device.type == 'cuda':
            torch.cuda.current_stream(self.kind.device).synchronize()
        size = ctypes.sizeof(ResultLayout)
        result = ResultLayout.from_buffer_copy(self._host_answer[:size].numpy().data)
        return result, self._host_answer[size:].bool()
