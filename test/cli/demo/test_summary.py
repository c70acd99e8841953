# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Figures and picture of a demo, from records whose errors are known."""

import math

import cv2
import numpy as np
import pytest

from scene_reloc_ros.cli.demo.plan import Bound
from scene_reloc_ros.cli.demo.plot import plot_demo
from scene_reloc_ros.cli.demo.summary import demo_errors, summarise_demo


def record(index, offset_m=None, turn_deg=0.0, tf_offset_m=0.0):
    """Return the record of a frame whose pose is off by this much; None: not accepted."""
    truth = np.eye(4)
    truth[:3, 3] = (0.1 * index, 0.01 * index ** 2, 1.0)
    pose = tf_pose = None
    if offset_m is not None:
        angle = math.radians(turn_deg)
        pose = truth.copy()
        pose[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        pose[2, 3] += offset_m
        tf_pose = pose.copy()
        tf_pose[0, 3] += tf_offset_m
        pose, tf_pose = pose.tolist(), tf_pose.tolist()
    accepted = pose is not None
    return {'name': f'frame-{index}', 'stamp_ns': index, 'map_from_cam_true': truth.tolist(),
            'map_from_cam': pose, 'map_from_cam_of_tf': tf_pose, 'accepted': accepted,
            'reason': 'accepted' if accepted else 'too_few_inliers', 'inliers': 100,
            'sentence': 'fine' if accepted else 'too few inliers',
            'latency_ms': 10.0 * (index + 1), 'delay_ms': 20.0}


@pytest.fixture
def results(tmp_path):
    """Return the results of a demo with ten frames, seven of them good, and a picture."""
    frames = [record(k, 0.01 * k, 0.5 * k, 0.002 * (k == 3)) for k in range(5)]
    frames += [record(5, 0.02), record(6, 0.02), record(7, 0.2), record(8, 0.01, 9.0), record(9)]
    cv2.imwrite(str(tmp_path / 'inliers.png'), np.full((48, 64, 3), 128, np.uint8))
    route = [[math.cos(k / 10), math.sin(k / 10), 1.0] for k in range(60)]
    return {'frames': frames, 'survey_route': route, 'picture': str(tmp_path / 'inliers.png')}


def test_a_frame_without_a_pose_counts_as_missed(results):
    summary = summarise_demo(results, Bound(0.7, 0.05, 5.0))
    assert (summary['frames'], summary['accepted']) == (10, 9)
    assert summary['recall_5cm_5deg'] == pytest.approx(0.7)
    assert summary['recall_10cm_5deg'] == pytest.approx(0.7)
    assert summary['median_translation_m'] == pytest.approx(0.02)
    assert summary['latency_ms'] == {'median': 55.0, 'p95': pytest.approx(95.5)}
    assert summary['tf_deviation_m'] == pytest.approx(0.002)


@pytest.mark.parametrize('share, found', [(0.7, True), (0.71, False)])
def test_the_robot_is_found_when_the_bound_is_met(results, share, found):
    assert summarise_demo(results, Bound(share, 0.05, 5.0))['found'] is found


def test_errors_are_those_that_were_made(results):
    translation, rotation = demo_errors(results['frames'])
    np.testing.assert_allclose(translation[:5], 0.01 * np.arange(5), atol=1e-9)
    np.testing.assert_allclose(rotation[:5], 0.5 * np.arange(5), atol=1e-6)
    assert np.isinf(translation[9]) and np.isinf(rotation[9])


def test_a_demo_in_which_nothing_was_found_has_figures_and_a_picture_too(results, tmp_path):
    results['frames'] = [record(k) for k in range(4)]
    results['picture'] = None
    summary = summarise_demo(results, Bound(0.9, 0.05, 5.0))
    assert not summary['found']
    assert summary['median_translation_m'] is None
    assert summary['most_frequent_reason'] == 'too few inliers'
    plot_demo(results, tmp_path / 'demo.png')
    assert (tmp_path / 'demo.png').stat().st_size > 10_000


def test_the_picture_is_written_large_enough_to_read(results, tmp_path):
    plot_demo(results, tmp_path / 'new' / 'demo.png')
    picture = cv2.imread(str(tmp_path / 'new' / 'demo.png'))
    assert picture.shape[0] >= 800 and picture.shape[1] >= 1200
    assert np.ptp(picture) == 255
