# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a drive: every planted fault is seen."""

import pytest

from scene_reloc_ros.cli.drive.table import is_well, print_elsewhere, print_losses
from scene_reloc_ros.evaluation.loss_ways import WAYS

RIGHT = [{'way': name, 'reason': way.reason.code, 'silent_s': 0.1 * number / len(WAYS),
          'recovered_s': 1.0 + number, 'initial_poses': 1, 'wrong': 0, 'answers': []}
         for number, (name, way) in enumerate(WAYS.items())]
NOWHERE = {'images': 40, 'ready': False, 'poses': 0, 'success': False,
           'reasons': {'no_consensus': 30, 'too_few_inliers': 10}, 'answer': 'not localised'}


def test_a_drive_without_a_fault_is_well_and_its_times_are_median_and_worst(capsys):
    assert print_losses(RIGHT)
    printed = capsys.readouterr().out
    count = len(WAYS)
    assert f'{count} losses, {count} recoveries with one ~/initialpose each, 0 wrong' in printed
    assert f'found after {1 + (count - 1) / 2:.2f}, {count:.2f} s (median, worst)' in printed
    assert all(name in printed for name in WAYS)


@pytest.mark.parametrize('fault', [
    {'reason': ''}, {'reason': 'pose_too_old'}, {'silent_s': 0.51}, {'recovered_s': None},
    {'initial_poses': 0}, {'initial_poses': 2}, {'wrong': 1}, {'answers': ['found, while lost']}])
def test_one_fault_spoils_a_drive(fault):
    assert is_well(RIGHT) and not is_well([*RIGHT[1:], {**RIGHT[0], **fault}])


def test_a_map_of_another_place_is_well_where_nothing_is_found(capsys):
    assert print_elsewhere(NOWHERE)
    assert '30 x no_consensus, 10 x too_few_inliers' in capsys.readouterr().out


@pytest.mark.parametrize('fault', [
    {'ready': True}, {'poses': 1}, {'success': True}, {'images': 0}])
def test_a_map_of_another_place_that_gives_a_pose_is_not_well(fault):
    assert not print_elsewhere({**NOWHERE, **fault})
