# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A mapper that looks at what it records: coverage from the first key frames, then conventions."""

from dataclasses import replace

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import pytest
from support.bystander import LATCHED
from support.mapping_scene import MappingScene
from support.worlds.wall import CAMERA, wall_frames
from visualization_msgs.msg import MarkerArray

from scene_reloc_ros.geometry.poses import invert_pose

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def scene(start_node, bystander, tmp_path_factory):
    """Start a mapper that keeps every frame that moved a little."""
    start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(tmp_path_factory.mktemp('mapper')), 'use_depth': True, 'tf_wait': 0.1,
        'key_frame_translation': 0.005})
    return MappingScene(bystander, depth=True, camera=CAMERA)


def inverted(frame):
    """Return a frame as one records it who takes cam_from_map for the pose."""
    return replace(frame, image=cv2.cvtColor(frame.image, cv2.COLOR_GRAY2BGR),
                   map_from_cam=invert_pose(frame.map_from_cam))


def test_coverage_is_shown_and_a_mistake_is_named_within_forty_key_frames(scene):
    bystander = scene.bystander
    shown = bystander.listen(MarkerArray, '/mapper/coverage', LATCHED)
    health = bystander.listen(DiagnosticArray, '/diagnostics')
    assert scene.call('start').success
    scene.until_everything_arrives()
    frames = [inverted(frame) for frame in wall_frames(40)]
    for frame in frames[:8]:
        assert scene.show(frame)['reason'] == 'kept'
    bystander.until(lambda: shown, '~/coverage')
    names = {marker.ns for marker in shown[-1].markers}
    assert 'route' in names and names & {'good', 'thin', 'turned'}
    assert shown[-1].markers[-1].header.frame_id == 'map'
    assert scene.status[-1]['conventions'] is None
    for frame in frames[8:]:
        scene.show(frame)
    bystander.until(lambda: scene.status[-1]['conventions'], 'the conventions', timeout_s=60.0)
    said = scene.status[-1]['conventions']
    assert [finding['mistake'] for finding in said['findings']] == ['inverted_poses']
    assert 'the poses are cam_from_map' in said['sentence']
    assert sum(scene.status[-1]['coverage'].values()) == pytest.approx(1.0)

    def warned():
        return any('the poses are cam_from_map' in status.message
                   for message in health for status in message.status)
    bystander.until(warned, 'the warning in /diagnostics')
    assert scene.call('discard').success
    bystander.until(lambda: scene.status[-1]['conventions'] is None, 'a session without news')
