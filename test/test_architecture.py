# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The floors of the package, written as data, and the check that no import climbs them."""

import ast
from pathlib import Path
import re

import pytest

PACKAGE = 'scene_reloc_ros'
# Lowest first. A part imports parts of lower floors only; parts of one floor ignore each other.
FLOORS = (
    ('geometry', 'files', 'machine'),
    ('solver', 'network', 'datasets', 'features'),
    ('uncertainty',),
    ('mapping',),
    ('methods',),
    ('pipeline',),
    ('evaluation', 'pretraining'),
    ('ros', 'cli'),
)
# The same for the folders of a part. The nodes, and the demonstration, ignore each other.
FLOORS_WITHIN = {
    'ros': (
        ('compat',),
        ('node',),
        ('bridge',),
        ('relocaliser', 'mapper', 'dataset_player', 'demo'),
    ),
}
ROS_MODULE = re.compile(
    r'(rclpy|rosidl\w*|rosbag2_py|std_srvs|tf2_\w+|\w+_msgs|\w+_interfaces|cv_bridge|'
    r'message_filters|sensor_msgs_py|diagnostic_updater|tf_transformations|launch\w*|ament_\w+)$')


def read_tree(package):
    """Return {dotted module name: syntax tree} of every Python file below the package folder."""
    trees = {}
    for file in sorted(package.rglob('*.py')):
        parts = (PACKAGE, *file.relative_to(package).with_suffix('').parts)
        name = '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)
        tree = ast.parse(file.read_text(encoding='utf-8'), str(file))
        trees[name] = without_type_imports(tree) if name == PACKAGE else tree
    return trees


def imported_names(tree):
    """Yield (line, dotted name) of every import in the file; a relative one begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            prefix = '.' * node.level + (node.module or '')
            for alias in node.names:
                yield node.lineno, f'{prefix}.{alias.name}' if node.module else prefix


def is_for_type_checkers(node):
    """Tell whether a statement is ``if TYPE_CHECKING:``, whose body never runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == 'TYPE_CHECKING'


def without_type_imports(tree):
    """Return the package's own file without what only type checkers read.

    Its public names are imported lazily, from a table; what is left would be imported by everyone.
    """
    return ast.Module([node for node in tree.body if not is_for_type_checkers(node)], [])


def module_of(name, modules):
    """Return the longest prefix of a dotted name that is a module of ours."""
    while name not in modules and '.' in name:
        name = name.rsplit('.', 1)[0]
    return name


def part_of(module, depth=1):
    """Return the part that a dotted name of ours lies in; empty for the package itself.

    With depth 2 it is the folder of that part.
    """
    names = module.split('.')
    return names[depth] if len(names) > depth else ''


def heights(floors):
    """Return {part: number of its floor}."""
    return {part: number for number, parts in enumerate(floors) for part in parts}


def floor_faults(module, name):
    """Return what is wrong with ``module`` importing our own ``name``."""
    own, other = part_of(module), part_of(name)
    if own == other in FLOORS_WITHIN:
        return climbs(part_of(module, 2), part_of(name, 2), heights(FLOORS_WITHIN[own]), own)
    return climbs(own, other, heights(FLOORS), 'the package')


def climbs(own, other, height_of, whole):
    """Return what is wrong with one part importing another, given {part: floor}."""
    if own == other or other not in height_of:
        return []
    if not own:
        return [f'{whole} itself imports {other}']
    if height_of[own] < height_of[other]:
        return [f'{own} imports {other} from a floor above']
    if height_of[own] == height_of[other]:
        return [f'{own} imports {other} of the same floor']
    return []


def homeless(module):
    """Return the part or folder of a module that stands on no floor, or None."""
    part, folder = part_of(module), part_of(module, 2)
    if part and part not in heights(FLOORS):
        return part
    if folder and part in FLOORS_WITHIN and folder not in heights(FLOORS_WITHIN[part]):
        return f'{part}.{folder}'
    return None


