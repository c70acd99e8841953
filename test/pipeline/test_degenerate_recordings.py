# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Recordings whose views do not tell distances: refused from elsewhere, and the map says why."""

import numpy as np
import pytest
from support.worlds.corridor import corridor_frames
from support.worlds.wall import frames_of_wall, turning_frames, wall_frames

from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.pipeline import map_validation
from scene_reloc_ros.pipeline.frame_result import FrameResult
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper

pytestmark = pytest.mark.slow
# seen from up to half a metre beside the spot, turned like the mapping views
ELSEWHERE = frames_of_wall([[0.4 * np.cos(a), 0.2 * np.sin(a), 0.1, 0.05 * np.sin(3 * a),
                             0.2 * np.cos(2 * a), 0.0] for a in np.linspace(0, 6, 8)], False)


@pytest.fixture(autouse=True)
def few_pictures_of_other_places(monkeypatch):
    """Keep the check of maps short."""
    monkeypatch.setattr(map_validation, '_NEGATIVES', 8)


def test_a_camera_that_only_turned_is_told_to_move_sideways():
    options = method_class('auto').presets['standard']  # of cells and of features
    scene_map = Mapper(options, 'cpu').build(turning_frames(60))
    check = scene_map.metadata['check']
    assert check['quality'] == 'poor' and 'move sideways' in check['advice']
    assert believed_wrongly(scene_map, ELSEWHERE) == []


def believed_wrongly(scene_map, frames):
    """Return the numbers of frames that are accepted beyond what their covariance allows."""
    localiser = Localiser(scene_map, device='cpu')
    found = [FrameResult.of(frame, localiser.trace(frame.image, frame.camera)) for frame in frames]
    return [number for number, result in enumerate(found)
            if result.accepted and not result.nees < 16.8]  # 99 % of chi-square with six


def walked(count, ahead, beside=0.0):
    """Return the poses of a camera that walks ahead, and may sway."""
    return [[beside * np.sin(number), beside * np.cos(1.7 * number), ahead * number / count,
             0.02 * np.sin(number), 0.02 * np.cos(number), 0.0] for number in range(count)]


@pytest.mark.slow
def test_a_corridor_walked_straight_ahead_is_believed_as_far_as_it_is_known():
    options = method_class('sift').presets['standard']
    scene_map = Mapper(options, 'cpu').build(corridor_frames(walked(60, 2.0)))
    beside = corridor_frames([[x, y, z, 0.05, 0.1 * x, 0.0] for x in (-0.3, 0.3)
                              for y in (-0.2, 0.2) for z in (0.33, 1.27)])
    assert believed_wrongly(scene_map, beside) == []


@pytest.mark.slow
def test_what_is_all_at_one_distance_and_far_is_believed_as_far_as_it_is_known():
    # a hall of which every face is twenty metres away, seen from steps of a few centimetres
    options = method_class('cells').presets['standard']
    far = {'half': (20.0, 20.0, 20.0)}
    scene_map = Mapper(options, 'cpu').build(corridor_frames(walked(60, 0.1, 0.03), **far))
    check = scene_map.metadata['check']
    assert check['quality'] == 'poor' and 'move sideways' in check['advice']
    beside = corridor_frames([[x, y, 0.5, 0.05, 0.05, 0.0] for x in (-0.6, 0.6)
                              for y in (-0.5, 0.5)], **far)
    assert believed_wrongly(scene_map, beside) == []


def test_one_plane_seen_from_a_way_across_is_a_good_map():
    options = method_class('sift').presets['standard']
    scene_map = Mapper(options, 'cpu').build(wall_frames(60, depth=False))
    check = scene_map.metadata['check']
    assert check['quality'] == 'good' and check['advice'] == ''
    assert 0 < scene_map.uncertainty.ray_deviation < 0.1
    assert believed_wrongly(scene_map, ELSEWHERE) == []


def test_depth_tells_distances_to_a_camera_that_only_turns():
    options = method_class('sift').presets['standard']
    scene_map = Mapper(options, 'cpu').build(turning_frames(60, depth=True))
    assert scene_map.uncertainty.ray_deviation == 0.0
    assert 'sideways' not in scene_map.metadata['check']['advice']
    localiser = Localiser(scene_map, device='cpu')
    errors = [FrameResult.of(frame, localiser.trace(frame.image, frame.camera)).translation_m
              for frame in ELSEWHERE]
    assert np.median(errors) < 0.02
