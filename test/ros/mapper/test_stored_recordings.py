# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Recordings in the folder of a mapper: what is said of them, and which goes on."""

import os

import pytest
from support.small_recording import write_small_recording

from scene_reloc_ros.ros.mapper.stored_recordings import (
    described,
    fresh_name,
    left_from_before,
    map_of,
    recording_of,
    recording_to_resume,
    stored_recordings,
)


def record(root, name, count, changed_s, mapped_s=None):
    """Write a recording that was changed at a time, and a map of another time."""
    place, map_path = recording_of(root, name), map_of(root, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_small_recording(place, count)
    os.utime(place / 'rgb.txt', (changed_s, changed_s))
    if mapped_s is not None:
        map_path.parent.mkdir(exist_ok=True)
        map_path.write_text('a map')
        os.utime(map_path, (mapped_s, mapped_s))


def test_recordings_are_listed_newest_first_with_key_frames_and_maps(tmp_path):
    record(tmp_path, 'hall', 2, 100.0, mapped_s=150.0)
    record(tmp_path, 'lab', 3, 300.0, mapped_s=200.0)  # it went on after its map
    record(tmp_path, 'yard', 1, 200.0)
    (tmp_path / 'recordings' / 'no recording').mkdir()
    assert [(one.name, one.keyframes, one.mapped) for one in stored_recordings(str(tmp_path))] == [
        ('lab', 3, False), ('yard', 1, False), ('hall', 2, True)]
    assert described(str(tmp_path)) == (
        f'3 recordings in {tmp_path}/recordings: lab (3 key frames, no map), yard (1 key frames, '
        'no map), hall (2 key frames, map)')


def test_the_newest_without_a_map_goes_on_or_the_one_that_is_named(tmp_path):
    folder = str(tmp_path)
    record(tmp_path, 'hall', 2, 100.0, mapped_s=150.0)
    assert recording_to_resume(folder, '') == 'hall' and left_from_before(folder) == ''
    record(tmp_path, 'lab', 3, 50.0)
    assert recording_to_resume(folder, '') == 'lab'
    assert 'recording lab (3 key frames, no map): call ~/resume' in left_from_before(folder)
    assert recording_to_resume(folder, 'hall') == 'hall'


@pytest.mark.parametrize('name', ['attic', '../recordings/hall', '.', 'hall/rgb'])
def test_a_name_that_no_recording_has_is_refused_with_those_that_there_are(tmp_path, name):
    record(tmp_path, 'hall', 2, 100.0)
    with pytest.raises(ValueError, match='which is not in .*; there is hall .2 key frames, no'):
        recording_to_resume(str(tmp_path), name)


def test_a_recording_that_cannot_be_read_is_named_and_spoils_nothing(tmp_path):
    record(tmp_path, 'hall', 2, 100.0)
    record(tmp_path, 'lab', 3, 200.0)
    record(tmp_path, 'attic', 3, 300.0)
    (recording_of(tmp_path, 'lab') / 'camera.yaml').write_text('no: camera')
    (recording_of(tmp_path, 'attic') / 'rgb.txt').write_bytes(b'\xff\x00 what\nis\nthis')
    assert recording_to_resume(str(tmp_path), '') == 'hall'
    for name in ('lab', 'attic'):
        assert f'{name} (cannot be read: ' in described(str(tmp_path))
        with pytest.raises(ValueError, match=f'recording {name} .cannot be read: '):
            recording_to_resume(str(tmp_path), name)


def test_without_a_folder_nothing_is_listed(tmp_path):
    assert described(str(tmp_path / 'none')) == (
        f'there are no recordings in {tmp_path}/none/recordings; call ~/start')
    (tmp_path / 'recordings').write_text('a file')
    assert stored_recordings(str(tmp_path)) == []


def test_a_fresh_name_is_that_of_no_recording(tmp_path):
    names = set()
    for _ in range(3):
        name = fresh_name(tmp_path)
        recording_of(tmp_path, name).mkdir(parents=True)
        names.add(name)
    assert len(names) == 3