def import_faults(module, tree):
    """Yield a sentence for every import of one file that the rules forbid."""
    if homeless(module):
        yield f'{module}:1: {homeless(module)} stands on no floor'
        return
    for line, name in imported_names(tree):
        if name.startswith('.'):
            faults = ['a relative import']
        elif name.split('.')[0] == PACKAGE:
            faults = floor_faults(module, name)
        elif ROS_MODULE.match(name.split('.')[0]) and part_of(module) != 'ros':
            faults = [f'{name.split(".")[0]} is imported outside ros']
        else:
            faults = []
        for fault in faults:
            yield f'{module}:{line}: {fault}'


def print_faults(module, tree):
    """Yield a sentence for every print outside cli."""
    if part_of(module) == 'cli':
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ('print', 'sys.stdout.write'):
            yield f'{module}:{node.lineno}: prints outside cli'


def cycle_faults(trees):
    """Yield a sentence for every cycle that a walk along the imports closes."""
    edges = {module: {module_of(name, trees) for _, name in imported_names(tree)
                      if name.split('.')[0] == PACKAGE} - {module}
             for module, tree in trees.items()}
    finished = set()

    def walk(module, path):
        if module in path:
            yield 'cycle: ' + ' -> '.join((*path[path.index(module):], module))
            return
        if module in finished or module not in edges:
            return
        for other in sorted(edges[module]):
            yield from walk(other, (*path, module))
        finished.add(module)

    for module in sorted(edges):
        yield from walk(module, ())


def faults_of(package):
    """Return everything that a package folder does against the architecture."""
    trees = read_tree(package)
    found = list(cycle_faults(trees))
    for module, tree in trees.items():
        found += import_faults(module, tree)
        found += print_faults(module, tree)
    return found


def plant(folder, files):
    """Write a small package of {path: source} and return what the check says about it."""
    for name, source in files.items():
        file = folder / PACKAGE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / '__init__.py').touch()
        file.write_text(source)
    return faults_of(folder / PACKAGE)


def test_the_package_keeps_to_its_floors():
    package = Path(__file__).resolve().parents[1] / PACKAGE
    assert len(read_tree(package)) > len(heights(FLOORS))
    assert faults_of(package) == []


def test_every_folder_of_the_package_stands_on_a_floor():
    package = Path(__file__).resolve().parents[1] / PACKAGE
    folders = {f.parent.name for f in package.glob('*/__init__.py')}
    assert folders == set(heights(FLOORS))
    for part, floors in FLOORS_WITHIN.items():
        folders = {f.parent.name for f in (package / part).glob('*/__init__.py')}
        assert folders == set(heights(floors))


def test_data_sets_know_of_the_ground_floor_only():
    """Whoever has frames of his own can take the data sets without the rest."""
    below = FLOORS[:heights(FLOORS)['datasets']]
    assert below == (('geometry', 'files', 'machine'),)


