# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A map of the simulated room, made with the command line.

By ``cells``: it needs no training, and what is tested on it is the same for all methods. Training
is tested in ``test_mapper``, ``test_head_training`` and in the demo.
"""

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence

ROUTE = 'simulated:survey?frames=300'
LAP = 64  # frames of the route that are mapped


def map_room(folder):
    """Map the first frames of the route into a folder: room.map, and what it was made from."""
    names = open_sequence(ROUTE).names[:LAP]
    (folder / 'map.txt').write_text('\n'.join(names))
    (folder / 'between.txt').write_text('\n'.join(names[1::8]))
    code = main(['map', ROUTE, '--frames', str(folder / 'map.txt'), '--method', 'cells',
                 '--minutes', '30', '--out', str(folder / 'room.map'),
                 '--json', str(folder / 'map.json'), '--device', 'cpu'])
    assert code == 0
