# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What runs in the training process: a recording in, a map file and progress messages out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
import logging
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
import os
from pathlib import Path
import signal
import time
from typing import Any, Optional

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.files.outputs import kept
from scene_reloc_ros.mapping.presets import with_minutes
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.method import MethodOptions
from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.pipeline.map_report import quality_sentence
from scene_reloc_ros.pipeline.mapper import Mapper, MappingCancelled
from scene_reloc_ros.ros.node.threads import guarded_thread, sentence_of

_PROGRESS_PERIOD_S = 0.2
_logger = logging.getLogger(__name__)


def train(recording: str, map_path: str, settings: dict[str, Any], messages: Connection,
          cancel: Event) -> None:
    """Train a map; the entry point of the process.

    Args:
        recording: folder of the recording.
        map_path: file that the map is written to.
        settings: dict with method, preset, encoder, minutes, device, seed, niceness, bounds
            (MotionBounds), and began_s: when the training was asked for, of ``time.monotonic``.
        messages: a multiprocessing connection; it gets tuples ('opened', frames),
            ('progress', stage, fraction, text), ('judged', sentence), ('done', path),
            ('failed', sentence), ('cancelled',).
        cancel: a multiprocessing event.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the node, which cancels
    os.nice(settings['niceness'])
    end_with_parent()
    try:
        sequence = open_sequence(recording)
        messages.send(('opened', len(sequence)))
        mapper = Mapper(_mapping_options(settings), settings['device'], settings['seed'],
                        settings['bounds'])
        scene_map = mapper.build(sequence, _Progress(messages), cancel.is_set,
                                 settings.get('began_s'))
        label = RecordingLabel.read(recording)
        scene_map = replace(scene_map, metadata={**scene_map.metadata, **label.metadata()})
        path = kept(Path(map_path), partial(_save, scene_map))
        elsewhere = [] if path == Path(map_path) else [f'it could not be written to {map_path}']
        messages.send(('judged', '; '.join((
            quality_sentence(scene_map.metadata['check']),
            *scene_map.metadata['left_out']['sentences'], *elsewhere))))
        messages.send(('done', str(path)))
    except MappingCancelled:
        messages.send(('cancelled',))
    except Exception as error:  # noqa: BLE001  # whatever a library may think of
        _logger.error('training failed: %s', error, exc_info=not isinstance(error, ValueError))
        messages.send(('failed', sentence_of(error)))


def _save(scene_map: SceneMap, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scene_map.save(path)


class _Progress:
    """Sends progress, but not more often than anyone can read."""

    def __init__(self, messages: Connection) -> None:
        self._messages = messages
        self._stage: Optional[str] = None
        self._sent_s = 0.0

    def __call__(self, stage: str, fraction: float, text: str) -> None:
        now = time.monotonic()
        if stage != self._stage or fraction >= 1 or now - self._sent_s >= _PROGRESS_PERIOD_S:
            self._stage, self._sent_s = stage, now
            self._messages.send(('progress', stage, float(fraction), text))


def _mapping_options(settings: dict[str, Any]) -> MethodOptions:
    options = method_class(settings['method']).presets[settings['preset']]
    if hasattr(options, 'encoder'):
        options = replace(options, encoder=settings['encoder'])
    return with_minutes(options, settings['minutes']) if settings['minutes'] else options


def end_with_parent() -> None:
    """From now on end at once when the node has died without a chance to say so."""
    guarded_thread(_wait_for_parent, 'parent').start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:  # it is one in a process that multiprocessing started
        parent.join()
        os._exit(1)
