# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fallback of tf_transformations beside upstream, where it is installed."""

import importlib
import math

import numpy as np
import pytest

from scene_reloc_ros.ros.compat import tf_transformations as fallback
from scene_reloc_ros.ros.compat import upstream as chosen

HALF = math.sqrt(0.5)
QUATERNIONS = [
    (0.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0), (0.0, HALF, 0.0, HALF), (0.5, -0.5, 0.5, 0.5),
    (0.1, 0.7, -0.2, -0.4), (0.0, 0.0, 3.0, 4.0)]


@pytest.fixture(params=['fallback', 'upstream'])
def transformations(request):
    """Return the fallback, and upstream's tf_transformations where it is installed."""
    if request.param == 'fallback':
        return fallback
    try:
        return importlib.import_module('tf_transformations')
    except (ImportError, AttributeError) as error:
        pytest.skip(f'tf_transformations is not usable here: {error}')


def test_a_quarter_turn_about_z_carries_x_to_y(transformations):
    matrix = transformations.quaternion_matrix((0.0, 0.0, HALF, HALF))
    np.testing.assert_allclose(matrix[:3, :3] @ (1, 0, 0), (0, 1, 0), atol=1e-12)
    np.testing.assert_array_equal(matrix[:, 3], (0, 0, 0, 1))


@pytest.mark.parametrize('quaternion', QUATERNIONS)
def test_a_rotation_survives_its_quaternion(transformations, quaternion):
    matrix = transformations.quaternion_matrix(quaternion)
    again = transformations.quaternion_matrix(transformations.quaternion_from_matrix(matrix))
    np.testing.assert_allclose(again, matrix, atol=1e-12)
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize('quaternion', QUATERNIONS)
def test_the_chosen_functions_answer_as_the_fallback_does(quaternion):
    matrix = chosen.quaternion_matrix(quaternion)
    np.testing.assert_allclose(matrix, fallback.quaternion_matrix(quaternion), atol=1e-12)
    np.testing.assert_allclose(np.abs(chosen.quaternion_from_matrix(matrix)),
                               np.abs(fallback.quaternion_from_matrix(matrix)), atol=1e-9)
