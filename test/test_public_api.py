# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the package offers by its own name, and that it loads nothing for that."""

from importlib import import_module
import subprocess
import sys

import pytest

import scene_reloc_ros

HOMES = {
    'Camera': 'scene_reloc_ros.geometry.camera',
    'Localisation': 'scene_reloc_ros.pipeline.localisation',
    'Localiser': 'scene_reloc_ros.pipeline.localiser',
    'LocaliserOptions': 'scene_reloc_ros.pipeline.localiser',
    'Mapper': 'scene_reloc_ros.pipeline.mapper',
    'PosedImage': 'scene_reloc_ros.geometry.posed_image',
    'Rejection': 'scene_reloc_ros.uncertainty.rejection',
    'SceneMap': 'scene_reloc_ros.mapping.scene_map',
    'open_sequence': 'scene_reloc_ros.datasets.open_sequence',
}
HEAVY = ('torch', 'rclpy', 'numpy', 'cv2')


def test_the_public_names_are_these():
    assert sorted(scene_reloc_ros.__all__) == sorted((*HOMES, '__version__'))
    assert set(scene_reloc_ros.__all__) <= set(dir(scene_reloc_ros))


@pytest.mark.parametrize('name, home', HOMES.items())
def test_a_public_name_is_the_object_of_its_home(name, home):
    assert getattr(scene_reloc_ros, name) is getattr(import_module(home), name)


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="'Localizer'"):
        scene_reloc_ros.Localizer  # noqa: B018
    with pytest.raises(ImportError):
        from scene_reloc_ros import Localizer  # noqa: F401


def test_importing_the_package_loads_no_library():
    code = (f'import sys, scene_reloc_ros; dir(scene_reloc_ros); '
            f'print([name for name in {HEAVY} if name in sys.modules])')
    loaded = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert loaded.stdout.strip() == '[]', loaded.stdout + loaded.stderr
