# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The other simulated rooms: twins whose corners cannot be told apart, and strangers."""

from itertools import permutations

import numpy as np
import pytest

from scene_reloc_ros.datasets.negative_frames import KINDS, NegativeFrames
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.simulated_room.furniture import ROOM_M
from scene_reloc_ros.datasets.simulated_room.layouts import LAYOUTS
from scene_reloc_ros.datasets.simulated_room.lighting import LIGHTINGS
from scene_reloc_ros.datasets.simulated_room.renderer import Renderer
from scene_reloc_ros.datasets.simulated_room.room import room_blocks, room_surfaces
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import CAMERA
from scene_reloc_ros.datasets.simulated_room.textures import texture_pyramids

HALF_TURN = np.diag([-1.0, -1.0, 1.0, 1.0])
HALF_TURN[:2, 3] = ROOM_M[:2]
CORNER_VIEW_RAD, OTHER_VIEW_RAD = np.radians(222), np.radians(140)


def looking(yaw):
    """Return map_from_cam of a level camera near the middle of the room."""
    pose = np.eye(4)
    forward = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    pose[:3, :3] = np.stack((right, np.cross(forward, right), forward), 1)
    pose[:3, 3] = 2.6, 2.2, 1.3
    return pose


@pytest.fixture(scope='module')
def twins():
    layout = LAYOUTS['twins']
    blocks = room_blocks(layout)
    surfaces = room_surfaces(blocks, layout)
    return Renderer(surfaces, texture_pyramids(surfaces, blocks, layout.lights['day'], 0),
                    CAMERA.scaled(320, 240))


def difference(renderer, yaw):
    """Return the mean difference in grey levels of a view and the one after half a turn."""
    pose = looking(yaw)
    here, there = (renderer.render(p).image.astype(int) for p in (pose, HALF_TURN @ pose))
    return np.abs(here - there).mean()


def test_two_corners_of_the_twins_look_the_same_and_the_rest_does_not(twins):
    assert difference(twins, CORNER_VIEW_RAD) < 1.5
    assert difference(twins, OTHER_VIEW_RAD) > 20


def alike(room, other, relation):
    """Return how many pieces of a room stand where ``relation`` puts equal ones of the other."""
    return sum(piece == theirs and np.hypot(*(relation @ (x, y, 1))[:2] - (u, v)) < 0.3
               for piece, x, y, _ in LAYOUTS[room].placements
               for theirs, u, v, _ in LAYOUTS[other].placements)


@pytest.mark.parametrize('room, other', list(permutations(
    [room for room in LAYOUTS if room != 'twins'], 2)))
def test_a_stranger_is_not_the_same_place_with_a_few_things_gone(room, other):
    half_turn = HALF_TURN[np.ix_([0, 1, 3], [0, 1, 3])]
    assert alike(room, room, np.eye(3)) >= 3  # what the count says of one place
    assert alike(room, other, np.eye(3)) <= 1
    assert alike(room, other, half_turn) <= 1


@pytest.mark.parametrize('room', LAYOUTS)
def test_every_room_has_both_routes_and_both_lights(room):
    assert set(LAYOUTS[room].lights) == set(LIGHTINGS)
    for route in ('survey', 'return'):
        sequence = open_sequence(f'simulated:{route}?frames=5&room={room}')
        x, y, z = np.array([sequence.map_from_cam(i)[:3, 3] for i in range(5)]).T
        assert (0.5 < x).all() and (x < ROOM_M[0] - 0.5).all()
        assert (0.5 < y).all() and (y < ROOM_M[1] - 0.5).all()


def test_an_unknown_room_is_named():
    with pytest.raises(ValueError, match="no simulated room 'kitchen'; expected one of living"):
        open_sequence('simulated:survey?room=kitchen')


@pytest.fixture(scope='module')
def negatives():
    return NegativeFrames(open_sequence('simulated:survey?frames=3'), 16, seed=4)


@pytest.mark.slow
def test_pictures_of_other_places_have_the_camera_of_this_one_and_no_pose(negatives):
    assert len(negatives) == 16
    for index in range(len(KINDS)):
        frame = negatives[index]
        assert frame.image.shape[:2] == (CAMERA.height, CAMERA.width)
        assert frame.image.dtype == np.uint8 and frame.camera == CAMERA
        assert frame.map_from_cam is None and negatives.map_from_cam(index) is None
        assert frame.name == negatives.names[index]
        assert frame.name.split('-')[0] == KINDS[index % len(KINDS)]


def test_they_are_the_same_in_whatever_order(negatives):
    backwards = [negatives[index].image for index in (6, 5, 3)]
    again = NegativeFrames(open_sequence('simulated:survey?frames=3'), 16, seed=4)
    for index, image in zip((6, 5, 3), backwards):
        assert np.array_equal(again[index].image, image)
    other = NegativeFrames(open_sequence('simulated:survey?frames=3'), 16, seed=5)
    assert not np.array_equal(other[5].image, negatives[5].image)


def test_a_mirrored_frame_is_one_left_for_right_and_a_shuffled_one_has_its_pixels(negatives):
    sources = [open_sequence('simulated:survey?frames=3')[index].image for index in range(3)]
    mirrored, shuffled = negatives[2].image, negatives[3].image
    assert any(np.array_equal(mirrored[:, ::-1], source) for source in sources)
    assert any(np.array_equal(np.sort(shuffled, axis=None), np.sort(source, axis=None))
               for source in sources)
    assert not any(np.array_equal(shuffled, source) for source in sources)


def test_no_picture_cannot_be_asked_for():
    with pytest.raises(ValueError, match='expected at least 1'):
        NegativeFrames(open_sequence('simulated:survey?frames=3'), 0)
