# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Several maps beside one: what the benchmark counts, in exact worlds."""

import numpy as np
import pytest
from support.exact_scene import (
    CAMERA,
    exact_localiser,
    MAP_FROM_CAM,
    points_seen_from,
    scattered_points,
    TEXTURE,
)

from scene_reloc_ros.evaluation.benchmarks.map_benchmark import benchmark_maps
from scene_reloc_ros.geometry.posed_image import PosedImage

RIGHT = points_seen_from(MAP_FROM_CAM)
FRAMES = [PosedImage(f'frame-{number}', number, TEXTURE, CAMERA, MAP_FROM_CAM)
          for number in range(3)]
ELSEWHERE = [PosedImage('frame-x', 0, TEXTURE, CAMERA, np.diag([-1.0, -1.0, 1.0, 1.0]))]


def test_frames_are_counted_by_what_was_said_of_them():
    told = []
    figures = benchmark_maps(
        {'hall': exact_localiser(RIGHT), 'yard': exact_localiser(scattered_points())},
        {'hall': FRAMES, 'yard': ELSEWHERE}, {'hall two': exact_localiser(RIGHT)},
        lambda *progress: told.append(progress))
    hall, yard = figures['places']['hall'], figures['places']['yard']
    assert (hall['frames'], hall['accepted_alone'], hall['accepted'], hall['right_map'],
            hall['gross'], hall['undecided']) == (3, 3, 3, 3, 0, 0)
    assert hall['beside_twins'] == {'accepted': 0, 'right_map': 0, 'gross': 0, 'undecided': 3}
    # a frame that is said to be of the yard and shows the hall: a wrong answer is counted as one
    assert (yard['accepted_alone'], yard['accepted'], yard['right_map'], yard['gross']) == (
        0, 1, 0, 1)
    assert figures['right_map_share'] == pytest.approx(3 / 4)
    assert [fraction for _, fraction, _ in told][-1] == 1
    assert 0 < hall['alone_ms'] and 0 < figures['cpu_ratio'] and 0 < figures['time_ratio']


def test_without_twins_nothing_is_said_of_them():
    figures = benchmark_maps({'hall': exact_localiser(scattered_points())},
                             {'hall': FRAMES[:1]}, {}, lambda *progress: None)
    assert figures['places']['hall']['beside_twins'] is None
    assert figures['right_map_share'] is None  # of no accepted frames
