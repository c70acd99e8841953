# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Rules for every file: licence header, length, names, and nothing of the author's machine."""

import ast
from collections import Counter
from pathlib import Path
import re
import statistics

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'scene_reloc_ros'
HEADER = ('# Copyright 2026 scene_reloc_ros maintainers\n'
          '# SPDX-License-Identifier: Apache-2.0\n')
FOLDERS = ('scene_reloc_ros', 'test', 'scripts', 'launch', 'config', 'rviz', 'interfaces', 'docs',
           'requirements', 'resource', '.ci', '.github')
BINARY = {'.safetensors', '.png', '.jpg', '.pyc'}
MAX_FILE_LINES = 300
MAX_CLASS_LINES = 200
MAX_FUNCTION_LINES = 45
MAX_MEDIAN_FUNCTION_LINES = 8
MAX_P90_FUNCTION_LINES = 20
MAX_PARAMETERS = 6
MAX_MODULES = 16
VAGUE_NAME = re.compile(r'(^|_)(utils?|common|misc|helpers?|manager)(_|$)')
# Folders that every Linux has, so that a path into them says nothing about one machine.
SHARED_FOLDERS = {'/tmp', '/home', '/usr', '/opt', '/var', '/mnt', '/dev', '/etc', '/proc'}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def project_files():
    """Return the text files of the project, without what builds and caches leave."""
    files = [f for f in ROOT.iterdir() if f.is_file() and not f.name.startswith('.coverage')]
    for folder in FOLDERS:
        files += [f for f in (ROOT / folder).rglob('*') if f.is_file()]
    return sorted(f for f in files if f.suffix not in BINARY and '__pycache__' not in f.parts
                  and f.name not in ('.git', '.venv.lock'))


def python_files(below=ROOT):
    """Return the Python files of the project, or those of one of its folders."""
    return [f for f in project_files() if f.suffix == '.py' and f.is_relative_to(below)]


def identifier(file):
    """Name a file in a test report as it lies in the project."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name


def machine_paths():
    """Return the beginnings of paths that exist on this machine only."""
    top = f'/{ROOT.parts[1]}'
    tops = set() if top in SHARED_FOLDERS else {top}
    return {f'{path}/' for path in tops | {str(ROOT), str(Path.home())} if path != '/'}


def definitions(files, kinds):
    """Yield (file, node) of every function or class in the files."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            if isinstance(node, kinds):
                yield file, node


def lines_of(node):
    """Count the lines of a function or class, without its decorators."""
    return node.end_lineno - node.lineno + 1


