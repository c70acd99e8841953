# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The simulated room: exact, repeatable, closed, and hard in the ways it is meant to be."""

import numpy as np
import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.simulated_room.furniture import PLACEMENTS, ROOM_M
from scene_reloc_ros.datasets.simulated_room.layouts import DEFAULT_ROOM, LAYOUTS
from scene_reloc_ros.datasets.simulated_room.photographs import photograph
from scene_reloc_ros.datasets.simulated_room.room import room_blocks, room_surfaces
from scene_reloc_ros.datasets.simulated_room.simulated_sequence import SimulatedRoomSequence
from scene_reloc_ros.geometry.pose_error import pose_errors

BEYOND_ROUTE_M = 0.6  # free space in the middle of every view
LIVING = LAYOUTS[DEFAULT_ROOM]


def _poses(sequence):
    return np.stack([sequence.map_from_cam(index) for index in range(len(sequence))])


def _ray_cast(origin, directions, surfaces):
    """Return the distances (N,) along directions (N, 3) to the nearest surface, in map frame."""
    nearest = np.full(len(directions), np.inf)
    for surface in surfaces:
        with np.errstate(divide='ignore', invalid='ignore'):
            far = (surface.origin - origin) @ surface.normal / (directions @ surface.normal)
            offset = origin + far[:, None] * directions - surface.origin
            u = offset @ surface.edge_u / (surface.edge_u @ surface.edge_u)
            v = offset @ surface.edge_v / (surface.edge_v @ surface.edge_v)
        hit = (far > 0) & (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
        nearest[hit] = np.minimum(nearest[hit], far[hit])
    return nearest


@pytest.mark.parametrize('index', [12, 140, 215])
def test_depth_equals_an_independent_ray_cast(survey, index):
    frame = survey[index]
    generator = np.random.default_rng(index)
    pixels = np.stack((generator.integers(0, 640, 800), generator.integers(0, 480, 800)), -1)
    # rays have z = 1 in the camera, so that distance along them is depth
    directions = frame.camera.rays(pixels) @ frame.map_from_cam[:3, :3].T
    surfaces = room_surfaces(room_blocks(LIVING), LIVING)
    expected = _ray_cast(frame.map_from_cam[:3, 3], directions, surfaces)
    error = np.abs(frame.depth_m[pixels[:, 1], pixels[:, 0]] - expected)
    assert (error < 1e-5).mean() > 0.998  # a ray may graze an edge


@pytest.mark.parametrize('index', [0, 100, 230])
def test_pixels_of_one_frame_are_found_in_another_by_depth_and_pose(survey, reproject, index):
    carried = reproject(survey[index], survey[index + 3])
    visible = np.abs(carried.depth_m * carried.seen_inverse - 1) < 0.01
    assert len(visible) > 15000 and visible.mean() > 0.85
    assert np.median(np.abs(carried.depth_m * carried.seen_inverse - 1)) < 1e-5
    change = carried.colour_change[visible]
    assert np.median(change) < 5 and change.mean() < 12


@pytest.mark.slow
def test_the_room_is_closed_and_the_view_never_blocked(survey):
    for sequence in (survey, SimulatedRoomSequence('return')):
        for index in range(0, len(sequence), 15):
            depth = sequence[index].depth_m
            assert depth.min() > 0.4 and depth.max() < np.linalg.norm(ROOM_M)
            assert depth[120:360, 160:480].min() > BEYOND_ROUTE_M


def test_the_camera_stays_off_the_furniture_at_hand_height(survey):
    for sequence in (survey, SimulatedRoomSequence('return')):
        positions = _poses(sequence)[:, :3, 3]
        assert positions[:, 2].min() > 1.0 and positions[:, 2].max() < 1.5
        for block in room_blocks(LIVING):
            half = np.array(block.size_m) / 2
            axes = np.stack((block.along, block.facing, (0, 0, 1)), 1)
            local = (positions - block.foot - (0, 0, half[2])) @ axes
            gap = np.linalg.norm(np.maximum(np.abs(local) - half, 0), axis=-1)
            assert gap.min() > 0.4, block.variant


def test_routes_are_smooth(survey):
    for sequence in (survey, SimulatedRoomSequence('return')):
        poses = _poses(sequence)
        step_m, turn_deg = pose_errors(poses[1:], poses[:-1])
        assert float(step_m.max()) < 0.25 and float(turn_deg.max()) < 12


def test_the_return_is_another_route_whose_views_are_near_the_survey(survey):
    mapped, returned = _poses(survey), _poses(SimulatedRoomSequence('return'))
    metres, degrees = (values.numpy() for values in pose_errors(mapped[None], returned[:, None]))
    joint = np.maximum(metres / 0.6, degrees / 20)
    nearest = joint.argmin(1)
    rows = np.arange(len(returned))
    assert joint.min(1).max() < 1
    assert np.median(metres[rows, nearest]) > 0.2 and np.median(degrees[rows, nearest]) > 5


def test_frames_are_the_same_in_whatever_order_they_are_read(survey):
    first = survey[30]
    survey[10]
    again = SimulatedRoomSequence('survey')[30]
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.depth_m, again.depth_m)
    assert first.image.dtype == np.uint8 and first.image.shape == (480, 640, 3)


def test_one_wall_is_blank_and_objects_repeat(survey):
    pieces = [piece for piece, *_ in PLACEMENTS]
    assert pieces.count('bookcase') == 3
    frames = [survey[index] for index in (66, 68, 70, 122)]
    # high-pass energy of the west wall (x = 0) next to that of all else
    walls, others = [], []
    for frame in frames:
        v, u = np.mgrid[:480, :640]
        points = frame.camera.rays(np.stack((u, v), -1)) * frame.depth_m[..., None]
        x = (points @ frame.map_from_cam[0, :3]) + frame.map_from_cam[0, 3]
        change = np.abs(np.diff(frame.image[..., 1].astype(int), axis=1))
        walls.append(change[x[:, 1:] < 0.001])
        others.append(change[x[:, 1:] > 0.05])
    assert np.concatenate(walls).size > 50000
    assert np.concatenate(walls).mean() < 2.5 < 5 < np.concatenate(others).mean()


@pytest.mark.slow
def test_evening_changes_brightness_and_colour_but_not_geometry(survey):
    evening = open_sequence('simulated:survey?light=evening')
    day_frame, frame = survey[0], evening[0]
    assert np.array_equal(day_frame.map_from_cam, frame.map_from_cam)
    assert np.array_equal(day_frame.depth_m, frame.depth_m)
    day_bgr, evening_bgr = (image.mean((0, 1)) for image in (day_frame.image, frame.image))
    assert evening_bgr.sum() < 0.8 * day_bgr.sum()
    assert evening_bgr[2] / evening_bgr[0] > 1.3 * day_bgr[2] / day_bgr[0]


def test_options_in_the_name_reach_the_route():
    sequence = open_sequence('simulated:return?frames=7&seed=3&rate_hz=10')
    assert len(sequence) == 7 and sequence.names[-1] == 'frame-000006'
    other = open_sequence('simulated:return?frames=7&seed=4')
    assert not np.allclose(sequence.map_from_cam(3), other.map_from_cam(3))
    assert sequence.camera.fx == 525 and sequence.camera.width == 640


def test_a_missing_photograph_names_the_remedy(monkeypatch):
    monkeypatch.setattr('scene_reloc_ros.datasets.simulated_room.photographs.find_spec',
                        lambda name: None)
    photograph.cache_clear()
    with pytest.raises(ValueError, match='pip install scikit-image'):
        photograph('coins')
