# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``compare``: maps that exist, methods that fail, interruption, bad input."""

import json

import pytest
from support.comparison.records import frame, record, several
from support.mapped_room import ROUTE

from scene_reloc_ros.cli import compare_command
from scene_reloc_ros.cli.main import main

TINY = 'simulated:survey?frames=3'


def offer(monkeypatch, *methods):
    monkeypatch.setattr(compare_command, 'offered_methods', lambda: list(methods))


@pytest.fixture
def lists(tmp_path):
    """Return a folder with lists of the frames of TINY to map and to ask for."""
    from scene_reloc_ros.datasets.open_sequence import open_sequence
    names = open_sequence(TINY).names
    (tmp_path / 'map.txt').write_text('\n'.join(names[:2]))
    (tmp_path / 'test.txt').write_text(names[2])
    return tmp_path


def arguments(folder, *more, sequence=TINY):
    return ['compare', sequence, '--frames', str(folder / 'map.txt'), '--test',
            str(folder / 'test.txt'), '--out', str(folder / 'out'), *more]


def test_maps_that_exist_are_compared_once(mapped, tmp_path, capsys):
    command = ['compare', str(mapped / 'room.map'), ROUTE, '--test', str(mapped / 'between.txt'),
               '--out', str(tmp_path), '--trust', '4', '--truth', 'the renderer']
    assert main(command) == 0
    values = json.loads((tmp_path / 'results.json').read_text())
    assert values['schema'] == 1 and values['facts']['ground truth'] == 'the renderer'
    assert [row['name'] for row in values['rows']] == ['room', 'nearest mapping view']
    room = {key: value['mean'] for key, value in values['rows'][0]['values'].items()}
    assert room['best_recall_10cm_5deg'] >= room['recall_10cm_5deg'] > 0.5
    assert room['mapping_s'] > 1 and room['query_peak_bytes'] > 1e8 and room['peak_bytes'] is None
    assert (tmp_path / 'report.md').is_file()
    assert 'Floor plan, room' in (tmp_path / 'report.html').read_text()
    kept = (tmp_path / 'room.json').read_bytes()
    assert 'room: asking' in capsys.readouterr().out
    assert main(command) == 0
    assert 'room: kept from before' in capsys.readouterr().out
    assert (tmp_path / 'room.json').read_bytes() == kept


@pytest.mark.slow
def test_a_method_that_fails_is_a_row_with_the_sentence_of_its_child(lists, monkeypatch, capsys):
    offer(monkeypatch, 'ace')
    assert main(arguments(lists)) == 2
    values = json.loads((lists / 'out' / 'results.json').read_text())
    assert 'too few to map' in values['rows'][0]['failure']
    assert 'too few to map' in (lists / 'out' / 'report.html').read_text()
    assert 'ace: failed: ' in capsys.readouterr().out


class Interrupted:
    """A folder whose second map is interrupted."""

    def __init__(self, path, say):
        self.count = 0

    def record_of(self, job):
        self.count += 1
        if self.count == 2:
            raise KeyboardInterrupt
        return record('ace', [frame(0, 0.01)])


def test_an_interrupted_comparison_says_how_to_go_on(lists, monkeypatch, capsys):
    offer(monkeypatch, 'ace', 'cells')
    monkeypatch.setattr(compare_command, 'Folder', Interrupted)
    assert main(arguments(lists)) == 130
    shown = capsys.readouterr().out
    assert 'interrupted after 1 of 2 maps' in shown and 'goes on' in shown


def planned(monkeypatch, command):
    """Return the jobs that a command line asks for."""
    jobs = []

    class Listing(Interrupted):

        def record_of(self, job):
            jobs.append(job)
            found = several(20)[len(jobs) % 6]
            return {**found, 'name': job.name, 'seed': job.seed}
    monkeypatch.setattr(compare_command, 'Folder', Listing)
    monkeypatch.setattr(compare_command, 'html_report', lambda comparison: '')
    assert main(command) == 0
    return jobs


def test_the_ruler_is_mapped_beside_what_is_asked_for(lists, monkeypatch):
    offer(monkeypatch, 'ace', 'cells', 'retrieval')
    jobs = planned(monkeypatch, arguments(
        lists, '--methods', 'cells', '--seeds', '2', '--minutes', '3', '--depth', 'off'))
    assert [job.stem for job in jobs] == ['cells', 'cells-seed1', 'retrieval', 'retrieval-seed1']
    line = ' '.join(jobs[1].mapping)
    assert '--method cells' in line and '--seed 1' in line and '--depth off' in line
    assert '--minutes 3.0' in line and '--preset fast' in line
    assert [job.stem for job in planned(monkeypatch, arguments(lists))] == [
        'ace', 'cells', 'retrieval']


def test_maps_and_methods_can_be_compared_together(lists, monkeypatch):
    offer(monkeypatch, 'ace', 'cells')
    for folder in ('a', 'b'):
        (lists / folder).mkdir()
        (lists / folder / 'old.map').write_text('')
    maps = [str(lists / folder / 'old.map') for folder in 'ab']
    command = arguments(lists, '--query-depth', '--methods', 'ace')
    jobs = planned(monkeypatch, [command[0], *maps, *command[1:]])
    assert [job.name for job in jobs] == ['old-1', 'old-2', 'ace']
    assert all('--depth' in job.queries for job in jobs)
    assert [job.name for job in planned(monkeypatch, [
        command[0], maps[0], *command[1:-2]])] == ['old']


@pytest.mark.parametrize('more, sentence', [
    (('--methods', 'posenet'), "'posenet' is not offered; one of ace"),
    (('--seeds', '0'), '0 seeds'), (('--trust', '-1'), '-1 pictures'),
    (('--frames', 'no.txt'), 'no.txt'), (('--test', 'no.txt'), 'no.txt'),
])
def test_bad_input_is_found_before_any_work(lists, monkeypatch, capsys, more, sentence):
    offer(monkeypatch, 'ace')
    assert main(arguments(lists, *more)) == 2
    assert sentence in capsys.readouterr().err
    assert not (lists / 'out').exists()


def test_maps_have_to_be_there_and_come_first(lists, capsys):
    for first, sentence in (('no.map', 'does not exist'), ('place', 'is no .map file')):
        assert main(['compare', first, *arguments(lists)[1:]]) == 2
        assert sentence in capsys.readouterr().err
    command = [part for part in arguments(lists) if part not in (
        '--frames', str(lists / 'map.txt'))]
    assert main(command) == 2
    assert 'give --frames' in capsys.readouterr().err


def test_frames_that_were_mapped_and_asked_for_are_told(lists, monkeypatch):
    class Repeating(Interrupted):

        def record_of(self, job):
            return record(job.name, [frame(0, 0.01, nearest=(0.0, 0.0)), frame(1, 0.01)])
    offer(monkeypatch, 'ace')
    monkeypatch.setattr(compare_command, 'Folder', Repeating)
    assert main(arguments(lists)) == 0
    facts = json.loads((lists / 'out' / 'results.json').read_text())['facts']
    assert facts['warning'].endswith('1 by ace')


def test_the_methods_are_those_of_the_command_map():
    assert 'ace' in compare_command.offered_methods()
