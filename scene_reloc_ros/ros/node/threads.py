# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Threads that tell what ends them, and the sentence of an exception; without ROS."""

from __future__ import annotations

from collections.abc import Callable
import logging
import threading
from typing import Optional

Failed = Callable[[Exception], object]

_logger = logging.getLogger(__name__)


def sentence_of(error: Exception) -> str:
    """Sentence of an exception: as it stands where it was written for people, else named."""
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f': {error.filename}' if error.filename else ''
        return f'{error.strerror}{where}'
    return (f'internal error ({type(error).__name__}: {error}); report it with the log at level '
            'debug')


def guarded_thread(target: Callable[[], object], name: str,
                   failed: Optional[Failed] = None) -> threading.Thread:
    """Daemon thread, not yet started, that tells what ends it instead of printing a trace.

    Args:
        target: what it runs.
        name: of the thread.
        failed: called in it with the exception that ended it; None: it goes to the log.
    """
    def run() -> None:
        try:
            target()
        except Exception as error:  # noqa: BLE001  # whatever a library may think of
            if failed is not None:
                failed(error)
                return
            _logger.error('the thread %s ended: %s', name, sentence_of(error))
            _logger.debug('of the thread %s', name, exc_info=True)
    return threading.Thread(target=run, name=name, daemon=True)
