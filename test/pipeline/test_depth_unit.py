# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Depth in the wrong unit is named as such, at mapping and at a query."""

from dataclasses import replace

import numpy as np
import pytest
from support.mapped_room import LAP, ROUTE
from support.worlds.wall import wall_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.pipeline.depth_unit import is_other_unit, refuse_other_unit
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.rejection import Rejection

FEET = 3.28084


@pytest.fixture(scope='module')
def room():
    """Return some frames of the room, near each other, with depth."""
    frames = open_sequence(ROUTE)
    return [frames[index] for index in range(0, LAP, 8)]


def scaled(frames, scale):
    return [replace(frame, depth_m=frame.depth_m * np.float32(scale)) for frame in frames]


@pytest.mark.parametrize('scale', [5.0, 0.2, FEET, 1 / FEET, 0.1])
def test_mapping_frames_whose_depth_is_in_another_unit_are_refused_by_name(room, scale):
    with pytest.raises(ValueError, match='in another unit than their poses: .* says') as error:
        refuse_other_unit(scaled(room, scale))
    told = float(str(error.value).split('says ')[1].split()[0])
    assert told == pytest.approx(scale, rel=0.03)
    assert '1/5000 m (recordings)' in str(error.value)


def test_poses_in_another_unit_are_told_the_same_way(room):
    centimetres = []
    for frame in room:
        pose = frame.map_from_cam.copy()
        pose[:3, 3] *= 100
        centimetres.append(replace(frame, map_from_cam=pose))
    with pytest.raises(ValueError, match=r'says 0\.(0099|01)\d* times the distance that'):
        refuse_other_unit(centimetres)


@pytest.mark.parametrize('scale', [1000.0, 0.001])
def test_what_is_called_metres_and_cannot_be_is_refused(room, scale):
    with pytest.raises(ValueError, match='so it is not in metres: send millimetres as 16UC1'):
        refuse_other_unit(scaled(room, scale))


def test_depth_as_it_should_be_is_taken(room):
    refuse_other_unit(room)
    refuse_other_unit(scaled(room, 1.1))  # a sensor that errs


@pytest.mark.parametrize('change', [
    {'depth_m': None}, {'map_from_cam': np.eye(4)}, {'image': np.zeros((480, 640), np.uint8)}])
def test_what_tells_no_distance_is_not_judged(room, change):
    refuse_other_unit([replace(frame, **change) for frame in scaled(room, 5.0)])


def test_the_mapper_refuses_before_it_begins():
    told = []
    frames = scaled(wall_frames(24), 5.0)
    with pytest.raises(ValueError, match='in another unit than their poses'):
        Mapper(PRESETS['fast'], 'cpu').build(frames, lambda *progress: told.append(progress))
    assert not told


def test_only_a_ratio_of_units_is_one():
    assert not is_other_unit(None) and not is_other_unit(1.8) and not is_other_unit(0.6)
    assert is_other_unit(FEET) and is_other_unit(1 / FEET) and is_other_unit(1000.0)


@pytest.mark.slow
@pytest.mark.parametrize('scale', [5.0, 0.2, FEET, 0.1])
def test_a_query_whose_depth_is_in_another_unit_is_refused_by_name(room, room_localiser, scale):
    for frame in room[1:3]:
        assert room_localiser.localise(frame.image, frame.camera, frame.depth_m).accepted
        found = room_localiser.localise(
            frame.image, frame.camera, frame.depth_m * np.float32(scale))
        assert found.rejection is Rejection.DEPTH_UNIT
        assert found.map_from_cam is None and found.covariance is None
        told = float(found.detail.split('says ')[1].split()[0])
        assert told == pytest.approx(scale, rel=0.05)


@pytest.mark.slow
def test_a_place_that_is_not_in_the_map_stays_one_whatever_its_depth(room, room_localiser):
    other = open_sequence('simulated:survey?frames=30&room=other1')[4]
    for scale in (1.0, 5.0):
        found = room_localiser.localise(other.image, other.camera, scale * other.depth_m)
        assert found.rejection not in (None, Rejection.DEPTH_UNIT)
