# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``info``: what is in a map file."""

from support.mapped_room import LAP

from scene_reloc_ros.cli.main import main


def test_info_says_what_is_in_a_map(mapped, capsys):
    assert main(['info', str(mapped / 'room.map')]) == 0
    text = capsys.readouterr().out
    assert 'encoder' in text and 'small' in text and f'{LAP}, cameras moved' in text


def test_a_truncated_map_is_refused(mapped, capsys):
    cut = mapped / 'cut.map'
    cut.write_bytes((mapped / 'room.map').read_bytes()[:5000])
    assert main(['info', str(cut)]) == 2
    assert 'cut.map is truncated' in capsys.readouterr().err
