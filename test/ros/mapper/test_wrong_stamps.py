# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A mapper that hears wrong stamps, and one whose clock is set back while it records."""

import pytest
from support.mapping_scene import MappingScene
from support.small_recording import small_frames

from scene_reloc_ros.datasets.open_sequence import open_sequence

pytestmark = pytest.mark.ros
SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@pytest.fixture(scope='module')
def scene(start_node, bystander, tmp_path_factory):
    """Return a scene whose mapper records by tf, and keeps every frame."""
    start_node('scene_reloc_ros.ros.mapper.node', {
        'folder': str(tmp_path_factory.mktemp('mapper')), 'tf_wait': 0.3,
        'key_frame_translation': 0.0})
    scene = MappingScene(bystander)
    assert scene.call('start').success
    scene.until_everything_arrives()
    assert scene.show(small_frames(1)[0])['reason'] == 'kept'
    return scene


@pytest.mark.parametrize('ahead_ns, code', [(DAY, 'future_stamp'), (-DAY, 'stale_stamp'),
                                            (-SECOND, 'stale_stamp')])
def test_one_image_with_a_wrong_stamp_is_not_recorded_and_costs_no_other(scene, ahead_ns, code):
    frame = small_frames(1)[0]
    status = scene.show(frame, ahead_ns=ahead_ns)
    assert (status['reason'], status['refusal']) == ('refused', code)
    assert status['refusals'][code] >= 1
    assert scene.show(frame)['reason'] == 'kept'


def test_a_mapper_whose_clock_was_set_back_goes_on_recording(scene):
    before = scene.status[-1]['keyframes']
    answers = [scene.show(frame, ahead_ns=-3600 * SECOND) for frame in small_frames(6)]
    assert [status['reason'] for status in answers] == ['refused'] * 2 + ['kept'] * 4
    recording = open_sequence(answers[-1]['recording'])
    assert len(recording) == answers[-1]['keyframes'] == before + 4
    stamps = [recording.stamp_ns(index) for index in range(len(recording))]
    assert stamps == sorted(stamps)
    assert recording.map_from_cam(len(recording) - 1)[0, 3] == pytest.approx(0.5)
