# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What is driven: parts of a sequence, and a map of some of its frames."""

from __future__ import annotations

from collections.abc import Sequence as Numbers
from pathlib import Path
import time

import numpy as np

from scene_reloc_ros.cli.demo.conducted import DemoFailure
from scene_reloc_ros.cli.demo.processes import ChildProcess
from scene_reloc_ros.datasets.posed_sequence import Sequence

ROOM = 'simulated:survey?frames=300'
OTHER_ROOM = 'simulated:survey?frames=80&room=other0'  # no map of another place fits it
_STEP_M = 0.5  # that a robot moves from one frame to the next at most
_LEAST_PART = 0.6  # of the length of a part that is wanted
_EVERY = 3  # frames of which one is mapped
_POLL_S = 0.2


def parts_of(sequence: Sequence, length: int) -> list[int]:
    """Return the first frames of the parts of a sequence in which the robot goes without a break.

    Args:
        sequence: with the poses of its frames.
        length: of a part, frames.

    Raises ValueError where there are fewer than two, so that nobody can be carried away.
    """
    poses = [sequence.map_from_cam(index) for index in range(len(sequence))]
    firsts = [first for run in _runs(poses) for first in range(run[0], run[-1] + 1, length)
              if run[-1] + 1 - first >= _LEAST_PART * length]
    if len(firsts) < 2:
        raise ValueError(f'the sequence has {len(firsts)} parts of {length} frames with poses '
                         'and without a break; a drive needs two: give a longer one, or lower '
                         '--rate')
    return firsts


def _runs(poses: Numbers[np.ndarray | None]) -> list[list[int]]:
    """Return the numbers of frames that follow one another."""
    runs: list[list[int]] = []
    for number, pose in enumerate(poses):
        before = poses[number - 1] if number else None
        if pose is None:
            continue
        if before is None or np.linalg.norm(pose[:3, 3] - before[:3, 3]) > _STEP_M:
            runs.append([])
        runs[-1].append(number)
    return runs


def map_of(sequence: str, names: list[str], out: Path, device: str) -> Path:
    """Return a map of every few frames of a sequence, made in a process; DemoFailure if not."""
    path, frames = out.with_suffix('.safetensors'), out.with_suffix('.txt')
    frames.write_text('\n'.join(names[::_EVERY]) + '\n')
    mapping = ChildProcess('map', 'scene_reloc_ros.cli.main', [
        'map', sequence, '--frames', str(frames), '--method', 'cells', '--device', device,
        '--out', str(path)], out.with_suffix('.log'))
    try:
        while mapping.exit_code is None:
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        mapping.interrupt()
        mapping.wait_or_kill()
        raise
    if mapping.exit_code:
        raise DemoFailure(mapping.failure)
    return path
