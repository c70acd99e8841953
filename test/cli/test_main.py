# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The program: its commands, and bad input in one sentence."""

import argparse
import importlib
import signal
import subprocess
import sys

import pytest
from support.mapped_room import ROUTE
import torch

from scene_reloc_ros.cli.main import _COMMANDS, main

BAD_INPUT = {
    'missing folder': (['map', 'nowhere', '--out', 'x.map'], 'nowhere'),
    'missing list': (['map', ROUTE, '--frames', 'no.txt', '--out', 'x.map'], 'no.txt'),
    'missing map': (['evaluate', 'no.map', ROUTE], 'no.map does not exist'),
    'missing output folder': (['map', ROUTE, '--out', 'no/x.map'], 'folder no'),
    'negative minutes': (['map', ROUTE, '--minutes', '-1', '--out', 'x.map'], 'minutes is -1'),
    'minutes of nothing': (['map', ROUTE, '--minutes', '0.001', '--out', 'x.map'],
                           '0.001 minutes are too few here'),
    'busy with nothing': (['bench', 'training', '--busy', '-1'], '0 or more busy processes'),
    'no such room': (['map', 'simulated:cellar', '--out', 'x.map'], 'cellar'),
    'too few frames': (['map', 'simulated:survey?frames=3', '--out', 'x.map'], 'too few'),
    'no such encoder': (['map', ROUTE, '--encoder', 'huge', '--out', 'x.map'],
                        "'huge' is neither"),
    'no pairs': (['bench', 'encoder', '--pairs', '0'], 'at least 1 pair'),
    'drive of less than nothing': (['drive', '--losses', '-1'], '--losses is -1'),
    'drive by no map': (['drive', '--map', 'no.map'], 'map file no.map does not exist'),
    'drive through too little': (['drive', '--sequence', 'simulated:survey?frames=20'],
                                 'give a longer one'),
    'bench of nothing': (['bench', '--problems', '0'], 'at least 1'),
    'no home for a map': (['map', ROUTE, '--out', '~no-such-user/x.map'], 'no home folder'),
}
UNWRITABLE = {
    'map': (['map', ROUTE], ('out', 'json')),
    'localise': (['localise', 'no.map', ROUTE], ('out', 'json')),
    'evaluate': (['evaluate', 'no.map', ROUTE], ('json', 'plots')),
    'compare': (['compare', ROUTE, '--test', 'no.txt', '--out', 'x'], ('out',)),
    'info': (['info', 'no.map'], ('json', 'plots')),
    'bench': (['bench'], ('json',)),
    'pretrain': (['pretrain'], ('out', 'json')),
    'demo': (['demo'], ('out',)),
    'drive': (['drive'], ('out',)),
}
if not torch.cuda.is_available():
    BAD_INPUT['no GPU'] = (['map', ROUTE, '--device', 'cuda', '--out', 'x.map'], 'CUDA')


@pytest.mark.parametrize('case', BAD_INPUT)
def test_bad_input_is_one_sentence_and_no_traceback(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments, sentence = BAD_INPUT[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err.strip().splitlines()[-1]
    assert 'Traceback' not in captured.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('command', UNWRITABLE)
def test_every_output_is_tried_before_anything_else_is_looked_at(
        command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments, outputs = UNWRITABLE[command]
    for output in outputs:
        assert main([*arguments, f'--{output}', '/sys/kernel/x.y']) == 2
        assert 'cannot be written' in capsys.readouterr().err
        assert not list(tmp_path.iterdir())


def test_no_command_has_an_output_that_is_not_tried():
    for name, (module, _) in _COMMANDS.items():
        parser = argparse.ArgumentParser()
        importlib.import_module(f'scene_reloc_ros.cli.{module}').add_arguments(parser)
        written = {action.dest for action in parser._actions} & {'out', 'json', 'plots'}
        assert written == set(parser.get_default('outputs') or ()), name
        assert written == set(UNWRITABLE.get(name, ((), ()))[1]), name


def test_the_program_stands_alone_and_names_its_commands():
    shown = subprocess.run([sys.executable, '-m', 'scene_reloc_ros.cli.main', '--help'],
                           capture_output=True, text=True)
    assert shown.returncode == 0
    for command in ('demo', 'drive', 'map', 'localise', 'evaluate', 'compare', 'info', 'bench',
                    'pretrain', 'doctor'):
        assert command in shown.stdout
    assert main([]) == 2


@pytest.mark.slow
def test_a_command_that_is_terminated_says_so_and_leaves_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, '-m', 'scene_reloc_ros.cli.main', 'map', ROUTE, '--out', 'x.map'],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    process.stderr.read(1)  # the first bar
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and 'Traceback' not in errors
    assert 'nothing was written' in said and not list(tmp_path.iterdir())
