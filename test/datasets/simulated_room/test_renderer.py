# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The rasteriser on worlds of a few rectangles, against ray casting and closed forms."""

import numpy as np
import pytest

from scene_reloc_ros.datasets.simulated_room.renderer import Renderer
from scene_reloc_ros.datasets.simulated_room.surfaces import Surface
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import pose_from_translation_quaternion

CAMERA = Camera(160, 120, 130.0, 131.0, 79.5, 59.5)
TILTED = pose_from_translation_quaternion((0.1, -0.2, 0.05), (0.15, -0.2, 0.1, 0.95))


def _facing(z, half, middle=(0, 0)):
    """Return a square across the optical axis of a camera at the origin."""
    return Surface(np.array([middle[0] - half, middle[1] - half, z]), np.array([2.0 * half, 0, 0]),
                   np.array([0, 2.0 * half, 0]), 'white', 'test')


def _flat(value):
    return [np.full((8, 8, 3), value, np.uint8)]


def test_the_middle_of_the_texture_lands_where_the_camera_projects_it():
    ramp = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None], 256, 0)
    texture = np.stack((ramp, ramp.T, np.zeros_like(ramp)), -1)
    surface = _facing(2.0, 3.0)
    image = Renderer([surface], [[texture]], CAMERA).render(TILTED).image.astype(float)
    pixels = np.stack(np.meshgrid(np.arange(20, 140, 7), np.arange(20, 100, 7)), -1)
    rays = CAMERA.rays(pixels) @ TILTED[:3, :3].T
    points = TILTED[:3, 3] + rays * ((2.0 - TILTED[2, 3]) / rays[..., 2])[..., None]
    expected = (points[..., :2] + 3) / 6 * 256 - 0.5  # texel k has the value k
    seen = image[pixels[..., 1], pixels[..., 0], :2]
    assert np.abs(seen - expected).max() < 1.0
    assert abs((seen - expected).mean()) < 0.2


def test_depth_is_along_the_axis_and_exact_at_pixel_centres():
    view = Renderer([_facing(2.0, 3.0)], [_flat(99)], CAMERA).render(TILTED)
    pixels = np.stack(np.meshgrid(np.arange(160), np.arange(120)), -1)
    rays = CAMERA.rays(pixels)
    expected = (2.0 - TILTED[2, 3]) / (rays @ TILTED[2, :3])
    known = view.depth_m > 0
    assert known.mean() > 0.9 and view.depth_m.dtype == np.float32
    assert np.abs(view.depth_m - expected)[known].max() < 1e-5


def test_the_nearer_surface_hides_the_farther_in_either_order():
    near, far = _facing(1.0, 0.2), _facing(2.0, 3.0)
    for order in ((0, 1), (1, 0)):
        surfaces, colours = [(near, far)[i] for i in order], [_flat((200, 40)[i]) for i in order]
        view = Renderer(surfaces, colours, CAMERA).render(np.eye(4))
        assert (view.image[60, 80] == 200).all() and abs(view.depth_m[60, 80] - 1) < 1e-6
        assert (view.image[10, 10] == 40).all() and abs(view.depth_m[10, 10] - 2) < 1e-6


def test_an_edge_within_a_pixel_is_blended_by_the_covered_area():
    # the right edge lies at u = 79.5 + 130 * 0.1 = 92.5 + 1/3: a third of pixel 93 is covered
    square = _facing(1.0, 0.1, middle=(1 / 390, 0))
    image = Renderer([square], [_flat(240)], CAMERA).render(np.eye(4)).image
    assert image[60, 92, 0] == 240 and image[60, 94, 0] == 0
    assert image[60, 93, 0] == pytest.approx(80, abs=1)


def test_a_surface_is_seen_from_its_front_only():
    front = _facing(2.0, 3.0)
    back = Surface(front.origin + front.edge_u, -front.edge_u, front.edge_v, 'white', 'test')
    view = Renderer([back], [_flat(99)], CAMERA).render(np.eye(4))
    assert (view.depth_m == 0).all() and (view.surface == -1).all() and not view.image.any()


def test_a_surface_reaching_behind_the_camera_is_cut_where_it_leaves_the_view():
    floor = Surface(np.array([-5.0, 1.0, 5.0]), np.array([10.0, 0, 0]), np.array([0, 0, -10.0]),
                    'white', 'test')
    view = Renderer([floor], [_flat(99)], CAMERA).render(np.eye(4))
    rows = np.arange(120)
    expected = np.where(rows > 59.5, 131.0 / np.maximum(rows - 59.5, 1e-9), 0)
    expected[expected > 5] = 0
    assert np.allclose(view.depth_m[:, 80], expected, atol=1e-5)


def test_a_texture_finer_than_the_pixels_becomes_its_mean():
    v, u = np.mgrid[:1024, :1024]
    checks = np.repeat((255 * ((u + v) % 2)).astype(np.uint8)[..., None], 3, -1)
    half = checks.reshape(512, 2, 512, 2, 3).mean((1, 3)).astype(np.uint8)
    image = Renderer([_facing(3.0, 0.7)], [[checks, half]], CAMERA).render(np.eye(4)).image
    assert image[45:75, 65:95].std() < 2 and abs(image[60, 80].mean() - 127) < 2


def test_a_distorting_camera_is_refused():
    bent = Camera(160, 120, 130.0, 131.0, 79.5, 59.5, 'plumb_bob', (0.1, 0, 0, 0))
    with pytest.raises(ValueError, match='distortion model plumb_bob'):
        Renderer([_facing(1.0, 1.0)], [_flat(1)], bent)
