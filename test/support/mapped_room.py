# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A map of the simulated room, made with the command line."""

from dataclasses import replace

import pytest

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.view_matching import MatchingOptions

ROUTE = 'simulated:survey?frames=300'
LAP = 64  # frames of the route that are mapped
# Bound by counts and not by time: the same map on a busy machine as on an idle one.
BRIEF = replace(PRESETS['fast'], views=2 * LAP, steps=1000, matching=MatchingOptions(pairs=30))


def map_room(folder):
    """Map the first frames of the route into a folder: room.map, and what it was made from."""
    names = open_sequence(ROUTE).names[:LAP]
    (folder / 'map.txt').write_text('\n'.join(names))
    (folder / 'between.txt').write_text('\n'.join(names[1::8]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, 'fast', BRIEF)
        code = main(['map', ROUTE, '--frames', str(folder / 'map.txt'), '--preset', 'fast',
                     '--minutes', '30', '--out', str(folder / 'room.map'),
                     '--json', str(folder / 'map.json'), '--device', 'cpu'])
    assert code == 0
