# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A report on localisations whose errors are known exactly."""

import pytest
from support.shifted_localiser import Frames, ShiftedLocaliser

from scene_reloc_ros.evaluation.report import evaluate


@pytest.fixture()
def report():
    """Return the report on five frames: exact, 3, 8 and 30 cm off, and refused."""
    frames = Frames()
    return evaluate(ShiftedLocaliser(frames.poses), frames)