@pytest.mark.parametrize('files, fault', [
    ({'geometry/a.py': 'import scene_reloc_ros.mapping.b', 'mapping/b.py': ''},
     'geometry imports mapping from a floor above'),
    ({'pipeline/a.py': 'def f():\n    from scene_reloc_ros.evaluation import report'},
     'pipeline imports evaluation from a floor above'),
    ({'solver/a.py': 'from scene_reloc_ros.network.head import Head', 'network/head.py': ''},
     'solver imports network of the same floor'),
    ({'cli/a.py': 'from scene_reloc_ros import ros'}, 'cli imports ros of the same floor'),
    ({'geometry/a.py': 'from . import poses'}, 'a relative import'),
    ({'mapping/a.py': 'import rclpy.node'}, 'rclpy is imported outside ros'),
    ({'datasets/a.py': 'from sensor_msgs.msg import Image'},
     'sensor_msgs is imported outside ros'),
    ({'cli/a.py': 'from std_srvs.srv import Trigger'}, 'std_srvs is imported outside ros'),
    ({'network/a.py': 'print("loss")'}, 'prints outside cli'),
    ({'ros/node/a.py': 'import sys\nsys.stdout.write("x")'}, 'prints outside cli'),
    ({'tools/a.py': 'import scene_reloc_ros.geometry'}, 'tools stands on no floor'),
    ({'datasets/a.py': 'from scene_reloc_ros.network.weights import load_encoder'},
     'datasets imports network of the same floor'),
    ({'datasets/a.py': 'import scene_reloc_ros.pipeline.localiser'},
     'datasets imports pipeline from a floor above'),
    ({'ros/node/a.py': 'from scene_reloc_ros.ros.mapper.options import MapperOptions'},
     'node imports mapper from a floor above'),
    ({'ros/node/a.py': 'from scene_reloc_ros.ros.bridge import images'},
     'node imports bridge from a floor above'),
    ({'ros/bridge/a.py': 'def f():\n    import scene_reloc_ros.ros.demo.observer'},
     'bridge imports demo from a floor above'),
    ({'ros/relocaliser/a.py': 'from scene_reloc_ros.ros.mapper import session'},
     'relocaliser imports mapper of the same floor'),
    ({'ros/compat/a.py': 'import scene_reloc_ros.ros.node.qos'},
     'compat imports node from a floor above'),
    ({'ros/__init__.py': 'import scene_reloc_ros.ros.node.qos'}, 'ros itself imports node'),
    ({'ros/tools/a.py': 'import rclpy'}, 'ros.tools stands on no floor'),
    ({'ros/a.py': 'import rclpy'}, 'ros.a stands on no floor'),
    ({'__init__.py': 'import scene_reloc_ros.cli', 'cli/a.py': ''},
     'the package itself imports cli'),
    ({'__init__.py': 'if True:\n    from scene_reloc_ros.cli.a import f', 'cli/a.py': ''},
     'the package itself imports cli'),
    ({'geometry/a.py': 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n'
                       '    from scene_reloc_ros.mapping import b', 'mapping/b.py': ''},
     'geometry imports mapping from a floor above'),
    ({'mapping/a.py': 'from scene_reloc_ros.mapping import b',
      'mapping/b.py': 'from scene_reloc_ros.mapping import c',
      'mapping/c.py': 'import scene_reloc_ros.mapping.a'},
     'cycle: scene_reloc_ros.mapping.a -> scene_reloc_ros.mapping.b -> '
     'scene_reloc_ros.mapping.c -> scene_reloc_ros.mapping.a'),
])
def test_a_planted_fault_is_found(tmp_path, files, fault):
    found = plant(tmp_path, files)
    assert any(sentence.endswith(fault) for sentence in found), found


def test_downward_imports_and_prints_of_the_command_line_are_allowed(tmp_path):
    assert plant(tmp_path, {
        'cli/main.py': 'from scene_reloc_ros import __version__\n'
                       'from scene_reloc_ros.pipeline.mapper import Mapper\nprint(1)',
        'pipeline/mapper.py': 'import scene_reloc_ros.geometry.poses\nimport torch',
        'geometry/poses.py': '',
        'ros/mapper/node.py': 'import rclpy\nfrom scene_reloc_ros.ros.bridge import images\n'
                              'from scene_reloc_ros.ros.mapper import options\n'
                              'from scene_reloc_ros.pipeline.mapper import Mapper',
        'ros/mapper/options.py': '',
        'ros/bridge/images.py': 'from scene_reloc_ros.ros.node.qos import SENSOR\n'
                                'from scene_reloc_ros.ros.compat import cv_bridge',
    }) == []


def test_the_package_itself_may_tell_type_checkers_of_its_names(tmp_path):
    assert plant(tmp_path, {
        '__init__.py': 'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n'
                       '    from scene_reloc_ros.cli.a import f',
        'cli/a.py': 'from scene_reloc_ros import __version__',
    }) == []
