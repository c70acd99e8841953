# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Poses against scipy and finite differences."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import torch

from scene_reloc_ros.geometry.pose_error import pose_errors, recall
from scene_reloc_ros.geometry.poses import (
    adjoint,
    checked_pose,
    invert_pose,
    moved_covariance,
    pose_from_translation_quaternion,
    quaternion_from_rotation,
    rotation_angle,
    rotation_from_quaternion,
    se3_exp,
    se3_log,
    so3_exp,
    so3_log,
    transform_points,
    translation_quaternion_from_pose,
)

component = st.floats(-3, 3, allow_nan=False)
vectors = st.tuples(component, component, component)
twists = st.tuples(*[component] * 6)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@given(vectors)
def test_the_exponential_of_a_rotation_vector_is_that_of_scipy(vector):
    expected = Rotation.from_rotvec(vector).as_matrix()
    assert np.allclose(so3_exp(tensor(vector)), expected, atol=1e-12)


@given(vectors)
def test_quaternions_are_those_of_scipy_and_come_back(vector):
    rotation = so3_exp(tensor(vector))
    quaternion = quaternion_from_rotation(rotation)
    expected = tensor(Rotation.from_rotvec(vector).as_quat())
    assert min((quaternion - expected).abs().max(), (quaternion + expected).abs().max()) < 1e-9
    assert quaternion[3] >= 0
    assert torch.allclose(rotation_from_quaternion(3 * quaternion), rotation, atol=1e-9)


@given(twists)
def test_the_logarithm_inverts_the_exponential(values):
    twist = tensor(values)
    pose = se3_exp(twist)
    assert torch.allclose(se3_exp(se3_log(pose)), pose, atol=1e-7)
    if twist[3:].norm() < 3.1:
        assert torch.allclose(se3_log(pose), twist, atol=1e-7)


@pytest.mark.parametrize('angle', [0.0, 1e-12, 1e-7, 1e-4, math.pi - 1e-7, math.pi])
def test_angles_are_exact_near_zero_and_near_half_a_turn(angle):
    axis = tensor((0.6, 0.0, -0.8))
    assert float(rotation_angle(so3_exp(axis * angle))) == pytest.approx(angle, abs=1e-8)
    assert float(so3_log(so3_exp(axis * angle)).norm()) == pytest.approx(angle, abs=1e-8)


@given(twists, twists)
def test_neighbours_cancel(first, second):
    a_from_b, b_from_c = se3_exp(tensor(first)), se3_exp(tensor(second))
    a_from_c = a_from_b @ b_from_c
    assert torch.allclose(invert_pose(a_from_b) @ a_from_c, b_from_c, atol=1e-9)
    points = torch.arange(12.0, dtype=torch.float64).reshape(4, 3)
    assert torch.allclose(transform_points(a_from_c, points),
                          transform_points(a_from_b, transform_points(b_from_c, points)))


@settings(max_examples=30)
@given(twists, twists)
def test_the_adjoint_carries_a_small_twist_from_one_frame_to_the_other(pose, direction):
    a_from_b, small = se3_exp(tensor(pose)), 1e-6 * tensor(direction)
    moved = a_from_b @ se3_exp(small) @ invert_pose(a_from_b)
    assert torch.allclose(se3_log(moved), adjoint(a_from_b) @ small, atol=1e-9)


@pytest.mark.parametrize('shape', [(), (50,)])
def test_a_numpy_pose_is_inverted_as_numpy_does_it(shape):
    rng = np.random.default_rng(2)
    a_from_b = se3_exp(torch.from_numpy(rng.uniform(-3, 3, (*shape, 6)))).numpy()
    b_from_a = invert_pose(a_from_b)
    assert isinstance(b_from_a, np.ndarray)
    np.testing.assert_allclose(b_from_a, np.linalg.inv(a_from_b), rtol=0, atol=1e-12)
    assert invert_pose(a_from_b.astype(np.float32)).dtype == np.float64


def test_translation_and_quaternion_survive_a_round_trip():
    pose = pose_from_translation_quaternion((1, 2, 3), (0.5, -0.5, 0.5, 0.5))
    translation, quaternion = translation_quaternion_from_pose(pose)
    assert translation.tolist() == [1, 2, 3]
    assert np.allclose(quaternion, (0.5, -0.5, 0.5, 0.5))


