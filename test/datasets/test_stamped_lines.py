# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lines of text with a stamp and a pose."""

import numpy as np

from scene_reloc_ros.datasets.stamped_lines import tum_line


def test_stamps_of_trajectories_keep_their_nanoseconds():
    line = tum_line(1700000000000000001, np.eye(4))
    assert line.split() == ['1700000000.000000001', *['0.000000000'] * 6, '1.000000000']
