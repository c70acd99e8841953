# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The gate in worlds with drifting odometry, outliers and a kidnapping."""

from dataclasses import replace
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import torch

from scene_reloc_ros.geometry.chi_square import chi_square_quantile
from scene_reloc_ros.geometry.poses import invert_pose, se3_exp, shifted_pose
from scene_reloc_ros.pipeline.tracking.odometry_gate import (
    GateOptions,
    OdometryGate,
    PoseMeasurement,
)
from scene_reloc_ros.pipeline.tracking.slew_limit import slew_limited
from scene_reloc_ros.uncertainty.rejection import Rejection

STEP_S = 0.2
DEVIATIONS = np.array([0.02, 0.02, 0.03, 0.008, 0.008, 0.01])  # m and rad, of a localised pose
GATE = GateOptions()
UTM = (448_000.25, 5_412_000.5, 312.0)
GROSS_M, GROSS_RAD = 0.5, 0.5  # an outlier is at least one of them away


def pose(vector):
    """Return (4, 4) of a translation and a rotation vector."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(vector[3:]).as_matrix()
    matrix[:3, 3] = vector[:3]
    return matrix


def noisy(true, rng, deviations=DEVIATIONS):
    """Return a pose whose errors about the axes of the map have these deviations."""
    error = rng.normal(size=6) * deviations
    found = true.copy()
    found[:3, 3] += error[:3]
    found[:3, :3] = Rotation.from_rotvec(error[3:]).as_matrix() @ true[:3, :3]
    return found


class World:
    """A robot on a smooth way, odometry that drifts, and a localiser that is sometimes wrong."""

    def __init__(self, seed, frames, outliers=0.05, kidnapped=None, same_wrong_place=False):
        self.rng = np.random.default_rng(seed)
        speed, turn = self.rng.uniform(0.1, 0.6), self.rng.uniform(-0.5, 0.5)
        wrong_place = pose(np.r_[self.rng.uniform(-4, 4, 3), self.rng.uniform(-2, 2, 3)])
        scale, bend = 1 + 0.02 * self.rng.normal(), 0.01 * self.rng.normal()
        truth, odometry = np.eye(4), pose(np.r_[self.rng.uniform(-9, 9, 3), 0, 0, 2.0])
        self.measurements, self.truths, self.wrong = [], [], []
        for frame in range(frames):
            rate = turn * math.sin(0.05 * frame)
            step = np.array([speed * STEP_S, 0, 0, 0, 0, rate * STEP_S])
            truth = truth @ pose(step)
            drifted = step * scale
            drifted[5] += bend * speed * STEP_S
            odometry = odometry @ pose(drifted)
            if frame == kidnapped:
                truth = pose(np.array([3.0, -2.0, 0.5, 0.1, 0, 2.5])) @ truth
            wrong = self.rng.random() < outliers
            found = noisy(truth, self.rng)
            if wrong:
                away = wrong_place if same_wrong_place else truth @ self._gross()
                found = noisy(away, self.rng)
            self.measurements.append(PoseMeasurement(round(frame * STEP_S * 1e9), found,
                                                 np.diag(DEVIATIONS ** 2), odometry.copy()))
            self.truths.append(truth)
            self.wrong.append(wrong)

    def _gross(self):
        direction = self.rng.normal(size=6)
        direction[:3] /= np.linalg.norm(direction[:3])
        direction[3:] /= np.linalg.norm(direction[3:])
        return pose(direction * np.r_[[self.rng.uniform(GROSS_M, 5)] * 3,
                                      [self.rng.uniform(GROSS_RAD, 3)] * 3])


def verdicts(world, options=GATE):
    """Return what the gate says of every frame."""
    gate = OdometryGate(options)
    return [gate.test(measurement) for measurement in world.measurements]


@pytest.mark.parametrize('same_wrong_place', [False, True])
def test_no_outlier_passes_and_right_poses_do(same_wrong_place):
    refused = total = 0
    for seed in range(6):
        world = World(seed, 200, same_wrong_place=same_wrong_place)
        found = verdicts(world)
        assert not any(v.admitted and wrong for v, wrong in zip(found, world.wrong))
        assert not any(v.jump for v in found)
        refused += sum(not v.admitted and not wrong
                       for v, wrong in list(zip(found, world.wrong))[10:])
        total += 190
    # odometry drifts less than the options allow, so fewer than 1 - confidence fail
    assert refused <= 0.001 * total + 3


def test_a_kidnapping_is_recovered_within_ten_frames_and_announced_as_a_jump():
    for seed in range(12):
        world = World(seed, 120, kidnapped=60)
        found = verdicts(world)
        after = [index for index in range(60, 120) if found[index].admitted]
        assert after[0] < 70 and found[after[0]].jump
        assert not any(world.wrong[index] for index in after)
        assert sum(v.jump for v in found) == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10 ** 6), st.integers(20, 100), st.booleans())
def test_on_any_way_no_outlier_reaches_the_correction(seed, kidnapped, same_wrong_place):
    world = World(seed, 120, kidnapped=kidnapped, same_wrong_place=same_wrong_place)
    found = verdicts(world)
    wrong = [index for index, v in enumerate(found) if v.admitted and world.wrong[index]]
    # one wrong place seen thrice without a right pose in between cannot be told from a kidnapping
    for index in wrong:
        assert same_wrong_place and sum(world.wrong[max(0, index - 5):index + 1]) >= 3
    assert any(v.admitted for v in found[kidnapped:kidnapped + 10]) or wrong


def test_chi_square_is_what_it_says_when_odometry_is_exact():
    world = World(3, 2000, outliers=0.0)
    exact = GateOptions(drift_m_per_m=0.02, drift_rad_per_m=0.0, drift_rad_per_rad=0.0,
                        drift_m_per_s=0.0, drift_rad_per_s=0.0)
    values = [v.chi_square for v in verdicts(world, exact) if v.chi_square is not None]
    assert np.mean(values) == pytest.approx(6, rel=0.1)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10 ** 6), st.floats(0.001, 1.0), st.floats(0.001, 1.0))
def test_a_correction_never_moves_the_robot_faster_than_its_limits(seed, metres, radians):
    rng = np.random.default_rng(seed)
    present, target, odom_from_base = (
        se3_exp(torch.from_numpy(rng.normal(size=6) * 2)).numpy() for _ in range(3))
    moved = slew_limited(present, target, odom_from_base, metres, radians)
    before, after = present @ odom_from_base, moved @ odom_from_base
    assert np.linalg.norm(after[:3, 3] - before[:3, 3]) <= metres * (1 + 1e-9)
    assert Rotation.from_matrix(after[:3, :3] @ before[:3, :3].T).magnitude() <= radians + 1e-9
    for _ in range(1000):  # in larger steps: the way is some metres long
        if np.allclose(moved, target, atol=1e-9):
            break
        moved = slew_limited(moved, target, odom_from_base, metres + 0.1, radians + 0.1)
    assert np.allclose(moved, target, atol=1e-6)


@pytest.mark.parametrize('of_map, of_odometry', [(UTM, (0, 0, 0)), (UTM, UTM), ((0, 0, 0), UTM)])
def test_far_from_the_origins_of_map_and_odometry_the_gate_decides_alike(of_map, of_odometry):
    world = World(3, 120, outliers=0.1, kidnapped=60)
    near = verdicts(world)
    world.measurements = [replace(
        one, map_from_base=shifted_pose(one.map_from_base, of_map),
        odom_from_base=shifted_pose(one.odom_from_base, of_odometry))
        for one in world.measurements]
    far = verdicts(world)
    assert [v.rejection for v in far] == [v.rejection for v in near]
    assert [v.jump for v in far] == [v.jump for v in near] and any(v.jump for v in near)
    figures = [(one.chi_square, other.chi_square) for one, other in zip(far, near)
               if other.chi_square is not None]
    np.testing.assert_allclose(*np.transpose(figures), rtol=1e-4)


def test_far_from_the_origin_a_slow_correction_moves_the_robot_as_near_it():
    rng = np.random.default_rng(0)
    begin, end, odom_from_base = (
        se3_exp(torch.from_numpy(rng.normal(size=6))).numpy() for _ in range(3))
    present, target = begin @ invert_pose(odom_from_base), end @ invert_pose(odom_from_base)
    near, far = present, shifted_pose(present, UTM)
    for _ in range(300):
        near = slew_limited(near, target, odom_from_base, 0.01, 0.01)
        far = slew_limited(far, shifted_pose(target, UTM), odom_from_base, 0.01, 0.01)
        np.testing.assert_allclose((far @ odom_from_base)[:3, 3] - UTM,
                                   (near @ odom_from_base)[:3, 3], rtol=0, atol=1e-6)
    np.testing.assert_allclose(near, target, atol=1e-9)


def test_before_the_first_fix_several_poses_have_to_agree():
    world = World(1, 5, outliers=0.0)
    found = verdicts(world, GateOptions(agreeing=3))
    assert [v.rejection for v in found[:2]] == [Rejection.UNCONFIRMED] * 2
    assert all(v.admitted and not v.jump for v in found[2:])


def test_a_pose_that_odometry_does_not_explain_is_refused_with_figures():
    world = World(2, 12, outliers=0.0)
    gate = OdometryGate()
    for measurement in world.measurements[:-1]:
        gate.test(measurement)
    last = world.measurements[-1]
    away = last.map_from_base.copy()
    away[0, 3] += 3.0
    decision = gate.test(
        PoseMeasurement(last.stamp_ns, away, last.covariance, last.odom_from_base))
    assert decision.rejection is Rejection.DISAGREES_WITH_ODOMETRY
    assert 'degrees from where odometry has it' in decision.sentence
    assert decision.chi_square > chi_square_quantile(0.999)


@pytest.mark.parametrize(('part', 'value', 'said'), [
    ('map_from_base', np.full((4, 4), np.nan), 'not finite'),
    ('covariance', -np.eye(6), 'not positive'), ('stamp_ns', -5, 'older')])
def test_an_impossible_measurement_is_refused_and_changes_nothing(part, value, said):
    world = World(4, 10, outliers=0.0)
    gate = OdometryGate()
    for measurement in world.measurements[:8]:
        gate.test(measurement)
    good = world.measurements[8]
    fields = {**good.__dict__, part: value}
    decision = gate.test(PoseMeasurement(**fields))
    assert not decision.admitted and said in decision.sentence
    assert gate.test(good).admitted


def test_without_odometry_a_camera_may_walk_but_not_leap():
    still = np.eye(4)
    gate = OdometryGate(GateOptions().without_odometry())
    world = World(5, 40, outliers=0.0)
    found = [gate.test(PoseMeasurement(m.stamp_ns, m.map_from_base, m.covariance, still))
             for m in world.measurements]
    assert all(v.admitted for v in found[2:])
    leap = world.measurements[-1]
    away = leap.map_from_base.copy()
    away[:3, 3] += 8.0
    later = PoseMeasurement(leap.stamp_ns + 10, away, leap.covariance, still)
    assert not gate.test(later).admitted


@pytest.mark.parametrize('values', [{'confidence': 1.0}, {'agreeing': 0},
                                    {'agreeing': 7, 'window': 6}])
def test_options_that_mean_nothing_are_refused(values):
    with pytest.raises(ValueError, match='gate'):
        GateOptions(**values)


def test_without_odometry_no_sentence_speaks_of_it():
    world = World(3, 120, outliers=0.1, kidnapped=60)
    gate = OdometryGate(GATE.without_odometry())
    found = [gate.test(replace(one, odom_from_base=np.eye(4))) for one in world.measurements]
    found.append(gate.test(replace(world.measurements[-1], covariance=np.full((6, 6), np.nan))))
    reasons = {v.rejection for v in found}
    assert reasons == {None, Rejection.UNCONFIRMED} and any(v.jump for v in found)
    assert not [v.sentence for v in found if 'odometry' in v.sentence]
