# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The simulated room as a sequence: a route through it, rendered frame by frame when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.simulated_room.layouts import DEFAULT_ROOM, LAYOUTS
from scene_reloc_ros.datasets.simulated_room.lighting import LIGHTINGS
from scene_reloc_ros.datasets.simulated_room.renderer import Renderer
from scene_reloc_ros.datasets.simulated_room.room import room_blocks, room_surfaces
from scene_reloc_ros.datasets.simulated_room.routes import route_poses, ROUTES
from scene_reloc_ros.datasets.simulated_room.sensor import exposed, SENSORS
from scene_reloc_ros.datasets.simulated_room.textures import texture_pyramids
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage

SIMULATED_PREFIX = 'simulated:'
CAMERA = Camera(640, 480, 525.0, 525.0, 319.5, 239.5)
DEFAULT_FRAMES = {'survey': 300, 'return': 120}
_OPTIONS: dict[str, Callable[[str], Any]] = {
'frames': int, 'light': str, 'seed': int, 'rate_hz': float, 'room': str}
_NANOSECONDS = 1_000_000_000
_ROUTE_STREAM, _FRAME_STREAM = 1, 2  # separate random numbers for route and sensor


class SimulatedRoomSequence(Sequence):
    """One route through the room; equal arguments give equal frames, in whatever order."""

    def __init__(self, route: str = 'survey', frames: int | None = None, seed: int = 0,
                 light: str = 'day', rate_hz: float = 30.0, room: str = DEFAULT_ROOM) -> None:
        """Lay out the route; the room itself is built when the first image is asked for.

        Args:
            route: 'survey' (for mapping) or 'return' (another way through the same room).
            frames: number of frames; None for 300 of the survey and 120 of the return.
            seed: of textures, sway and noise; the furniture stands where it stands.
            light: 'day' or 'evening'.
            rate_hz: frames per second, of which the stamps are made.
            room: 'living', 'twins' (two opposite corners look the same) or 'other0' to 'other3'.
        """
        _check(route, frames, seed, light, rate_hz)
        if room not in LAYOUTS:
            raise ValueError(f'there is no simulated room {room!r}; expected one of '
                             f'{", ".join(LAYOUTS)}')
        self._frames = DEFAULT_FRAMES[route] if frames is None else frames
        self._seed, self._light, self._rate_hz, self._room = seed, light, rate_hz, room
        stream = [seed, _ROUTE_STREAM, list(ROUTES).index(route)]
        self._poses = route_poses(LAYOUTS[room].routes[route], self._frames,
                                  np.random.default_rng(stream))

    @property
    def names(self) -> list[str]:
        """Frame names such as frame-000123."""
        return [f'frame-{index:06d}' for index in range(self._frames)]

    @property
    def camera(self) -> Camera:
        """The pinhole camera of all frames."""
        return CAMERA

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._frames

    def _read(self, index: int) -> PosedImage:
        view = _renderer(self._room, self._seed, self._light).render(self._poses[index])
        stream = [self._seed, _FRAME_STREAM, index, list(SENSORS).index(self._light)]
        image = exposed(view.image, SENSORS[self._light], np.random.default_rng(stream))
        return PosedImage(f'frame-{index:06d}', self._stamp_ns(index), image, CAMERA,
                          self._pose(index), view.depth_m)

    def _stamp_ns(self, index: int) -> int:
        return round(index * _NANOSECONDS / self._rate_hz)

    def _pose(self, index: int) -> np.ndarray | None:
        return self._poses[index].copy()

    def fault(self, index: int, with_depth: bool) -> str | None:
        """Return None: what is rendered can be read, and trying it would take long."""
        return None


def open_simulated(text: str) -> SimulatedRoomSequence:
    """Open simulated:ROUTE?frames=120&light=evening&seed=0&rate_hz=30&room=twins.

    All options may be left out.
    """
    route, _, query = text.removeprefix(SIMULATED_PREFIX).partition('?')
    options: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _OPTIONS:
            raise ValueError(f'option {key!r} of {text} is unknown; expected '
                             f'{", ".join(_OPTIONS)}')
        try:
            options[key] = _OPTIONS[key](value)
        except ValueError:
            raise ValueError(f'option {key} of {text} is {value!r}; expected a number') from None
    return SimulatedRoomSequence(route, **options)


@lru_cache(maxsize=2)  # one for a sequence, one for pictures of other places
def _renderer(room: str, seed: int, light: str) -> Renderer:
    layout = LAYOUTS[room]
    blocks = room_blocks(layout)
    surfaces = room_surfaces(blocks, layout)
    pyramids = texture_pyramids(surfaces, blocks, layout.lights[light], seed + layout.seed)
    return Renderer(surfaces, pyramids, CAMERA)


def _check(route: str, frames: int | None, seed: int, light: str, rate_hz: float) -> None:
    if route not in ROUTES:
        raise ValueError(f'simulated room has no route {route!r}; expected {" or ".join(ROUTES)}')
    if light not in LIGHTINGS:
        raise ValueError(f'simulated room has no light {light!r}; expected '
                         f'{" or ".join(LIGHTINGS)}')
    if frames is not None and frames < 1:
        raise ValueError(f'simulated room with {frames} frames; expected at least 1')
    if seed < 0:
        raise ValueError(f'seed {seed} of the simulated room is negative; expected 0 or more')
    if not 0 < rate_hz < 1e6:
        raise ValueError(f'rate of {rate_hz} Hz for the simulated room; expected a positive rate')