def parameters_of(function):
    """Count what a function is called with: neither self nor cls, one each for * and **."""
    a = function.args
    names = [argument.arg for argument in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    return len(names) - (names[:1] in (['self'], ['cls'])) + bool(a.vararg) + bool(a.kwarg)


def opening_faults(files):
    """Yield a sentence for every file without licence header or docstring."""
    for file in files:
        text = file.read_text(encoding='utf-8')
        if not text.startswith(HEADER):
            yield f'{identifier(file)} lacks the licence header'
        if not ast.get_docstring(ast.parse(text)):
            yield f'{identifier(file)} does not say what it owns'


def length_faults(files):
    """Yield a sentence for every file, class and function that is too long."""
    for file in files:
        lines = len(file.read_text(encoding='utf-8').splitlines())
        if lines > MAX_FILE_LINES:
            yield f'{identifier(file)} has {lines} lines'
    for kinds, bound in ((ast.ClassDef, MAX_CLASS_LINES), (FUNCTIONS, MAX_FUNCTION_LINES)):
        for file, node in definitions(files, kinds):
            if lines_of(node) > bound:
                yield f'{identifier(file)}:{node.lineno}: {node.name} has {lines_of(node)} lines'


def distribution_faults(files):
    """Yield a sentence where functions are longer as a rule than the house writes them."""
    lengths = [lines_of(node) for _, node in definitions(files, FUNCTIONS)]
    median, p90 = statistics.median(lengths), statistics.quantiles(lengths, n=10)[-1]
    if median > MAX_MEDIAN_FUNCTION_LINES:
        yield f'half of the functions have more than {median:g} lines'
    if p90 > MAX_P90_FUNCTION_LINES:
        yield f'one function in ten has more than {p90:g} lines'


def parameter_faults(files):
    """Yield a sentence for every function with too many parameters."""
    for file, node in definitions(files, FUNCTIONS):
        if parameters_of(node) > MAX_PARAMETERS:
            yield (f'{identifier(file)}:{node.lineno}: {node.name} has {parameters_of(node)} '
                   'parameters')


def folder_faults(files):
    """Yield a sentence for every folder with too many modules."""
    modules = Counter(file.parent for file in files if file.name != '__init__.py')
    for folder, count in modules.items():
        if count > MAX_MODULES:
            yield f'{identifier(folder)} has {count} modules'


def name_faults(files):
    """Yield a sentence for every file whose name says nothing."""
    for file in files:
        if VAGUE_NAME.search(file.stem):
            yield f'{identifier(file)} has a name that says nothing'


def test_a_python_file_begins_with_licence_and_docstring():
    assert list(opening_faults(python_files())) == []


def test_files_classes_and_functions_are_short():
    assert list(length_faults(python_files())) == []


def test_most_functions_of_the_package_are_far_shorter_than_the_bound():
    assert list(distribution_faults(python_files(PACKAGE))) == []


def test_functions_of_the_package_take_few_parameters():
    assert list(parameter_faults(python_files(PACKAGE))) == []


def test_no_folder_is_a_drawer():
    assert list(folder_faults(python_files(PACKAGE) + python_files(ROOT / 'test'))) == []


def test_every_module_of_the_ros_side_lies_in_a_folder():
    assert [f.name for f in (PACKAGE / 'ros').glob('*.py')] == ['__init__.py']


def test_no_file_has_a_name_that_says_nothing():
    assert list(name_faults(python_files())) == []


def test_every_script_names_its_licence():
    scripts = [f for f in project_files() if f.parent.name in ('scripts', '.ci')]
    assert scripts
    for script in scripts:
        assert HEADER in script.read_text(), f'{identifier(script)} lacks the licence header'


def test_no_file_knows_the_machine_that_it_was_written_on():
    found = []
    for file in project_files():
        for number, line in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
            if any(path in line for path in machine_paths()):
                found.append(f'{identifier(file)}:{number}')
    assert found == []


def function_of(lines, header='def f():'):
    """Return the source of a function of so many lines."""
    return '\n'.join([header, *['    pass'] * (lines - 1), ''])


@pytest.mark.parametrize('rule, source, fault', [
    (opening_faults, '"""Owns nothing."""\n', 'lacks the licence header'),
    (opening_faults, HEADER + 'import os\n', 'does not say what it owns'),
    (length_faults, '\n' * 301, 'has 301 lines'),
    (length_faults, function_of(46), ':1: f has 46 lines'),
    (length_faults, '@cached\nasync ' + function_of(46), ':2: f has 46 lines'),
    (length_faults, function_of(201, 'class F:'), ':1: F has 201 lines'),
    (distribution_faults, function_of(9) * 3, 'half of the functions have more than 9 lines'),
    (distribution_faults, function_of(2) * 9 + function_of(22) * 2,
     'one function in ten has more than 22 lines'),
    (parameter_faults, 'def f(a, b, c, d, e, /, f, *, g): pass', 'f has 7 parameters'),
    (parameter_faults, 'class F:\n    def f(self, a, b, c, d, e, *f, **g): pass',
     ':2: f has 7 parameters'),
])
def test_a_planted_fault_is_found(tmp_path, rule, source, fault):
    file = tmp_path / 'planted.py'
    file.write_text(source)
    assert any(sentence.endswith(fault) for sentence in rule([file])), list(rule([file]))


@pytest.mark.parametrize('rule, source', [
    (opening_faults, HEADER + '"""Owns the map."""\n'),
    (length_faults, '@cached\n' + function_of(45) + function_of(200, 'class F:')),
    (distribution_faults, function_of(8) * 9 + function_of(20) * 2),
    (parameter_faults, 'class F:\n    def f(self, a, b, c, d, e, *, f): pass'),
])
def test_what_keeps_to_a_bound_is_allowed(tmp_path, rule, source):
    file = tmp_path / 'planted.py'
    file.write_text(source)
    assert list(rule([file])) == []


def test_a_planted_drawer_and_a_planted_name_are_found(tmp_path):
    files = [tmp_path / f'part_{number}.py' for number in range(17)]
    assert list(folder_faults(files)) == [f'{tmp_path.name} has 17 modules']
    assert list(folder_faults([*files[1:], tmp_path / '__init__.py'])) == []
    assert list(name_faults([tmp_path / 'map_utils.py', tmp_path / 'utility.py'])) == [
        'map_utils.py has a name that says nothing']
