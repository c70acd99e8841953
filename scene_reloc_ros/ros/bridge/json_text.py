# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""JSON of status and progress topics: one line, with the version of its fields."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = 1  # grows when a field changes its meaning or goes; new fields leave it as it is


def json_text(fields: dict[str, Any]) -> str:
    """Return fields of plain values as one line of JSON that begins with ``schema``."""
    return json.dumps({'schema': SCHEMA, **fields})
