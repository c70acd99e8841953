# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Files of maps as somebody names them, and every list that is refused by its sentence."""

from pathlib import Path

from hypothesis import given, strategies
import pytest

from scene_reloc_ros.pipeline.atlas.map_files import map_files, map_name

NAMES = strategies.lists(strategies.text('abcdefgh 0123_-', min_size=1, max_size=9).filter(
    lambda name: name == name.strip()), min_size=1, max_size=5, unique=True)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with three maps, and with what is none."""
    for name in ('yard.map', 'hall.safetensors', 'attic.map', 'notes.txt', 'hall.json'):
        (tmp_path / name).write_text('x')
    (tmp_path / 'old.map').mkdir()
    return tmp_path


def names(given_maps):
    """Return the names of the files that are found."""
    return [map_name(file) for file in map_files(given_maps)]


def test_a_file_a_list_a_text_with_commas_and_a_folder_name_maps(folder):
    yard, hall = str(folder / 'yard.map'), str(folder / 'hall.safetensors')
    assert map_files(yard) == (Path(yard),)
    assert map_files((yard, hall)) == map_files(f'{yard},{hall}') == (Path(yard), Path(hall))
    assert names(f' {yard} , {hall}, ') == ['yard', 'hall']
    assert names(str(folder)) == ['attic', 'hall', 'yard']
    assert names([f'file://{yard}']) == names(f'file://{yard}') == ['yard']


def test_a_file_or_folder_with_a_comma_in_its_name_is_one(tmp_path):
    (tmp_path / 'a, b').mkdir()
    (tmp_path / 'a, b' / 'c,d.map').write_text('x')
    assert names(str(tmp_path / 'a, b' / 'c,d.map')) == ['c,d']
    assert names([str(tmp_path / 'a, b')]) == ['c,d']
    assert names(f'file://{tmp_path}/a%2C%20b') == ['c,d']


def test_a_text_that_is_longer_than_a_name_may_be_is_a_list(tmp_path, monkeypatch):
    files = [f'{number}{"x" * 60}.map' for number in range(9)]
    for file in files:
        (tmp_path / file).write_text('x')
    monkeypatch.chdir(tmp_path)
    assert map_files(','.join(files)) == tuple(map(Path, files))


@pytest.mark.parametrize('texts, sentence', [
    ([], 'names no map; give a map file'), ('', 'names no map'), (' , ,', 'names no map'),
    ('{0}/yard.map,{0}/gone.map', 'gone.map does not exist; train one'),
    (['{0}/yard.map', '{0}'], 'yard.map is named twice'),
    (['{0}/yard.map', '{0}/link.map'], 'yard.map is named twice, as .*link.map; name it once'),
    (['{0}/yard.map', '{0}/old.map/yard.safetensors'],
     'have one name, yard; rename one of the files'),
    ('{0}/empty', r'folder .*empty holds no map \(.map or .safetensors\)'),
    ('http://example.org/yard.map', 'is no file; give a path or a file:// URL'),
    (['{0}/yard.map', '{0}/shut'], 'folder .*shut of maps cannot be read'),
])
def test_a_list_that_makes_no_sense_is_refused_by_one_sentence(folder, texts, sentence,
                                                               monkeypatch):
    (folder / 'old.map' / 'yard.safetensors').write_text('x')
    (folder / 'link.map').symlink_to('yard.map')
    (folder / 'empty').mkdir()
    (folder / 'shut').mkdir()
    refuse_shut(monkeypatch)
    filled = (texts.format(folder) if isinstance(texts, str)
              else [text.format(folder) for text in texts])
    with pytest.raises(ValueError, match=sentence) as raised:
        map_files(filled)
    assert '\n' not in str(raised.value)


def refuse_shut(monkeypatch):
    """Let the folder shut be closed, to root as well."""
    listed = Path.iterdir

    def iterdir(path):
        if path.name == 'shut':
            raise PermissionError(13, 'Permission denied')
        return listed(path)
    monkeypatch.setattr(Path, 'iterdir', iterdir)


@given(NAMES)
def test_any_names_are_found_again_in_their_order(tmp_path_factory, stems):
    folder = tmp_path_factory.mktemp('maps')
    files = [folder / f'{stem}.map' for stem in stems]
    for file in files:
        file.write_text('x')
    assert map_files(','.join(map(str, files))) == tuple(files)
    assert set(map_files(str(folder))) == set(files)
