# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a release promises: one version, complete dependencies, a wheel that holds everything."""

import ast
from functools import cache
from pathlib import Path
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

import scene_reloc_ros

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'scene_reloc_ros'
SHIPPED = (PACKAGE, 'launch', 'config', 'rviz', 'resource')
# The rosdep key of an imported module, where it is not the name of the module.
ROSDEP_KEYS = {
    'cv2': 'python3-opencv',
    'matplotlib': 'python3-matplotlib',
    'numpy': 'python3-numpy',
    'skimage': 'python3-skimage',
    'torch': 'python3-torch',
    'tqdm': 'python3-tqdm',
    'PIL': 'python3-pil',
    'hypothesis': 'python3-hypothesis',
    'pytest': 'python3-pytest',
    'scipy': 'python3-scipy',
    'yaml': 'python3-yaml',
    'tf2_py': 'tf2_ros',
}
# rosdep has no key: package.xml says so in a comment, README says what to install.
WITHOUT_KEY = {'safetensors'}
# Imported where they are installed, and done without elsewhere.
OPTIONAL = {'cuda', 'poselib', 'pycolmap', 'scene_reloc_msgs', 'sklearn', 'wheel', 'xdist'}
# Declared, although no file imports them, and why.
WITHOUT_IMPORT = {
    'python3-skimage': 'the simulated room reads the pictures that come with it, found by name',
    'rviz2': 'started by a launch file',
}
URLS = {'repository': 'https://github.com/scene-reloc/scene_reloc_ros',
        'bugtracker': 'https://github.com/scene-reloc/scene_reloc_ros/issues'}


