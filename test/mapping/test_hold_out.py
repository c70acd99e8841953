# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which frames are kept from training."""

import numpy as np

from scene_reloc_ros.mapping.hold_out import (
    folds_of,
    FrameSubset,
    guards_of,
    held_out_blocks,
    pose_and_name,
)


def test_frames_are_held_out_in_blocks_of_time_that_hold_still():
    poses = np.tile(np.eye(4), (400, 1, 1))
    poses[:, 0, 3] = np.arange(400) * 0.02
    blocks = held_out_blocks(poses)
    held = np.concatenate(blocks)
    assert len(blocks) >= 5 and len(set(held.tolist())) == len(held)
    assert 0.1 < len(held) / 400 < 0.2
    for block in blocks:
        assert (np.diff(block) == 1).all() and 2 <= len(block) <= 24
    fast = poses.copy()
    fast[:, 0, 3] *= 10  # 20 cm a frame: a long block would be a hole in the map
    assert max(len(block) for block in held_out_blocks(fast)) <= 4


def test_frames_beside_blocks_are_guards_as_far_as_they_show_the_same():
    poses = np.tile(np.eye(4), (400, 1, 1))
    poses[:, 0, 3] = np.arange(400) * 0.02  # a quarter of the unit of novelty is six frames away
    blocks = [np.arange(50, 60), np.arange(66, 70), np.arange(390, 400)]
    assert guards_of(poses, blocks).tolist() == [*range(44, 50), *range(60, 66), *range(70, 76),
                                                 *range(384, 390)]
    assert guards_of(poses, []).tolist() == []
    slow = np.tile(np.eye(4), (400, 1, 1))
    assert guards_of(slow, blocks[:1]).tolist() == [*range(38, 50), *range(60, 72)]
    walk = poses.copy()
    walk[:, 0, 3] *= 10  # what is beside a block is another view already
    assert guards_of(walk, blocks).tolist() == []
    few = guards_of(poses[:80], [np.arange(10, 14), np.arange(40, 44)])
    assert few.tolist() == [*range(5, 10), *range(14, 19), *range(35, 40), *range(44, 49)]


def test_few_frames_are_all_needed_for_training():
    assert held_out_blocks(np.tile(np.eye(4), (40, 1, 1))) == []


def test_every_fold_holds_out_blocks_of_its_own():
    for count in (20, 40, 59):
        folds = folds_of(count)
        assert len(folds) == 4 and all(len(blocks) >= 2 for blocks in folds)
        assert sorted(np.concatenate([block for blocks in folds for block in blocks])) == list(
            range(count))
        assert all((np.diff(block) == 1).all() for blocks in folds for block in blocks)
    assert folds_of(19) == []


def test_a_subset_reads_only_its_frames():
    class Frames:
        names = ['a', 'b', 'c']

        def __getitem__(self, index):
            return self.names[index].upper()

        def map_from_cam(self, index):
            return np.eye(4) * index

    subset = FrameSubset(Frames(), [2, 0])
    assert len(subset) == 2 and (subset[0], subset[1]) == ('C', 'A')
    pose, name = subset.pose_and_name(0)
    assert name == 'c' and pose[0, 0] == 2
    pose, name = pose_and_name(FrameSubset(subset, [1]), 0)
    assert name == 'a' and pose[0, 0] == 0
