# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Several maps beside each of them alone: whether the right one is found, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time
from typing import Any

import numpy as np

from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import Report
from scene_reloc_ros.pipeline.atlas.atlas import Atlas
from scene_reloc_ros.pipeline.frame_result import FrameResult, Tracer
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.rejection import Rejection


@dataclass(frozen=True)
class Timed:
    """One answer and what it took."""

    result: FrameResult
    wall_s: float
    cpu_s: float  # of all threads of this process, seconds


def benchmark_maps(localisers: Mapping[str, Localiser], frames: Mapping[str, PosedFrames],
                   twins: Mapping[str, Localiser], on_progress: Report) -> dict[str, Any]:
    """Return the figures of each place, and of all: as plain values.

    Every frame is asked of its own map and of all maps, in turns, so that other load falls on
    both.

    Args:
        localisers: of the maps, by their names.
        frames: with known poses, by the name of the map that shows their place.
        twins: further maps by their names, each of a place that looks like one of the others; the
            frames are asked once more beside them.
        on_progress: called with (stage, fraction in [0, 1], text).
    """
    atlas, places = Atlas(localisers), {}
    beside = Atlas({**localisers, **twins}) if twins else None
    asked: dict[str, list[tuple[Timed, Timed]]] = {}
    for done, (name, some) in enumerate(frames.items()):
        rows: list[tuple[Timed, Timed]] = []
        doubled: list[FrameResult] = []
        for number in range(len(some)):
            frame = some[number]
            rows.append(_in_turns(frame, localisers[name], atlas, number))
            if beside is not None:
                doubled.append(_timed(beside, frame).result)
            on_progress('asking', (done + (number + 1) / len(some)) / len(frames), name)
        asked[name] = rows
        places[name] = {**_figures(name, rows), 'beside_twins': _decisions(name, doubled)
                        if twins else None}
    both = [row for rows in asked.values() for row in rows]
    accepted = sum(place['accepted'] for place in places.values())
    right = sum(place['right_map'] for place in places.values())
    return {'maps': list(localisers), 'twins': list(twins), 'places': places,
            'right_map_share': right / accepted if accepted else None, **_costs(both)}


def _in_turns(frame: PosedImage, alone: Localiser, atlas: Atlas,
              number: int) -> tuple[Timed, Timed]:
    """Return the answers of one map and of all; which is asked first changes with the number."""
    order: list[Callable[[], Timed]] = [lambda: _timed(alone, frame), lambda: _timed(atlas, frame)]
    if number % 2:
        second, first = order[1](), order[0]()
        return first, second
    return order[0](), order[1]()


def _timed(localiser: Tracer, frame: PosedImage) -> Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    trace = localiser.trace(frame.image, frame.camera)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Timed(FrameResult.of(frame, trace), wall, cpu)


def _figures(name: str, rows: list[tuple[Timed, Timed]]) -> dict[str, Any]:
    """Return what was answered to the frames of one place."""
    return {'frames': len(rows), 'accepted_alone': sum(one.result.accepted for one, _ in rows),
            **_decisions(name, [other.result for _, other in rows]), **_costs(rows)}


def _decisions(name: str, results: list[FrameResult]) -> dict[str, int]:
    """Return how many frames were accepted, in the right map, and without a gross error."""
    accepted = [one for one in results if one.accepted]
    return {'accepted': len(accepted),
            'right_map': sum(one.localisation.map == name for one in accepted),
            'gross': sum(one.gross for one in accepted),
            'undecided': sum(one.localisation.rejection is Rejection.UNDECIDED_MAP
                             for one in results)}


def _costs(rows: list[tuple[Timed, Timed]]) -> dict[str, Any]:
    """Return the medians of both times, and of their ratios frame by frame."""
    alone, together = (np.array([(one.wall_s, one.cpu_s) for one in column])
                       for column in zip(*rows))
    ratio = np.median(together / np.maximum(alone, 1e-9), 0)
    return {'alone_ms': float(1e3 * np.median(alone[:, 0])),
            'together_ms': float(1e3 * np.median(together[:, 0])),
            'time_ratio': float(ratio[0]), 'cpu_ratio': float(ratio[1])}
