# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Frames in the order of time, each view once, and twins of held-out frames."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from support.worlds.wall import wall_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.distinct_frames import (
    distinct,
    distinct_views,
    in_order,
    training_frames,
)
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.hold_out import held_out_blocks

SECOND_NS = 1_000_000_000
WALK = wall_frames(30)


def poses_along(x):
    """Return poses (F, 4, 4) at some metres along a line."""
    poses = np.tile(np.eye(4), (len(x), 1, 1))
    poses[:, 0, 3] = x
    return poses


def names_of(frames):
    return [frames[index].name for index in range(len(frames))]


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(len(WALK))), st.booleans())
def test_however_a_list_is_shuffled_its_order_is_one(order, stamped):
    frames = [frame if stamped else replace(frame, stamp_ns=0) for frame in WALK]
    shuffled = [frames[index] for index in order]
    found = [shuffled[index].name for index in in_order(shuffled)]
    assert found == [frames[index].name for index in in_order(frames)]
    if stamped:
        assert found == [frame.name for frame in frames]


def test_frames_without_stamps_come_in_the_order_of_place():
    names = np.random.default_rng(1).permutation(len(WALK))  # names say nothing of the place
    frames = [replace(frame, stamp_ns=7, name=f'{name:03d}') for frame, name in zip(WALK, names)]
    x = np.array([frames[index].map_from_cam[0, 3] for index in in_order(frames)])
    assert np.abs(np.diff(x)).sum() < 2.1 * (x.max() - x.min())  # to one end, then to the other


def test_a_robot_that_stood_still_counts_once_however_often_it_was_pictured():
    rng = np.random.default_rng(0)
    x = np.concatenate([np.arange(20) * 0.05, np.full(200, 0.95), 0.95 + np.arange(20) * 0.05])
    stamps = list(range(0, len(x) * SECOND_NS // 10, SECOND_NS // 10))
    noisy = poses_along(x)
    noisy[:, :3, 3] += rng.normal(scale=0.001, size=(len(x), 3))  # a SLAM pose trembles
    kept = distinct_views(noisy, stamps)
    # the view where it stood was already that of the frame before, and of the one after
    assert len(kept) == 39 and 19 < kept[19] < 220
    assert kept[:19].tolist() == list(range(19)) and kept[20:].tolist() == list(range(221, 240))


def test_slow_pictures_of_a_robot_at_rest_and_equal_poses_count_once_too():
    x = np.array([0.0, 0.1, 0.1, 0.1, 0.2])  # one frame a second
    assert distinct_views(poses_along(x), [n * SECOND_NS for n in range(5)]).tolist() == [0, 2, 4]
    # one frame listed twice: nothing of time says so
    assert distinct_views(poses_along(x), [0, 1, 1, 1, 2]).tolist() == [0, 1, 4]


def test_a_hand_that_hesitates_loses_no_frame():
    x = np.concatenate([np.arange(10) * 0.02, 0.2 + np.arange(10) * 5e-4,
                        0.3 + np.arange(10) * 0.02])
    stamps = [n * SECOND_NS // 30 for n in range(30)]
    assert distinct_views(poses_along(x), stamps).tolist() == list(range(30))


def test_a_turning_robot_does_not_stand_still():
    angle = np.radians(np.arange(40) * 1.0)
    poses = poses_along(np.zeros(40))
    poses[:, 0, 0], poses[:, 0, 2] = np.cos(angle), np.sin(angle)
    poses[:, 2, 0], poses[:, 2, 2] = -np.sin(angle), np.cos(angle)
    assert len(distinct_views(poses, [n * SECOND_NS for n in range(40)])) == 40


def test_another_visit_to_a_held_out_view_is_not_trained_on():
    lap = np.arange(60) * 0.1
    poses = np.concatenate([poses_along(lap), poses_along(lap)])  # the same way once more
    stamps = [n * SECOND_NS // 10 for n in range(120)]
    kept = training_frames(poses, stamps, np.arange(10, 14))
    assert not set(kept) & set(range(10, 14)) and not set(kept) & set(range(70, 74))
    assert len(kept) == 112


def test_a_recording_that_moved_is_taken_as_it_is(redkitchen):
    frames = open_sequence(redkitchen).select(read_frame_list(redkitchen / 'map.txt'))
    assert names_of_list(distinct(frames)) == frames.names
    poses = invert_pose(mapping_poses(frames)).numpy()
    stamps = [frames.stamp_ns(index) for index in range(len(frames))]
    blocks = held_out_blocks(poses)
    # the blocks that the figures of the documents were measured with
    assert [(block[0], len(block)) for block in blocks] == [
        (69, 23), (207, 23), (345, 23), (482, 23), (621, 23)]
    held = np.concatenate(blocks)
    assert np.array_equal(training_frames(poses, stamps, held),
                          np.setdiff1d(np.arange(len(frames)), held))


def names_of_list(frames):
    """Return the names without decoding an image."""
    return [frames.pose_and_name(index)[1] for index in range(len(frames))]
