# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The efforts that mapping offers."""

import pytest

from scene_reloc_ros.mapping.presets import PRESETS


def test_minutes_must_be_positive():
    assert PRESETS['fast'].with_minutes(2).minutes == 2
    with pytest.raises(ValueError, match='minutes is -1'):
        PRESETS['fast'].with_minutes(-1)
