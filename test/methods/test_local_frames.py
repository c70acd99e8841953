# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Maps far from the origin of their frame: as exact as the same map at the origin, bit by bit."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.wall import wall_frames
import torch

from scene_reloc_ros.datasets.recording import RecordingSequence, RecordingWriter
from scene_reloc_ros.geometry.poses import shifted_pose
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.local_frames import local_origin, LocalFrames
from scene_reloc_ros.methods.matching.features import Sift
from scene_reloc_ros.methods.registry import method_class, METHODS
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper

UTM, EARTH_CENTRED = (448_000.0, 5_412_000.0, 300.0), (4_177_000.0, 855_000.0, -4_728_300.0)
BETWEEN = (448_017.25, 5_411_968.5, -1_234.125)  # no corner of the grid of origins
EXACT_M = 2.0 ** -20  # positions that are multiples of it stay what they are when moved


def exact(frame):
    """Return a frame whose position can be moved by whole metres without rounding."""
    pose = frame.map_from_cam.copy()
    pose[:3, 3] = np.round(pose[:3, 3] / EXACT_M) * EXACT_M
    return replace(frame, map_from_cam=pose)


FRAMES = [exact(frame) for frame in wall_frames(12, blur=4.0)]
MAPPED, ASKED = FRAMES[:4] + FRAMES[5:8] + FRAMES[9:], FRAMES[4:9:4]
ALIKE = {'auto', 'reference'}  # they are made as hybrid and cells are


def moved(frames, offset):
    """Return frames whose map frame has its origin elsewhere."""
    return [replace(frame, map_from_cam=shifted_pose(frame.map_from_cam, offset))
            for frame in frames]


def options_of(method):
    """Return the quickest options of a method."""
    if method == 'forest':
        pytest.importorskip('sklearn', reason='scikit-learn is not installed here')
    if method == 'colmap':
        pytest.importorskip('pycolmap', reason='pycolmap is not installed here')
    options = method_class(method).presets['fast']
    few = {'steps': 20, 'width': 32, 'cells': 100, 'batch': 256, 'views': 1, 'passes': 1,
           'samples': 3000, 'minutes': 30.0, 'self_check': 2}
    return replace(options, **{name: value for name, value in few.items()
                               if hasattr(options, name)})


def answers(scene_map, depth):
    """Return what a map says of some frames: best poses, and the points that agree with them."""
    localiser = Localiser(scene_map, device='cpu')
    traces = [localiser.trace(frame.image, frame.camera, frame.depth_m if depth else None)
              for frame in ASKED]
    return ([trace.pose.map_from_cam for trace in traces if trace.pose is not None],
            [trace.localisation.inlier_points for trace in traces])


@pytest.mark.slow
@pytest.mark.parametrize('method', sorted(set(METHODS) - ALIKE))
def test_a_far_map_of_any_method_is_the_near_one_seen_from_elsewhere(method, tmp_path):
    mapper = Mapper(options_of(method), 'cpu')
    near, far = mapper.build(MAPPED), mapper.build(moved(MAPPED, EARTH_CENTRED))
    for name, scene_map in (('near', near), ('far', far)):
        scene_map.save(tmp_path / name)
    near, far = SceneMap.load(tmp_path / 'near'), SceneMap.load(tmp_path / 'far')
    assert near.origin == (0.0, 0.0, 0.0) and far.origin == EARTH_CENTRED
    for name, tensor in far.content.tensors.items():
        assert torch.equal(tensor, near.content.tensors[name]), name
    assert torch.equal(far.views, near.views)
    np.testing.assert_allclose(
        far.metadata['extent'], np.add(near.metadata['extent'], EARTH_CENTRED), atol=1e-8)
    poses, points = answers(near, method == 'forest')
    far_poses, far_points = answers(far, method == 'forest')
    assert len(far_poses) == len(poses)
    assert len(poses) > 0 or method == 'ace'  # which would have to be trained for that
    np.testing.assert_allclose(far_poses, [shifted_pose(pose, EARTH_CENTRED) for pose in poses],
                               rtol=0, atol=1e-8)
    for found, expected in zip(far_points, points):
        np.testing.assert_allclose(found, expected + EARTH_CENTRED, rtol=0, atol=1e-8)


def recorded(frames, folder):
    """Write frames into a recording and return it."""
    writer = RecordingWriter(folder, frames[0].camera)
    for number, frame in enumerate(frames):
        writer.append(replace(frame, stamp_ns=(number + 1) * 33_000_000))
    return RecordingSequence(folder)


@pytest.mark.slow
@pytest.mark.parametrize('offset', [(30_000.0, -20_000.0, 50.0), BETWEEN])
def test_answers_of_far_recordings_are_those_at_the_origin_to_a_millimetre(offset, tmp_path):
    mapper = Mapper(options_of('sift'), 'cpu')
    near = mapper.build(recorded(MAPPED, tmp_path / 'near'))
    far = mapper.build(recorded(moved(MAPPED, offset), tmp_path / 'far'))
    (poses, _), (far_poses, far_points) = answers(near, False), answers(far, False)
    assert len(poses) == len(far_poses) == len(ASKED)
    for pose, far_pose in zip(poses, far_poses):
        assert np.abs(far_pose[:3, 3] - offset - pose[:3, 3]).max() < 1e-3
    wall_m = np.concatenate(far_points)[:, 2] - offset[2]
    assert np.median(np.abs(wall_m - 3.0)) < 0.02 and far_points[0].dtype == np.float64
    np.testing.assert_allclose(far.positions.numpy() - offset, near.positions.numpy(), atol=1e-4)


@pytest.mark.slow
def test_a_far_map_takes_further_frames_of_its_frame():
    options = options_of('sift')
    method, mapper = Sift(options, torch.device('cpu')), Mapper(options, 'cpu')
    grown = [method.add(mapper.build(moved(FRAMES[:10], offset)), moved(FRAMES, offset),
                        MappingProgress()) for offset in ((0, 0, 0), UTM)]
    assert len(grown[0].views) > 0 and torch.equal(grown[0].views, grown[1].views)
    assert torch.equal(grown[0].content.tensors['points'], grown[1].content.tensors['points'])


@pytest.mark.parametrize('positions, expected', [
    ([[0, 0, 0], [3, -49, 2]], (0, 0, 0)), ([[30_040, -20_060, 50.1]], (30_000, -20_100, 100)),
    ([[4e5, 5e6, 312]] * 3 + [[9e6, 0, 0]], (400_000, 5_000_000, 300)),
    ([[-0.1, -0.1, -0.1]], (0, 0, 0))])
def test_the_origin_is_a_corner_of_a_grid_near_most_of_the_cameras(positions, expected):
    origin = local_origin(np.array(positions, float))
    assert origin == expected and '-0.0' not in str(origin)


def test_local_frames_are_the_frames_but_for_their_poses():
    frames = LocalFrames(moved(FRAMES, UTM), UTM)
    assert len(frames) == len(FRAMES) and frames.names == [frame.name for frame in FRAMES]
    np.testing.assert_array_equal(frames[3].map_from_cam, FRAMES[3].map_from_cam)
    np.testing.assert_array_equal(frames.map_from_cam(4), FRAMES[4].map_from_cam)
    assert frames[3].image is FRAMES[3].image
    lost = LocalFrames([replace(FRAMES[0], map_from_cam=None)], UTM)
    assert lost.map_from_cam(0) is None and lost[0].map_from_cam is None
