# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Camera models against OpenCV, and what is refused."""

import cv2
import numpy as np
import pytest

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count

K = (520.0, 0, 318.2, 0, 515.0, 243.9, 0, 0, 1)
MODELS = {
    'none': (),
    'plumb_bob': (0.12, -0.21, 0.001, -0.002, 0.05),
    'rational_polynomial': (0.3, 0.1, 0.0005, -0.0003, 0.02, 0.25, 0.12, 0.01),
    'equidistant': (-0.02, 0.01, -0.004, 0.001)}


def camera_of(model):
    return Camera.from_camera_info(640, 480, K, MODELS[model], '' if model == 'none' else model)


@pytest.mark.parametrize('model', MODELS)
def test_rays_project_back_onto_their_pixels(model):
    camera = camera_of(model)
    pixels = cell_centres(60, 80, 8).numpy()
    assert np.abs(camera.project(2.5 * camera.rays(pixels)) - pixels).max() < 1e-6


def test_equidistant_rays_are_those_of_opencv():
    camera = camera_of('equidistant')
    pixels = np.random.default_rng(0).uniform((0, 0), (640, 480), (50, 1, 2))
    expected = cv2.fisheye.undistortPoints(pixels, camera.matrix, np.array(MODELS['equidistant']))
    assert np.allclose(camera.rays(pixels)[..., :2], expected, atol=1e-6)


def test_what_lies_behind_a_wide_camera_has_no_ray_and_no_pixel():
    camera = Camera(640, 480, 120, 120, 320, 240, 'equidistant', (0.0, 0.0, 0.0, 0.0))
    assert np.isnan(camera.rays((639.0, 240.0))[:2]).all()  # 2.7 rad beside the axis
    assert np.isnan(camera.project((0.0, 0.0, -1.0))).all()


@pytest.mark.parametrize('model', MODELS)
def test_resizing_and_cropping_keep_the_rays(model):
    camera = camera_of(model)
    pixel = np.array((100.0, 50.0))
    half = camera.scaled(320, 240)
    assert np.allclose(half.rays((pixel + 0.5) / 2 - 0.5), camera.rays(pixel), atol=1e-9)
    assert np.allclose(camera.cropped(30, 20, 200, 100).rays(pixel - (30, 20)),
                       camera.rays(pixel), atol=1e-9)


def test_the_first_cell_is_centred_between_its_pixels():
    centres = cell_centres(60, 80, 8)
    assert centres.shape == (60, 80, 2)
    assert centres[0, 0].tolist() == [3.5, 3.5]
    assert centres[2, 1].tolist() == [11.5, 19.5]
    assert cell_count(487, 8) == 60


@pytest.mark.parametrize('field, value, sentence', [
    ('fx', float('nan'), 'NaN'), ('cy', float('inf'), 'NaN or Inf'), ('fy', -1.0, 'positive'),
    ('width', 0, 'positive'), ('distortion_model', 'barrel', 'barrel'),
    ('distortion', (0.1,), 'coefficients')])
def test_what_cannot_be_a_camera_is_named(field, value, sentence):
    fields = {'width': 640, 'height': 480, 'fx': 500.0, 'fy': 500.0, 'cx': 320.0, 'cy': 240.0}
    with pytest.raises(ValueError, match=sentence):
        Camera(**{**fields, field: value})


def test_nan_in_k_of_a_camera_info_is_refused():
    with pytest.raises(ValueError, match='NaN.*calibrate'):
        Camera.from_camera_info(640, 480, (float('nan'), *K[1:]))


@pytest.mark.parametrize(('model', 'd', 'kept'), [
    ('equidistant', (0.1, 0.0, 0.0, 0.0, 0.0), (0.1, 0.0, 0.0, 0.0)),  # as a T265 sends them
    ('plumb_bob', (0.1, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.1, 0.02, 0.0, 0.0, 0.0)),
    ('plumb_bob', (0.1, *[0.0] * 11), (0.1, 0.0, 0.0, 0.0, 0.0)),
    ('rational_polynomial', (0.1, *[0.0] * 13), (0.1, *[0.0] * 7))])
def test_zeros_behind_the_coefficients_of_a_model_say_nothing(model, d, kept):
    assert Camera.from_camera_info(640, 480, K, d, model).distortion == kept


def test_further_coefficients_that_are_none_are_refused():
    with pytest.raises(ValueError, match='plumb_bob has 8 coefficients; expected'):
        Camera.from_camera_info(640, 480, K, (*[0.1] * 7, 0.1), 'plumb_bob')


