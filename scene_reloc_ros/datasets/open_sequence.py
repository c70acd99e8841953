# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Opening a sequence: which layout a folder has, and lists of frame names."""

from __future__ import annotations

from collections import Counter
import logging
from pathlib import Path

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.recording import is_recording, RecordingSequence
from scene_reloc_ros.datasets.seven_scenes import is_seven_scenes, SevenScenesSequence
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import (
    open_simulated,
    SIMULATED_PREFIX,
)
from scene_reloc_ros.geometry.text_files import read_text

__all__ = ['Sequence', 'open_sequence', 'read_frame_list']


_logger = logging.getLogger(__name__)


def open_sequence(path: str | Path, rectified: bool = False) -> Sequence:
    """Return the ``Sequence`` at ``path``: a folder, or simulated:ROUTE?option=value&...

    Args:
        path: of the sequence.
        rectified: its pictures are rectified: projection_matrix of its camera.yaml holds.

    Raises ValueError naming the folder and the layouts that were looked for.
    """
    if str(path).startswith(SIMULATED_PREFIX):
        return open_simulated(str(path))
    folder = Path(path)
    if not folder.is_dir():
        raise ValueError(f'sequence folder {folder} does not exist; give the folder of a '
                         f'recording or 7-Scenes frames, or {SIMULATED_PREFIX}survey')
    if is_recording(folder):
        return RecordingSequence(folder, rectified)
    if is_seven_scenes(folder):
        return SevenScenesSequence(folder, rectified)
    raise ValueError(f'folder {folder} holds no sequence; looked for a recording (rgb.txt) and '
                     '7-Scenes frames (frame-NNNNNN.color.jpg or .png)')


def read_frame_list(path: str | Path) -> list[str]:
    """Return the frame names in a text file, one a line; empty lines and # comments are skipped.

    Raises ValueError where the file is missing, no text, or names no frame.
    """
    try:
        lines = read_text(path).splitlines()
    except OSError as error:
        raise ValueError(f'frame list {path} cannot be read ({error.strerror}); give a text file '
                         'with one frame name a line') from error
    names = [line.split('#')[0].strip() for line in lines]
    names = [name for name in names if name]
    if not names:
        raise ValueError(f'frame list {path} is empty; expected one frame name a line')
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        _logger.warning('frame list %s names %d frames more than once, such as %s; they count as '
                        'often', path, len(repeated), repeated[0])
    return names
