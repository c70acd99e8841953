# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Answers of several maps in exact worlds: one is believed, or none, and in which frame."""

from dataclasses import replace

from hypothesis import given, settings, strategies
import numpy as np
import pytest
from support.exact_scene import (
    CAMERA,
    ELSEWHERE,
    exact_localiser,
    MAP_FROM_CAM,
    mixed,
    points_seen_from,
    scattered_points,
    TEXTURE,
)
import torch

from scene_reloc_ros.geometry.chi_square import nees
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.scene_map import checked_transform, pose_of_transform
from scene_reloc_ros.pipeline.atlas.map_answers import chosen_answer, MapAnswer, RivalOptions
from scene_reloc_ros.uncertainty.rejection import Rejection

TRUE_POINTS = points_seen_from(MAP_FROM_CAM)
UNMOVED = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
UPSTAIRS = (0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 1.0)
BESIDE = (0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)  # a little off: somebody has measured by hand


def map_answer(name, points=TRUE_POINTS, **map_parts):
    """Return what a map says of the image."""
    localiser = exact_localiser(points, **map_parts)
    return MapAnswer(name, localiser.scene_map, localiser.trace(TEXTURE, CAMERA))


RIGHT = map_answer('hall')
TWIN = map_answer('hall two')
ELSE = map_answer('yard', scattered_points())


def chosen(*answers):
    """Return the Localisation that is chosen."""
    return chosen_answer(answers, RivalOptions()).localisation


@pytest.mark.parametrize('answers', [(RIGHT, ELSE), (ELSE, RIGHT), (RIGHT,)])
def test_the_map_that_explains_the_image_is_believed_whatever_the_order(answers):
    found = chosen(*answers)
    assert (found.map, found.accepted, found.agreeing) == ('hall', True, ())
    assert float(pose_errors(found.map_from_cam, MAP_FROM_CAM)[0]) < 0.002


@pytest.mark.parametrize('answers', [(RIGHT, TWIN), (TWIN, ELSE, RIGHT)])
def test_twins_stay_undecided_and_the_sentence_names_both(answers):
    found = chosen(*answers)
    assert found.rejection is Rejection.UNDECIDED_MAP
    assert found.map_from_cam is None and found.covariance is None
    assert 'hall (' in found.detail and 'hall two (' in found.detail
    assert found.probability <= RIGHT.trace.localisation.probability / 2


def test_a_twin_that_a_map_believes_less_itself_is_a_rival_all_the_same():
    dim = map_answer('dim', mixed(TRUE_POINTS, scattered_points(), 0.45))
    refused = replace(dim, trace=replace(dim.trace, localisation=replace(
        dim.trace.localisation, rejection=Rejection.TOO_FEW_INLIERS, probability=0.1)))
    assert chosen(RIGHT, refused).rejection is Rejection.UNDECIDED_MAP
    poor = map_answer('poor', mixed(TRUE_POINTS, scattered_points(), 0.8))
    refused = replace(poor, trace=replace(poor.trace, localisation=replace(
        poor.trace.localisation, rejection=Rejection.TOO_FEW_INLIERS, probability=0.1)))
    assert chosen(RIGHT, refused).map == 'hall'


def test_scores_of_another_method_say_nothing_and_its_belief_does():
    content = replace(TWIN.scene_map.content, method='sift')
    other = replace(TWIN, scene_map=replace(TWIN.scene_map, content=content))
    assert chosen(RIGHT, other).rejection is Rejection.UNDECIDED_MAP
    unsure = replace(other, trace=replace(other.trace, localisation=replace(
        other.trace.localisation, rejection=Rejection.UNCERTAIN, probability=0.2)))
    assert chosen(RIGHT, unsure).map == 'hall'


def test_where_no_map_believes_the_reason_is_that_of_the_best():
    found = chosen(ELSE, map_answer('attic', scattered_points()))
    assert found.rejection not in (None, Rejection.UNDECIDED_MAP) and found.map == 'yard'


def test_two_maps_of_one_place_agree_in_the_frame_that_they_share():
    one, other = (map_answer(name, transform=where) for name, where in (
        ('day', UNMOVED), ('night', BESIDE)))
    found = chosen(one, other)
    assert found.accepted and {found.map, *found.agreeing} == {'day', 'night'}


@pytest.mark.parametrize('where', [UPSTAIRS, None])
def test_floors_that_look_alike_are_not_one_place(where):
    found = chosen(map_answer('ground', transform=UNMOVED), map_answer('first', transform=where))
    assert found.rejection is Rejection.UNDECIDED_MAP


@settings(max_examples=12, deadline=None)
@given(strategies.tuples(*[strategies.floats(-1e6, 1e6)] * 3),
       strategies.tuples(*[strategies.floats(-1, 1)] * 4).filter(
           lambda parts: np.linalg.norm(parts) > 0.1))
def test_with_a_transform_all_of_an_answer_is_in_the_frame_that_it_leads_to(moved, quaternion):
    unit = np.array(quaternion) / np.linalg.norm(quaternion)
    transform = checked_transform((*moved, *unit))
    common_from_map = pose_of_transform(transform)
    plain = RIGHT.trace.localisation
    trace = map_answer('hall', transform=transform, origin=(100.0, -300.0, 0.0)).trace
    found, offset = trace.localisation, np.array([100.0, -300.0, 0.0])
    own = plain.map_from_cam.copy()
    own[:3, 3] += offset
    for pose in (found.map_from_cam, trace.pose.map_from_cam):
        np.testing.assert_allclose(pose, common_from_map @ own, rtol=0, atol=1e-8)
    own_points = plain.inlier_points + offset
    np.testing.assert_allclose(
        found.inlier_points, own_points @ common_from_map[:3, :3].T + common_from_map[:3, 3],
        rtol=0, atol=1e-8)
    shifted = MAP_FROM_CAM.copy()
    shifted[:3, 3] += offset
    assert nees(found.map_from_cam, found.covariance, common_from_map @ shifted) == pytest.approx(
        nees(plain.map_from_cam, plain.covariance, MAP_FROM_CAM), abs=1e-2)
    assert found.probability == plain.probability


def test_views_and_points_of_a_map_are_placed_as_its_answers():
    transform = checked_transform((5.0, -2.0, 1.0, 0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)))
    scene_map = replace(RIGHT.scene_map, transform=transform, origin=(10.0, 0.0, 0.0),
                        cloud=torch.tensor([[1.0, 0.0, 0.0]]))
    # a quarter turn to the left: x goes to y
    np.testing.assert_allclose(scene_map.points.numpy(), [[5.0, 9.0, 1.0]], atol=1e-12)
    view = scene_map.views[0].double().numpy()
    x, y, z = view[:3, 3]
    np.testing.assert_allclose(scene_map.positions[0].numpy(), [5 - y, x + 10 - 2, z + 1],
                               atol=1e-9)


def test_a_pose_elsewhere_in_the_other_map_is_a_rival_as_well():
    other = map_answer('far', points_seen_from(ELSEWHERE), views=torch.from_numpy(
        ELSEWHERE).float()[None].repeat(3, 1, 1), transform=UNMOVED)
    assert other.trace.localisation.accepted
    assert chosen(map_answer('near', transform=UNMOVED),
                  other).rejection is Rejection.UNDECIDED_MAP
