# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Outputs are tried first, are whole or not there, and are kept where their place has failed."""

import os
import subprocess
import sys

import pytest
from support.machine.disks import as_nobody, NAMELESS, names_below, small_disk

from scene_reloc_ros.files.outputs import (
    full_path,
    GrowingText,
    kept,
    writable_file,
    writable_folder,
    write_whole,
)


def test_a_place_that_can_be_written_is_tried_and_left_as_it_was(tmp_path):
    old = tmp_path / 'old.map'
    old.write_text('as it was')
    assert writable_file(old) == old
    assert writable_file(tmp_path / 'new.map') == tmp_path / 'new.map'
    assert writable_folder(tmp_path / 'not' / 'yet') == tmp_path / 'not' / 'yet'
    assert names_below(tmp_path) == ['old.map'] and old.read_text() == 'as it was'
    assert not (tmp_path / 'not').exists()


def test_a_place_that_cannot_be_written_is_named_with_the_remedy(tmp_path):
    (tmp_path / 'file').touch()
    (tmp_path / 'folder').mkdir()
    for path, sentence in (('none/x.map', 'none of x.map does not exist; create it'),
                           ('folder', 'is a folder; give the name of a file'),
                           ('file/x.map', 'cannot be written .*Not a directory')):
        with pytest.raises(ValueError, match=sentence):
            writable_file(tmp_path / path)
    with pytest.raises(ValueError, match='folder .*file/maps cannot be written in .*file '):
        writable_folder(tmp_path / 'file' / 'maps')
    with pytest.raises(ValueError, match='/sys cannot be written .*choose another one'):
        writable_file('/sys/x.map')


def test_a_device_is_written_as_it_is():
    assert str(writable_file('/dev/null')) == '/dev/null'
    write_whole('/dev/null', 'gone')
    with pytest.raises(OSError, match='No space left'):
        write_whole('/dev/full', 'nothing goes in')
    assert not os.path.exists('/dev/full.partial')


def test_a_home_that_is_missing_is_a_sentence(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match='no home folder for its ~; give the whole path'):
        full_path('~no-such-user/k.map')
    answer = as_nobody(full_path, '~/.ros/scene_reloc', user=NAMELESS)
    assert 'there is no home folder for its ~' in answer
    monkeypatch.setenv('HOME', str(tmp_path))
    assert full_path('~/k.map') == tmp_path / 'k.map'


def test_a_user_without_permissions_is_told_before_and_loses_nothing(tmp_path):
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:3]:
        folder.chmod(0o755)
    answer = as_nobody(writable_file, tmp_path / 'x.map')
    assert 'cannot be written (Permission denied)' in answer

    def keep():
        os.chdir('/')
        return kept(tmp_path / 'x.map', lambda path: write_whole(path, 'worked for'))
    place = as_nobody(keep)
    assert not place.startswith(str(tmp_path)) and place.endswith('.map')
    with open(place) as file:
        assert file.read() == 'worked for'
    os.unlink(place)


def test_a_full_disk_is_found_before_the_work(tmp_path):
    with small_disk(tmp_path / 'disk') as disk:
        disk.fill()
        with pytest.raises(ValueError, match='No space left on device.*give it space'):
            writable_file(disk.path / 'x.map')
        disk.free()
        assert writable_file(disk.path / 'x.map')


def test_a_file_that_does_not_fit_leaves_the_old_one_and_nothing_else(tmp_path):
    with small_disk(tmp_path / 'disk') as disk:
        write_whole(disk.path / 'x.map', b'old')
        with pytest.raises(OSError, match='No space left'):
            write_whole(disk.path / 'x.map', bytes(10 ** 6))
        assert names_below(disk.path) == ['x.map']
        assert (disk.path / 'x.map').read_bytes() == b'old'


@pytest.mark.parametrize('failure', ['full', 'read-only', 'removed'])
def test_a_result_is_kept_in_the_nearest_folder_that_works(tmp_path, failure, caplog):
    with small_disk(tmp_path / 'disk') as disk:
        folder = disk.path / 'maps'
        if failure != 'removed':
            folder.mkdir()
        if failure == 'read-only':
            disk.remount('ro')
        size = 10 ** 6 if failure == 'full' else 10
        (tmp_path / 'x.map').write_text('another map, not to be lost')
        place = kept(folder / 'x.map', lambda path: write_whole(path, bytes(size)))
        assert place == (disk.path / 'x.map' if failure == 'removed' else tmp_path / 'x-1.map')
        assert place.stat().st_size == size
        assert f'the result is kept in {place}' in caplog.text
        assert not [name for name in names_below(tmp_path) if name.endswith('.partial')]
        if failure == 'read-only':
            disk.remount('rw')


def test_a_result_that_nothing_can_hold_is_an_error_of_the_place_asked_for(tmp_path):
    code = ('import resource, sys\n'
            'from pathlib import Path\n'
            'from scene_reloc_ros.files.outputs import kept, write_whole\n'
            'resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n'
            'try:\n'
            '    kept(Path(sys.argv[1]), lambda path: write_whole(path, bytes(9999)))\n'
            'except OSError as error:\n'
            '    print(error)\n')
    shown = subprocess.run([sys.executable, '-c', code, str(tmp_path / 'x.map')],
                           capture_output=True, text=True, cwd=tmp_path)
    assert 'File too large' in shown.stdout
    assert names_below(tmp_path) == []


def test_lines_that_grow_move_as_a_whole_when_the_disk_is_full(tmp_path):
    with small_disk(tmp_path / 'disk', kib=32) as disk:
        text = GrowingText(disk.path / 'poses.tum')
        lines = [f'{number} {"x" * 1000}\n' for number in range(64)]
        for line in lines[:8]:
            text.write(line)
        assert (disk.path / 'poses.tum').read_text() == ''.join(lines[:8])
        for line in lines[8:]:
            text.write(line)
        text.close()
        assert text.path == tmp_path / 'poses.tum'
        assert text.path.read_text() == ''.join(lines)
