# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``pretrain``: encoders that are made, improved and gone on from.

That a little training improves matching is shown on a smaller network; that of the size that
comes with the package takes minutes of an idle machine, so SCENE_RELOC_BARS=1 asks it.
"""

import json
import os

import pytest

from scene_reloc_ros.cli import pretrain_command
from scene_reloc_ros.cli.main import main
from scene_reloc_ros.network.encoder import EncoderOptions
from scene_reloc_ros.network.weights import load_encoder

pytestmark = pytest.mark.slow
TINY = EncoderOptions((8, 16, 32), 1, 1, 32)


@pytest.fixture
def few_judges(monkeypatch):
    """Judge by few images and scenes."""
    monkeypatch.setattr(pretrain_command, '_HELD_OUT', 8)
    monkeypatch.setattr(pretrain_command, '_HELD_OUT_SCENES', 4)


def pretrained(folder, *arguments):
    """Return exit code, figures and the file of the weights that a run makes."""
    out, figures = folder / 'made.safetensors', folder / 'made.json'
    code = main(['pretrain', '--device', 'cpu', '--out', str(out), '--json', str(figures),
                 *arguments])
    return code, json.loads(figures.read_text()), out


def assert_improved(figures):
    assert figures['matching_after'] > figures['matching_before'] + 0.05
    assert figures['matching_after'] > 1.5 * figures['matching_before']


def test_pretraining_improves_matching_measurably(few_judges, monkeypatch, tmp_path):
    monkeypatch.setitem(pretrain_command.SIZES, 'small', TINY)
    code, figures, out = pretrained(tmp_path, '--minutes', '0.4', '--images', '8', '--batch', '4')
    assert code == 0 and load_encoder(str(out)).channels == 32
    assert_improved(figures)


@pytest.mark.alone
@pytest.mark.skipif('SCENE_RELOC_BARS' not in os.environ,
                    reason='a network of full size takes minutes: SCENE_RELOC_BARS=1')
def test_minutes_improve_the_network_of_full_size(tmp_path):
    code, figures, _ = pretrained(tmp_path, '--minutes', '2.5', '--images', '60')
    assert code == 0
    assert_improved(figures)


def test_pretraining_goes_on_from_other_weights(few_judges, tmp_path, capsys):
    arguments = ['--minutes', '0.02', '--images', '2', '--init', 'small']
    code, figures, _ = pretrained(tmp_path, *arguments)
    assert code == 0 and figures['matching_before'] > 0.2
    assert main(['pretrain', *arguments, '--size', 'base', '--device', 'cpu',
                 '--out', str(tmp_path / 'x.safetensors')]) == 2
    assert 'another size' in capsys.readouterr().err


def test_pretrain_makes_weights_that_load(few_judges, tmp_path):
    code, figures, out = pretrained(tmp_path, '--minutes', '0.05', '--images', '2')
    assert code == 0 and load_encoder(str(out)).channels == 256
    assert figures['steps'] >= 1 and 0 <= figures['matching_after'] <= 1
