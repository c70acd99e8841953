# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Labels that tell whether two maps are in the same coordinates."""

import pytest

from scene_reloc_ros.datasets.recording_label import RecordingLabel


def test_a_label_is_claimed_once_and_read_back(tmp_path):
    label = RecordingLabel.claim(tmp_path, 'map')
    assert label.session and label.map_frame == 'map'
    assert RecordingLabel.claim(tmp_path, 'odom') == RecordingLabel.read(tmp_path) == label
    assert RecordingLabel.of_map({'left_out': {}, **label.metadata()}) == label


def test_only_maps_of_one_recording_in_one_frame_are_in_the_same_coordinates(tmp_path):
    (tmp_path / 'other').mkdir()
    one, other = RecordingLabel.claim(tmp_path, 'map'), RecordingLabel.claim(
        tmp_path / 'other', 'map')
    assert one.same_coordinates(RecordingLabel(one.session, 'map'))
    assert not one.same_coordinates(other)
    assert not one.same_coordinates(RecordingLabel(one.session, 'odom'))
    assert not RecordingLabel().same_coordinates(RecordingLabel())


@pytest.mark.parametrize('content', [
    '', '[]', '{"session": 3, "map_frame": "map"}', '{"session": "a"}', '\x00', 'null'])
def test_a_label_that_cannot_be_read_is_none_and_is_claimed_anew(tmp_path, content):
    (tmp_path / 'label.json').write_text(content)
    assert RecordingLabel.read(tmp_path) == RecordingLabel()
    assert RecordingLabel.claim(tmp_path, 'map') == RecordingLabel.read(tmp_path)
    assert RecordingLabel.of_map({}) == RecordingLabel.of_map({'recording': None})
