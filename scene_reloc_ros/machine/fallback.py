# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What is done without on a machine that has it but cannot use it: told once."""

from __future__ import annotations

import logging

_logger = logging.getLogger(__name__)
_told: set[str] = set()


def tell_fallback(sentence: str) -> None:
    """Warn of what is done instead, and why; once in the life of the process."""
    if sentence not in _told:
        _told.add(sentence)
        _logger.warning('%s', sentence)
