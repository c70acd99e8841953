# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The program: its commands, and bad input in one sentence."""

import subprocess
import sys

import pytest
from support.mapped_room import ROUTE
import torch

from scene_reloc_ros.cli.main import main

BAD_INPUT = {
    'missing folder': (['map', 'nowhere', '--out', 'x.map'], 'nowhere'),
    'missing list': (['map', ROUTE, '--frames', 'no.txt', '--out', 'x.map'], 'no.txt'),
    'missing map': (['evaluate', 'no.map', ROUTE], 'no.map does not exist'),
    'missing output folder': (['map', ROUTE, '--out', 'no/x.map'], 'folder no'),
    'negative minutes': (['map', ROUTE, '--minutes', '-1', '--out', 'x.map'], 'minutes is -1'),
    'no such room': (['map', 'simulated:cellar', '--out', 'x.map'], 'cellar'),
    'too few frames': (['map', 'simulated:survey?frames=3', '--out', 'x.map'], 'too few'),
    'no such encoder': (['map', ROUTE, '--encoder', 'huge', '--out', 'x.map'],
                        "'huge' is neither"),
    'no pairs': (['bench', 'encoder', '--pairs', '0'], 'at least 1 pair'),
    'bench of nothing': (['bench', '--problems', '0'], 'at least 1'),
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


def test_the_program_stands_alone_and_names_its_commands():
    shown = subprocess.run([sys.executable, '-m', 'scene_reloc_ros.cli.main', '--help'],
                           capture_output=True, text=True)
    assert shown.returncode == 0
    for command in ('demo', 'map', 'localise', 'evaluate', 'compare', 'info', 'bench', 'pretrain',
                    'doctor'):
        assert command in shown.stdout
    assert main([]) == 2