@pytest.mark.parametrize('d', [(), (0.0,) * 4, (0.0,) * 5])
def test_a_fisheye_without_coefficients_is_none_less(d):
    camera = Camera.from_camera_info(848, 800, (286.0, 0, 424, 0, 286.0, 400, 0, 0, 1), d,
                                     'equidistant')
    beside = np.array([[424 + 286.0 * np.deg2rad(60.0), 400.0]])
    assert np.degrees(np.arctan(camera.rays(beside)[0, 0])) == pytest.approx(60.0, abs=1e-6)
    assert camera.project(camera.rays(beside)) == pytest.approx(beside)


@pytest.mark.parametrize(('size', 'k', 'sentence'), [
    ((640, 480), np.reshape(K, (3, 3)).T.ravel(), 'is it transposed'),
    ((640, 480), (525, 3.0, 320, 0, 525, 240, 0, 0, 1), 'has skew 3'),
    ((640, 480), (525, 0, 900, 0, 525, 240, 0, 0, 1), 'lies outside of the image'),
    ((640, 480), (525e3, 0, 320, 0, 525e3, 240, 0, 0, 1), 'are they in pixels'),
    ((640, 480), (-525, 0, 320, 0, 525, 240, 0, 0, 1), 'must be positive'),
    ((640, 8), (525, 0, 320, 0, 525, 4, 0, 0, 1), 'at least 16 pixels a side'),
    ((1, 1), (1, 0, 0.5, 0, 1, 0.5, 0, 0, 1), 'at least 16 pixels a side')])
def test_a_camera_matrix_that_makes_no_sense_is_refused_with_the_reason(size, k, sentence):
    with pytest.raises(ValueError, match=sentence):
        Camera.from_camera_info(*size, k)


@pytest.mark.parametrize(('d', 'model'), [
    ((1e6, 0, 0, 0, 0), 'plumb_bob'), ((900.0, 0, 0, 0, 0), 'plumb_bob'),
    ((-40.0, 0, 0, 0), 'plumb_bob'), ((-30.0, 0, 0, 0), 'equidistant')])
def test_a_distortion_that_makes_no_sense_is_refused(d, model):
    with pytest.raises(ValueError, match='distortion .* makes no sense'):
        Camera.from_camera_info(640, 480, K, d, model)


@pytest.mark.parametrize(('fx', 'd', 'model'), [
    (600.0, (-0.45, 0.25, 0.001, -0.001, -0.08), 'plumb_bob'),  # a wide webcam
    (605.0, (2.47, -4.2, 0.0009, -0.0003, 2.9, 2.2, -3.7, 2.6), 'rational_polynomial'),
    (150.0, (0.05, -0.01, 0.004, -0.001), 'equidistant')])  # sees more than half of all there is
def test_lenses_that_are_sold_are_taken(fx, d, model):
    camera = Camera.from_camera_info(640, 480, (fx, 0, 320, 0, fx, 240, 0, 0, 1), d, model)
    assert camera.distortion == d


@pytest.mark.parametrize(('name', 'model'), [
    ('fisheye', 'equidistant'), ('Equidistant', 'equidistant'), ('plumb bob', 'plumb_bob'),
    ('brown_conrady', 'plumb_bob'), (' PLUMB_BOB', 'plumb_bob')])
def test_models_have_other_names_too(name, model):
    camera = Camera.from_camera_info(640, 480, K, (0.1, 0.0, 0.0, 0.0), name)
    assert camera.distortion_model == model


@pytest.mark.parametrize(('name', 'd'), [
    ('pinhole', ()), ('inverse_brown_conrady', (0.0,) * 5), ('none', (0.0,) * 5), ('', (0.0,) * 8),
    ('rational_polynomial', (0.0,) * 14)])
def test_a_lens_without_coefficients_is_none_where_its_model_says_so(name, d):
    assert Camera.from_camera_info(640, 480, K, d, name).distortion_model == 'none'


@pytest.mark.parametrize('name', ['ftheta', 'omnidirectional', 'double_sphere'])
def test_a_model_that_is_not_known_is_no_pinhole_for_want_of_coefficients(name):
    with pytest.raises(ValueError, match=f'distortion model {name!r} is unknown'):
        Camera.from_camera_info(640, 480, K, (0.0,) * 4, name)


def test_a_rational_lens_may_have_no_denominator():
    camera = Camera.from_camera_info(640, 480, K, (0.1, 0.0, 0.0, 0.0, 0.2), 'rational_polynomial')
    assert camera.distortion == (0.1, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0)


def test_pixels_need_not_be_square():
    camera = Camera.from_camera_info(640, 480, (525, 0, 320, 0, 350, 240, 0, 0, 1))
    assert (camera.fx, camera.fy) == (525, 350)


def test_zero_distortion_is_none_and_fisheye_is_equidistant():
    assert Camera.from_camera_info(640, 480, K, (0, 0, 0, 0, 0), 'plumb_bob').distortion == ()
    assert Camera.from_camera_info(640, 480, K, MODELS['equidistant'],
                                   'fisheye').distortion_model == 'equidistant'
