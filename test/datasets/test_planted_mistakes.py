# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Planted mistakes: each changes what it is named after, by what its seed says."""

import numpy as np
import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.planted_mistakes import MistakenSequence, PLANTS, seen_from_aside
from scene_reloc_ros.geometry.camera import Camera

ROOM = open_sequence('simulated:survey?frames=300')
CAMERA = Camera(100, 80, 100.0, 100.0, 49.5, 39.5)


@pytest.mark.parametrize('mistake', sorted(set(PLANTS) - {'unregistered_depth'}))
def test_a_mistake_is_the_same_for_the_same_seed_and_changes_one_thing(mistake):
    one, again = (MistakenSequence(ROOM, mistake, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.map_from_cam(30), again.map_from_cam(30))
    assert one.camera == again.camera
    of_camera = mistake in ('wrong_camera', 'scaled_camera')
    assert (one.camera != ROOM.camera) == of_camera
    assert np.allclose(one.map_from_cam(30), ROOM.map_from_cam(30)) == of_camera
    assert (one.camera.width, one.camera.height) == (640, 480)


def test_an_unknown_mistake_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="'upside_down' is unknown; expected one of inverted"):
        MistakenSequence(ROOM, 'upside_down')


def test_depth_from_aside_moves_near_things_more():
    depth_m = np.full((80, 100), 4.0, np.float32)
    depth_m[30:50, 40:60] = 1.0
    seen = seen_from_aside(depth_m, CAMERA, 0.1, 1.0)
    assert (seen[30:50, 30:50] == 1.0).all()  # 10 pixels to the left
    assert (seen == 1.0).sum() < 22 * 22  # holes of a pixel are closed
    assert (seen[:, 97:] == 4.0).sum() == 0  # the wall, by 2.5 pixels


def test_depth_of_a_longer_lens_is_larger():
    depth_m = np.full((80, 100), 4.0, np.float32)
    depth_m[30:50, 40:60] = 2.0
    seen = seen_from_aside(depth_m, CAMERA, 0.0, 1.5)
    near = np.nonzero(seen == 2.0)
    assert np.ptp(near[0]) + 1 == pytest.approx(30, abs=2)
    assert np.ptp(near[1]) + 1 == pytest.approx(30, abs=2)
