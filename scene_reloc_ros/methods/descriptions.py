# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Descriptions of one image: what extractors and encoders make of it, each asked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
import threading
from typing import Any, TypeVar

Made = TypeVar('Made')


class Descriptions:
    """What has been made of one image so far; safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._made: dict[Hashable, Future[Any]] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` makes, made for the first that asks; others wait for it.

        Args:
            key: of what is made; whoever gives the same one would make the same.
            make: called once; what it raises everyone gets that asks.
        """
        with self._lock:
            known = self._made.get(key)
            future = self._made.setdefault(key, Future())
        if known is None:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()