def test_a_quaternion_without_length_is_refused():
    with pytest.raises(ValueError, match='no direction'):
        rotation_from_quaternion(torch.zeros(4))


@pytest.mark.parametrize('damage, sentence', [
    (lambda m: m[:3], '4x4'), (lambda m: m * np.nan, 'NaN'), (lambda m: 2 * m, 'no rotation'),
    (lambda m: m @ np.diag((1, 1, -1, 1)), 'no rotation'), (lambda m: m + 0.1, 'no rotation'),
    (lambda m: np.vstack((m[:3], (0, 0, 1, 1))), 'last row'),
    (lambda m: m + np.outer((4e27, 0, 0, 0), (0, 0, 0, 1)), r'4e\+27 m from the origin')])
def test_a_matrix_that_is_no_pose_is_named(damage, sentence):
    with pytest.raises(ValueError, match=f'frame-7.*{sentence}|{sentence}.*frame-7'):
        checked_pose(damage(np.eye(4)), 'frame-7')


def test_rounding_in_a_pose_file_is_repaired():
    rotation = Rotation.from_rotvec((0.3, -0.7, 1.1)).as_matrix()
    pose = np.eye(4)
    pose[:3, :3] = rotation.round(5)
    repaired = checked_pose(pose, 'frame')[:3, :3]
    assert np.abs(repaired @ repaired.T - np.eye(3)).max() < 1e-14
    assert np.allclose(repaired, rotation, atol=2e-5)


def test_errors_are_metres_and_degrees_and_rejected_frames_count_as_missed():
    moved = torch.eye(4, dtype=torch.float64)
    moved[:3, :3] = so3_exp(tensor((0, 0, math.radians(3))))
    moved[0, 3] = 0.04
    translation, rotation = pose_errors(moved[None], torch.eye(4)[None])
    assert float(translation) == pytest.approx(0.04)
    assert float(rotation) == pytest.approx(3)
    assert recall([0.04, math.inf], [3, math.inf], (0.05, 5)) == 0.5
    assert recall([0.04, math.nan], [3, math.nan], (0.05, 2)) == 0
    assert math.isnan(recall([], [], (0.05, 5)))


def test_a_carried_covariance_is_that_of_sampled_rotations():
    random = np.random.default_rng(5)
    root = random.standard_normal((6, 6)) * 1e-3
    covariance = root @ root.T
    offset = np.array([0.4, -0.3, 0.8])
    errors = random.multivariate_normal(np.zeros(6), covariance, 200_000)
    moved = np.hstack((errors[:, :3] + np.cross(errors[:, 3:], offset), errors[:, 3:]))
    np.testing.assert_allclose(moved_covariance(covariance, offset), np.cov(moved.T),
                               atol=0.02 * np.abs(covariance).max())


def test_a_carried_covariance_is_the_spread_of_what_lies_at_the_end_of_the_lever():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(6, 6)) * 0.01
    covariance, lever = root @ root.T, np.array([2.0, -1.0, 0.5])
    errors = rng.multivariate_normal(np.zeros(6), covariance, 200_000)
    turned = Rotation.from_rotvec(errors[:, 3:]).apply(lever) - lever
    spread = np.cov(np.c_[errors[:, :3] + turned, errors[:, 3:]].T)
    assert np.abs(spread - moved_covariance(covariance, lever)).max() < 0.02 * spread.max()


@pytest.mark.parametrize('shape', [(), (7,)])
@pytest.mark.parametrize('kind', ['numpy', 'torch'])
def test_a_rigid_inverse_is_the_general_one(shape, kind):
    rng = np.random.default_rng(11)
    poses = np.zeros((*shape, 4, 4))
    poses[..., :3, :3] = Rotation.random(*shape, random_state=11).as_matrix()
    poses[..., :3, 3], poses[..., 3, 3] = rng.uniform(-5, 5, (*shape, 3)), 1
    given = poses if kind == 'numpy' else torch.from_numpy(poses)
    inverse = invert_pose(given)
    assert type(inverse) is type(given)
    np.testing.assert_allclose(np.asarray(inverse), np.linalg.inv(poses), rtol=0, atol=1e-12)