def manifest():
    """Return the root element of package.xml."""
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def setup_arguments():
    """Return the literal keyword arguments that setup.py passes to setup()."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    call = next(n for n in ast.walk(tree)
                if isinstance(n, ast.Call) and ast.unparse(n.func) == 'setup')
    return {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}


def names_in(files):
    """Return the top-level names that files import, or look for with pytest.importorskip."""
    names = set()
    for node in (n for file in files for n in ast.walk(ast.parse(file.read_text('utf-8')))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split('.')[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith('importorskip'):
            names.add(node.args[0].value.split('.')[0])
    own = {PACKAGE, 'support', *(file.stem for file in (ROOT / 'test' / 'support').glob('*.py'))}
    return names - set(sys.stdlib_module_names) - own


def imported_packages():
    """Return the top-level names that the package and its launch files import."""
    return names_in([*(ROOT / PACKAGE).rglob('*.py'), *(ROOT / 'launch').rglob('*.py')])


def keys_of(names):
    """Return the rosdep keys of imported names, without those that have none."""
    return {ROSDEP_KEYS.get(name, name) for name in names - WITHOUT_KEY - OPTIONAL}


def declared(*tags):
    """Return what package.xml declares under the tags."""
    return {element.text for element in manifest() if element.tag in tags}


def test_package_setup_and_module_have_one_version():
    assert manifest().findtext('version') == setup_arguments()['version']
    assert scene_reloc_ros.__version__ == manifest().findtext('version')


def test_the_interfaces_have_that_version_and_name_what_they_are_built_of():
    folder = ROOT / 'interfaces' / 'scene_reloc_msgs'
    package = ElementTree.parse(folder / 'package.xml').getroot()
    assert package.findtext('version') == manifest().findtext('version')
    assert package.findtext('license') == manifest().findtext('license')
    cmake = (folder / 'CMakeLists.txt').read_text()
    listed = re.search(r'DEPENDENCIES ([\w ]+)', cmake).group(1).split()
    assert sorted(listed) == sorted(element.text for element in package.iter('depend'))
    generated = set(re.findall(r'"((?:msg|action)/\w+\.\w+)"', cmake))
    assert generated == {str(file.relative_to(folder)) for kind in ('msg', 'action')
                         for file in (folder / kind).iterdir()}
    used = {line.split('/')[0] for name in generated
            for line in (folder / name).read_text().splitlines()
            if re.match(r'\w+_\w+/', line)}
    assert used <= set(listed)


def test_the_changelog_begins_with_what_is_forthcoming_and_then_the_version():
    headings = re.findall(r'^(\S+)[^\n]*\n-+$', (ROOT / 'CHANGELOG.rst').read_text(), re.M)
    released = headings[headings[0] == 'Forthcoming':]
    assert released[0] == manifest().findtext('version')
    assert 'Forthcoming' not in released


def test_package_and_setup_name_the_same_maintainer_and_licence():
    maintainer = manifest().find('maintainer')
    assert maintainer.text == setup_arguments()['maintainer']
    assert maintainer.get('email') == setup_arguments()['maintainer_email']
    assert manifest().findtext('license') == setup_arguments()['license'] == 'Apache-2.0'
    assert 'Apache License' in (ROOT / manifest().find('license').get('file')).read_text()


def test_package_xml_is_format_3_for_ament_python():
    assert manifest().get('format') == '3'
    assert manifest().findtext('export/build_type') == 'ament_python'


def dependency_faults(run, tested, imported, imported_by_tests):
    """Compare what package.xml declares (run, tested) with what is imported, both ways."""
    reasonless = run - imported - set(WITHOUT_IMPORT)
    return sorted([
        *(f'{name} is imported and not declared' for name in imported - run),
        *(f'{name} is imported by tests and not declared'
          for name in imported_by_tests - run - tested),
        *(f'{name} is declared and not imported' for name in reasonless),
        *(f'{name} is declared for tests and not imported by them'
          for name in tested - imported_by_tests),
        *(f'{name} is declared twice' for name in run & tested),
        *(f'{name} is an exception and not declared' for name in set(WITHOUT_IMPORT) - run),
        *(f'{name} is an exception and imported' for name in set(WITHOUT_IMPORT) & imported)])


@cache
def dependencies():
    """Return what dependency_faults compares, as it is in this tree."""
    return {'run': declared('depend', 'exec_depend'), 'tested': declared('test_depend'),
            'imported': keys_of(imported_packages()),
            'imported_by_tests': keys_of(names_in((ROOT / 'test').rglob('*.py')))}


def test_package_xml_names_what_is_imported_and_nothing_else():
    assert dependency_faults(**dependencies()) == []


@pytest.mark.parametrize('part, added, removed, fault', [
    ('imported', 'nav2_msgs', None, 'nav2_msgs is imported and not declared'),
    ('run', None, 'rclpy', 'rclpy is imported and not declared'),
    ('imported_by_tests', 'rosbag2_py', None, 'rosbag2_py is imported by tests and not declared'),
    ('run', 'nav2_msgs', None, 'nav2_msgs is declared and not imported'),
    ('run', 'lifecycle_msgs', None, 'lifecycle_msgs is declared and not imported'),
    ('tested', 'rosbag2_py', None, 'rosbag2_py is declared for tests and not imported by them'),
    ('tested', 'rclpy', None, 'rclpy is declared twice'),
    ('run', None, 'rviz2', 'rviz2 is an exception and not declared'),
    ('imported', 'rviz2', None, 'rviz2 is an exception and imported'),
])
def test_a_planted_fault_of_package_xml_is_found(part, added, removed, fault):
    given = dict(dependencies())
    given[part] = (given[part] | {added}) - {None, removed}
    assert fault in dependency_faults(**given)


def test_names_are_found_however_they_are_imported(tmp_path):
    file = tmp_path / 'planted.py'
    file.write_text('import os, one.part\nfrom two.part import name\nfrom . import three\n'
                    "def late():\n    import four\n    pytest.importorskip('five.part')\n")
    assert names_in([file]) == {'one', 'two', 'four', 'five'}


def test_package_xml_says_where_the_source_and_its_issues_are():
    assert {url.get('type'): url.text for url in manifest().iter('url')} == URLS


def test_what_rosdep_cannot_install_is_told_to_the_reader():
    for name in WITHOUT_KEY:
        assert f'pip install {name}' in (ROOT / 'package.xml').read_text()
        assert f'pip install {name}' in (ROOT / 'README.md').read_text()


def test_requirements_name_every_library_that_is_imported():
    listed = {re.split(r'[=<>]', line)[0]
              for file in ('runtime.txt', 'torch.txt')
              for line in (ROOT / 'requirements' / file).read_text().splitlines()
              if line and not line.startswith('#')}
    pip_names = {'cv2': 'opencv-python-headless', 'skimage': 'scikit-image', 'yaml': 'pyyaml'}
    libraries = imported_packages() & (set(ROSDEP_KEYS) | WITHOUT_KEY) - {'tf2_py'}
    assert sorted({pip_names.get(name, name) for name in libraries} - listed) == []


def test_pyproject_leaves_the_build_to_setup_py():
    assert '[build-system]' not in (ROOT / 'pyproject.toml').read_text()


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Build a wheel from a copy of the tree and return the names of the files in it."""
    folder = tmp_path_factory.mktemp('wheel')
    tree = folder / 'tree'
    for name in SHIPPED:
        shutil.copytree(ROOT / name, tree / name,
                        ignore=shutil.ignore_patterns('__pycache__', '*.egg-info'))
    for name in ('setup.py', 'setup.cfg', 'pyproject.toml', 'package.xml', 'LICENSE'):
        shutil.copy(ROOT / name, tree)
    pytest.importorskip('wheel', reason='the Python package wheel is not installed')
    built = subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation',
         '--disable-pip-version-check', '-w', folder, tree], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(folder.glob('*.whl'))) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_module_and_data_file(wheel):
    files = {str(f.relative_to(ROOT)) for f in (ROOT / PACKAGE).rglob('*')
             if f.is_file() and '__pycache__' not in f.parts and not f.name.startswith('.')}
    assert sorted(files - wheel) == []


def test_the_wheel_holds_the_weights_of_the_encoder(wheel):
    assert [name for name in wheel
            if re.fullmatch(rf'{PACKAGE}/network/weights/\w+\.safetensors', name)]


def test_the_wheel_holds_the_shared_files(wheel):
    shared = {name.split('.data/data/share/')[1] for name in wheel if '.data/data/share/' in name}
    expected = {f'ament_index/resource_index/packages/{PACKAGE}', f'{PACKAGE}/package.xml'}
    expected |= {f'{PACKAGE}/{f.relative_to(ROOT)}' for folder in ('launch', 'config', 'rviz')
                 for f in (ROOT / folder).iterdir() if f.is_file()}
    assert shared == expected


def test_the_wheel_installs_the_commands(wheel):
    assert any(name.endswith('.dist-info/entry_points.txt') for name in wheel)
    text = (ROOT / 'setup.py').read_text()
    for line in re.findall(r"f'(\w+ = \{PACKAGE\}[\w.:]+)'", text):
        module = line.split('}.')[1].split(':')[0].replace('.', '/')
        assert f'{PACKAGE}/{module}.py' in wheel, line
