# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The efforts that mapping offers."""

import pytest

from scene_reloc_ros.mapping.presets import PRESETS, with_minutes


def test_minutes_must_be_positive():
    assert with_minutes(PRESETS['fast'], 2).minutes == 2
    with pytest.raises(ValueError, match='minutes is -1'):
        with_minutes(PRESETS['fast'], -1)
