# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a report says of localisations that are known exactly."""

import pytest
from support.shifted_localiser import Frames, ShiftedLocaliser

from scene_reloc_ros.evaluation.report import evaluate


def test_the_summary_counts_rejected_frames_as_missed(report):
    summary = report.summary()
    assert (summary['frames'], summary['accepted']) == (5, 4)
    assert summary['recall_2cm_2deg'] == pytest.approx(0.2)
    assert summary['recall_5cm_5deg'] == pytest.approx(0.4)
    assert summary['recall_10cm_5deg'] == pytest.approx(0.6)
    assert summary['median_translation_m'] == pytest.approx(0.055)
    assert summary['median_rotation_deg'] == pytest.approx(0, abs=1e-6)
    assert summary['latency_ms']['median'] == 12
    assert summary['rejections'] == {'too_few_inliers': 1}
    assert (summary['solver'], summary['device']) == ('reference', 'cpu')


def test_nees_weighs_the_error_with_the_covariance(report):
    assert report.frames[1].nees == pytest.approx(9, rel=1e-6)  # three standard deviations
    assert report.frames[4].nees is None


def test_the_summary_says_how_honest_the_covariance_is(report):
    summary = report.summary()
    # errors of 0, 3, 8 and 30 standard deviations
    assert summary['nees_mean'] == pytest.approx((0 + 9 + 64 + 900) / 4, rel=1e-6)
    assert summary['nees_within_95'] == 0.5


def test_a_frame_without_a_pose_cannot_be_evaluated():
    frames = Frames()
    frames.poses = [None] * 5
    with pytest.raises(ValueError, match='frame-0 has no pose'):
        evaluate(ShiftedLocaliser(frames.poses), frames)


def test_an_empty_list_cannot_be_evaluated():
    class Nothing:
        def __len__(self):
            return 0

    with pytest.raises(ValueError, match='no frame to evaluate'):
        evaluate(None, Nothing())
