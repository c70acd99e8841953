# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Children of ``compare``: what they cost, how they fail, and what is kept for the next time."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from scene_reloc_ros.cli import compare_children
from scene_reloc_ros.cli.compare_children import (
    ChildCost,
    ChildFailed,
    Folder,
    Job,
    last_line,
    run_child,
)

ANSWERS = {'method': 'cells', 'mapping_seconds': 7.0, 'fit_seconds': None}


def python(text):
    return [sys.executable, '-S', '-c', text]


def test_a_child_tells_its_time_and_its_peak(tmp_path):
    cost = run_child(python('b = bytearray(150_000_000); import time; time.sleep(0.2)'),
                     tmp_path / 'log')
    assert cost.wall_s >= 0.2 and cost.peak_bytes > 150e6


def test_the_reason_of_a_child_is_its_last_line(tmp_path):
    with pytest.raises(ChildFailed, match='^too few frames$'):
        run_child(python('import sys; sys.exit("50%|##\\rscene_reloc map: too few frames\\n")'),
                  tmp_path / 'log')
    (tmp_path / 'log').write_text('')
    assert last_line(tmp_path / 'log') == 'it said nothing'


def test_a_child_that_is_killed_is_told_from_one_that_fails(tmp_path):
    with pytest.raises(ChildFailed, match='signal 9'):
        run_child(python('import os; os.kill(os.getpid(), 9)'), tmp_path / 'log')


def test_an_interrupted_wait_leaves_no_child_behind(tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen

    def popen(*args, **keywords):
        started.append(real(*args, **keywords))
        return started[-1]

    def interrupted(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(subprocess, 'Popen', popen)
    monkeypatch.setattr(os, 'wait4', interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_child(python('import time; time.sleep(60)'), tmp_path / 'log')
    assert started[0].poll() is not None


class Children:
    """Stands for the children: writes what they would, and counts them."""

    def __init__(self):
        self.asked, self.reason = [], {}

    def __call__(self, command, log):
        kind = 'map' if command[2].endswith('main') else 'ask'
        self.asked.append(kind)
        if kind in self.reason:
            raise ChildFailed(self.reason[kind])
        if kind == 'map':
            Path(command[command.index('--out') + 1]).write_text('a map')
        else:
            Path(command[command.index('--json') + 1]).write_text(json.dumps(ANSWERS))
        return ChildCost(5.0, 10 ** 9)


@pytest.fixture
def children(monkeypatch):
    children = Children()
    monkeypatch.setattr(compare_children, 'run_child', children)
    return children


def job(folder, test='a', frames='b', seed=0):
    (folder / 'test.txt').write_text(test)
    (folder / 'map.txt').write_text(frames)
    path = folder / 'cells.map'
    return Job('cells', 'cells', seed, 'cells', path, ('place', '--out', str(path)), ('place',),
               folder / 'test.txt', folder / 'map.txt')


def folder_of(path):
    return Folder(path, lambda text: None)


def test_what_is_finished_is_not_done_again(tmp_path, children):
    record = folder_of(tmp_path).record_of(job(tmp_path))
    assert record['mapping'] == {'wall_s': 5.0, 'peak_bytes': 10 ** 9, 'seconds': 7.0,
                                 'fit_s': None}
    assert record['answers']['peak_bytes'] == 10 ** 9 and record['failure'] is None
    again = folder_of(tmp_path).record_of(job(tmp_path))
    assert again['answers'] == record['answers'] and children.asked == ['map', 'ask']


def test_other_questions_ask_the_same_map(tmp_path, children):
    folder_of(tmp_path).record_of(job(tmp_path))
    folder_of(tmp_path).record_of(job(tmp_path, test='other'))
    assert children.asked == ['map', 'ask', 'ask']
    folder_of(tmp_path).record_of(job(tmp_path, test='other', frames='others'))
    assert children.asked[3:] == ['map', 'ask']


def test_an_interrupted_run_goes_on_after_the_map(tmp_path, children):
    children.reason = {'ask': 'out of memory'}
    record = folder_of(tmp_path).record_of(job(tmp_path))
    assert record['failure'] == 'out of memory' and record['mapping'] is not None
    children.reason = {}
    assert folder_of(tmp_path).record_of(job(tmp_path))['failure'] is None
    assert children.asked == ['map', 'ask', 'ask']


def test_a_failure_is_a_record_and_tried_again(tmp_path, children):
    children.reason = {'map': 'needs scikit-learn'}
    record = folder_of(tmp_path).record_of(job(tmp_path))
    assert (record['failure'], record['answers']) == ('needs scikit-learn', None)
    children.reason = {}
    assert folder_of(tmp_path).record_of(job(tmp_path))['failure'] is None


def test_a_damaged_record_is_made_again(tmp_path, children):
    (tmp_path / 'cells.json').write_text('[]')
    (tmp_path / 'cells.map').write_text('a map of unknown origin')
    assert folder_of(tmp_path).record_of(job(tmp_path))['failure'] is None
    assert children.asked == ['map', 'ask']


def test_a_map_that_exists_is_asked_only(tmp_path, children):
    made = job(tmp_path)
    made.map_path.write_text('a map')
    old = Job('old', 'old', 0, None, made.map_path, (), ('place',), made.test)
    record = folder_of(tmp_path).record_of(old)
    assert children.asked == ['ask'] and record['method'] == 'cells'
    assert record['mapping']['peak_bytes'] is None and record['mapping']['seconds'] == 7.0
