# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Real frames: the data in shared/data agrees with how it is read."""

import numpy as np
import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list


def test_all_frames_and_both_lists_are_there(redkitchen):
    sequence = open_sequence(redkitchen)
    assert len(sequence) == 800 and sequence.camera.fx == 525
    mapping = sequence.select(read_frame_list(redkitchen / 'map.txt'))
    validation = sequence.select(read_frame_list(redkitchen / 'validation.txt'))
    assert (len(mapping), len(validation)) == (690, 110)
    assert not set(mapping.names) & set(validation.names)


def test_stamps_follow_the_frame_numbers_at_30_hz(redkitchen):
    frame = open_sequence(redkitchen).select(['frame-000090'])[0]
    assert frame.stamp_ns == 3_000_000_000
    assert 0.5 < (frame.depth_m > 0).mean() < 0.95


@pytest.mark.parametrize(('first', 'second'), [(100, 110), (500, 492)])
def test_depth_and_pose_carry_one_frame_onto_another(redkitchen, reproject, first, second):
    sequence = open_sequence(redkitchen)
    names = [f'frame-{number:06d}' for number in (first, second)]
    carried = reproject(*sequence.select(names))
    known = carried.seen_inverse > 0
    relative = np.abs(carried.depth_m * carried.seen_inverse - 1)[known]
    assert known.sum() > 5000
    assert np.median(relative) < 0.02
    assert np.median(carried.colour_change[known]) < 15
