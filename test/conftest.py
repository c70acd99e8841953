# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: environment, threads, one map of a room, the recorded sequence."""

import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Small machines are shared. Alone, torch in this process and in those it starts takes two threads;
# beside another worker of pytest-xdist one, for threads that wait for each other on a busy machine
# take several times as long.
THREADS = 1 if 'PYTEST_XDIST_WORKER' in os.environ else 2
SLOW_FIXTURES = {'built', 'mapped', 'room_localiser', 'wheel', 'whole'}  # maps, and the wheel
USES_MAP = re.compile(r'^def .*\b(mapped|room_localiser)\b', re.M)


def _standalone_environment():
    """Return the variables that scripts/environment.sh sets, or none outside its .venv."""
    script = ROOT / 'scripts' / 'environment.sh'
    if not (Path(sys.prefix) / 'share' / 'ament_index').is_dir() or not script.is_file():
        return {}
    listed = subprocess.run(
        ['bash', '-c', 'source "$0" && env -0', script], capture_output=True, check=True,
        env={**os.environ, 'SCENE_RELOC_VENV': sys.prefix}).stdout.decode()
    variables = dict(entry.split('=', 1) for entry in listed.split('\0') if '=' in entry)
    return {name: value for name, value in variables.items()
            if name.startswith(('AMENT_', 'FAST', 'RMW_', 'ROS_'))}


def pytest_configure(config):
    """Prepare this process before any test module imports torch or rclpy."""
    os.environ.update(_standalone_environment())
    os.environ['ROS_DOMAIN_ID'] = str(os.getpid() % 100 + 1)
    os.environ.setdefault('OMP_NUM_THREADS', str(THREADS))
    # threads that wait actively take the cores from the processes that the tests start
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    os.environ.setdefault('MPLBACKEND', 'Agg')


def pytest_itemcollected(item):
    """Mark what needs a map that a fixture builds, or the wheel."""
    needs = set(getattr(item, 'fixturenames', ()))
    if needs & SLOW_FIXTURES:
        item.add_marker('slow')


def pytest_collection_modifyitems(items):
    """Begin with the files that take long, so that none is left to one process at the end.

    What takes long is not traced: coverage costs 40 % of its time, and shows the same lines.
    """
    slow = {item.nodeid.split('::')[0] for item in items if item.get_closest_marker('slow')}
    items.sort(key=lambda item: item.nodeid.split('::')[0] not in slow)
    for item in items:
        if item.get_closest_marker('slow') and not item.get_closest_marker('ros'):
            item.add_marker('no_cover')


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep each file on one process of pytest-xdist, and all that use the one map as well."""
    from xdist.scheduler import LoadFileScheduling

    class OneMap(LoadFileScheduling):
        """Splits by file, but for those that use the map."""

        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return 'the map' if USES_MAP.search((ROOT / file).read_text()) else file
    config.option.loadscopereorder = False  # the order is that of the items
    return OneMap(config, log)


@pytest.fixture(scope='session')
def repository():
    """Return the root of the source tree."""
    return ROOT


@pytest.fixture(scope='session')
def mapped(tmp_path_factory):
    """Return a folder with a map of the simulated room, made once; tests may write beside it."""
    from support.mapped_room import map_room
    folder = tmp_path_factory.mktemp('mapped')
    map_room(folder)
    return folder


@pytest.fixture(scope='session')
def room_localiser(mapped):
    """Return the localiser of that map; a test that changes it makes another."""
    from scene_reloc_ros.mapping.scene_map import SceneMap
    from scene_reloc_ros.pipeline.localiser import Localiser
    return Localiser(SceneMap.load(mapped / 'room.map'), device='cpu')


@pytest.fixture(scope='session')
def redkitchen():
    """Return the folder of the recorded sequence, or skip where this machine has none."""
    places = [ROOT.parent / 'shared' / 'data' / 'redkitchen']
    if 'SCENE_RELOC_DATA' in os.environ:
        places.insert(0, Path(os.environ['SCENE_RELOC_DATA']) / 'redkitchen')
    for place in places:
        if (place / 'camera.yaml').is_file():
            return place
    pytest.skip('the sequence redkitchen is not on this machine; set SCENE_RELOC_DATA to the '
                'folder that holds it')
