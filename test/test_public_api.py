# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The names that the package offers, and that offering them costs nothing."""

import ast
from pathlib import Path
import subprocess
import sys

import pytest

import scene_reloc_ros

PUBLIC = ['Camera', 'Localisation', 'Localiser', 'LocaliserOptions', 'Mapper', 'PosedImage',
          'Rejection', 'SceneMap', '__version__', 'open_sequence']


def test_the_public_names_are_these():
    assert sorted(scene_reloc_ros.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(scene_reloc_ros))


@pytest.mark.parametrize('name', PUBLIC)
def test_a_public_name_resolves_to_what_bears_it(name):
    value = getattr(scene_reloc_ros, name)
    assert name == '__version__' or value.__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match='Odometer'):
        scene_reloc_ros.Odometer  # noqa: B018


def test_type_checkers_are_told_of_the_same_names():
    tree = ast.parse(Path(scene_reloc_ros.__file__).read_text(encoding='utf-8'))
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    told = {f'{node.module}.{alias.name}' for node in guarded[0].body for alias in node.names}
    table = {f'{scene_reloc_ros.__name__}.{module}.{name}'
             for name, module in scene_reloc_ros._MODULES.items()}
    assert told == table


def test_importing_the_package_imports_nothing_heavy():
    heavy = "{'torch', 'numpy', 'cv2', 'rclpy'}"
    checked = subprocess.run(
        [sys.executable, '-c',
         f'import sys, scene_reloc_ros; print(sorted({heavy} & set(sys.modules)))'],
        capture_output=True, text=True, check=True)
    assert checked.stdout.strip() == '[]'
