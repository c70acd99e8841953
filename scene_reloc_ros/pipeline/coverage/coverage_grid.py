# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Grid of cells that count how many views saw them and from how far apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage

CELL_M = 0.5  # side of a cell
_COLUMNS, _ROWS = 12, 9  # places of a picture that are looked at
_MARGIN = 0.04  # of width and height that is left out
_ASSUMED_M = 2.0  # how far away what has no depth is taken to be, metres
_FARTHEST_M = 8.0  # what is farther away is seen from elsewhere, or known badly
_FEW_VIEWS = 3  # fewer are thin
_LEAST_PARALLAX = 0.035  # root mean square between views that moved, rad
_PLACE_M = 1.5  # size of a place that advice speaks of
_LEAST_CELLS = 3  # weak ones of a place that is worth advice


class CellState(Enum):
    """What a recording has of a cell; the value is its name in JSON and in views."""

    GOOD = 'good'
    THIN = 'thin'
    TURNED = 'turned'


@dataclass(frozen=True)
class Advice:
    """Where to record more."""

    position: np.ndarray  # (3,) metres, in the map
    state: CellState
    cells: int

    @property
    def sentence(self) -> str:
        """Return what to do, without where."""
        if self.state is CellState.THIN:
            return 'record more here: few views show it'
        return 'record more here: the camera only turned; move sideways'


@dataclass(frozen=True)
class Coverage:
    """C cells that a recording has seen, and the F places that it was seen from."""

    centres: np.ndarray  # (C, 3) metres, in the map
    views: np.ndarray  # (C,) that saw each
    parallax: np.ndarray  # (C,) root mean square angle between them, rad; NaN of a single one
    route: np.ndarray  # (F, 3) metres
    headings: np.ndarray  # (F, 3) unit, where the camera looked

    @property
    def states(self) -> np.ndarray:
        """Return the CellState (C,) of each cell."""
        thin = self.views < _FEW_VIEWS
        turned = ~thin & (self.parallax < _LEAST_PARALLAX)
        states = np.full(len(self.views), CellState.GOOD, object)
        states[thin], states[turned] = CellState.THIN, CellState.TURNED
        return states

    def of(self, state: CellState) -> np.ndarray:
        """Return the centres (N, 3) of the cells with a state."""
        return self.centres[self.states == state]

    def advice(self, most: int = 3) -> list[Advice]:
        """Return the places where more recording helps most, at most so many."""
        found = []
        for state in (CellState.TURNED, CellState.THIN):
            cells = self.of(state)
            places, number = np.unique(np.floor(cells / _PLACE_M).astype(int), axis=0,
                                       return_inverse=True)
            for index in range(len(places)):
                mine = cells[number.reshape(-1) == index]
                if len(mine) >= _LEAST_CELLS:
                    found.append(Advice(mine.mean(0), state, len(mine)))
        return sorted(found, key=lambda one: -one.cells)[:most]

    @property
    def shares(self) -> dict[str, float]:
        """Return the share of the cells that has each state."""
        states = self.states
        return {state.value: float(np.mean(states == state)) if len(states) else 0.0
                for state in CellState}


class CoverageGrid:
    """Counts views one by one; what it knows of them has a bound by the size of the place."""

    def __init__(self, cell_m: float = CELL_M, stands_for: float = 1.0) -> None:
        """Begin without a view.

        Args:
            cell_m: side of a cell, metres.
            stands_for: frames of the recording for each that is added, where some are passed by.
        """
        self.cell_m, self._stands_for = cell_m, stands_for
        self._cells: dict[tuple[int, int, int], np.ndarray] = {}  # views, sum of directions
        self._route: list[np.ndarray] = []

    def __len__(self) -> int:
        """Return the number of views."""
        return len(self._route)

    def add(self, frame: PosedImage) -> None:
        """Count what a frame sees; it has a pose."""
        pose = np.asarray(frame.map_from_cam, np.float64)
        points = seen_points(frame.camera, frame.depth_m) @ pose[:3, :3].T + pose[:3, 3]
        self._route.append(pose)
        for cell in np.unique(np.floor(points / self.cell_m).astype(int), axis=0):
            away = (cell + 0.5) * self.cell_m - pose[:3, 3]
            direction = away / max(float(np.linalg.norm(away)), 1e-9)
            known = self._cells.setdefault(tuple(cell.tolist()), np.zeros(4))
            known += (1.0, *direction)

    def coverage(self) -> Coverage:
        """Return what is known so far."""
        cells = np.array(list(self._cells), float).reshape(-1, 3)
        sums = np.array(list(self._cells.values())).reshape(-1, 4)
        views = sums[:, 0]
        # directions d have a mean of length 1 - s^2 / 2, if they spread by s about it
        length = np.linalg.norm(sums[:, 1:], axis=1) / np.maximum(views, 1)
        spread = np.sqrt(np.maximum(2 * (1 - length), 0))
        spread[views < 2] = np.nan  # one view says nothing of those that it stands for
        poses = np.array(self._route).reshape(-1, 4, 4)
        return Coverage((cells + 0.5) * self.cell_m,
                        np.rint(self._stands_for * views).astype(int), spread, poses[:, :3, 3],
                        poses[:, :3, 2])


def coverage_of(frames: Iterable[PosedImage]) -> Coverage:
    """Return the Coverage of frames with poses."""
    grid = CoverageGrid()
    for frame in frames:
        grid.add(frame)
    return grid.coverage()


def seen_points(camera: Camera, depth_m: np.ndarray | None) -> np.ndarray:
    """Return points (K, 3) that a frame shows, in its camera, metres.

    Without depth they are taken to be at a usual distance; the farthest ones are left out.
    """
    share_x, share_y = (np.linspace(_MARGIN, 1 - _MARGIN, count) for count in (_COLUMNS, _ROWS))
    grid = np.stack(np.meshgrid(share_x, share_y), -1).reshape(-1, 2)
    rays = camera.rays(grid * (camera.width - 1, camera.height - 1))
    z = np.full(len(rays), _ASSUMED_M)
    if depth_m is not None:
        height, width = np.shape(depth_m)
        columns, rows = np.rint(grid * (width - 1, height - 1)).astype(int).T
        z = np.nan_to_num(np.asarray(depth_m)[rows, columns].astype(float), posinf=0.0)
    points = rays * z[:, None]
    away = np.linalg.norm(points, axis=1)
    return points[np.isfinite(away) & (z > 0) & (away < _FARTHEST_M)]
