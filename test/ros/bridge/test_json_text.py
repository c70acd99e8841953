# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""JSON of status and progress topics."""

import json

from scene_reloc_ros.ros.bridge.json_text import json_text, SCHEMA


def test_a_line_tells_the_version_of_its_fields_first():
    text = json_text({'state': 'lost', 'frames': 3})
    assert list(json.loads(text)) == ['schema', 'state', 'frames']
    assert json.loads(text)['schema'] == SCHEMA and '\n' not in text
