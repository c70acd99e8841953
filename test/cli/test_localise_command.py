# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``."""

import numpy as np
from support.mapped_room import LAP, ROUTE

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence


def test_localise_writes_a_trajectory_of_the_true_poses(mapped):
    out = mapped / 'poses.tum'
    assert main(['localise', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--out', str(out)]) == 0
    rows = np.loadtxt(out)
    frames = open_sequence(ROUTE)
    truth = {f'{frames[i].stamp_ns / 1e9:.6f}': frames.map_from_cam(i) for i in range(1, LAP, 8)}
    assert len(rows) >= 3
    distances = [np.linalg.norm(row[1:4] - truth[f'{row[0]:.6f}'][:3, 3]) for row in rows]
    assert np.median(distances) < 0.10
