# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The scripts on machines that lack something: one sentence, one remedy, nothing left behind."""

import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / 'scripts'
# What the scripts may take for granted on a bare Linux.
BASIC_TOOLS = ('bash', 'cat', 'cut', 'date', 'dirname', 'env', 'flock', 'head', 'mkdir', 'rm',
               'sha256sum', 'tail', 'uname')


@pytest.fixture
def bare_machine(tmp_path):
    """Return a folder for PATH with the basic tools only, and a function that adds a fake."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for tool in BASIC_TOOLS:
        found = shutil.which(tool)
        if found is None:
            pytest.skip(f'the tool {tool} is not on this machine')
        (folder / tool).symlink_to(found)

    def add(name, body):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f'#!/usr/bin/env bash\n{body}\n')
        (folder / name).chmod(0o755)

    add.path = folder
    return add


def run_setup(machine, venv):
    """Run scripts/setup with the fake machine's tools and return how it ended."""
    return subprocess.run(
        [SCRIPTS / 'setup'], capture_output=True, text=True, timeout=60,
        env={'PATH': str(machine.path), 'SCENE_RELOC_VENV': str(venv), 'HOME': str(venv.parent)})


def assert_refused(finished, venv, *words):
    """Assert one sentence with the words, no traceback and no half-made environment."""
    assert finished.returncode == 1
    assert finished.stderr.startswith('setup: ') and finished.stderr.count('\n') == 1
    for word in words:
        assert word in finished.stderr
    assert not venv.exists()


def python_stub(version, answers='exit 0'):
    """Return the body of a Python that tells a version and answers other probes in one way."""
    return f'case "$2" in *version_info*) echo {version};; *) {answers};; esac'


@pytest.mark.parametrize('name', ['setup', 'demo', 'test', '../.ci/run'])
def test_a_script_is_executable_and_well_formed(name):
    script = SCRIPTS / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith('#!/usr/bin/env bash\n')
    assert 'set -euo pipefail' in script.read_text()
    assert subprocess.run(['bash', '-n', script]).returncode == 0


def test_the_environment_file_is_well_formed():
    assert subprocess.run(['bash', '-n', SCRIPTS / 'environment.sh']).returncode == 0


def test_setup_without_python_says_which_to_install(bare_machine, tmp_path):
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'Python 3.10 to 3.13', 'SCENE_RELOC_PYTHON')


def test_setup_with_an_old_python_names_its_version(bare_machine, tmp_path):
    bare_machine('python3', python_stub('3.8'))
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'python3 is 3.8', 'Python 3.10 to 3.13')


def test_setup_without_the_venv_module_names_its_package(bare_machine, tmp_path):
    bare_machine('python3', python_stub('3.12', 'exit 1'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo x86_64')
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'venv module', 'python3.12-venv')


def test_setup_without_a_compiler_names_it(bare_machine, tmp_path):
    bare_machine('python3', python_stub('3.11'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo x86_64')
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'gcc was not found', 'apt install gcc g++')


def test_setup_without_python_headers_names_their_package(bare_machine, tmp_path):
    bare_machine('python3', python_stub(
        '3.11', 'case "$2" in *Python.h*) exit 1;; *) exit 0;; esac'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo x86_64')
    bare_machine('gcc', '')
    bare_machine('g++', '')
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'headers', 'python3.11-dev')


def test_setup_on_another_architecture_sends_to_an_installed_ros(bare_machine, tmp_path):
    bare_machine('python3', python_stub('3.12'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo aarch64')
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert_refused(finished, tmp_path / 'venv', 'no ROS 2 wheels for aarch64', 'setup.bash')


def test_setup_shows_the_end_of_the_log_where_a_stage_fails(bare_machine, tmp_path):
    bare_machine('python3', python_stub(
        '3.11', 'case "$*" in "-m venv"*) echo no space left on device; exit 1;; esac'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo x86_64')
    bare_machine('gcc', '')
    bare_machine('g++', '')
    finished = run_setup(bare_machine, tmp_path / 'venv')
    assert finished.returncode == 1
    assert 'no space left on device' in finished.stderr
    assert finished.stderr.splitlines()[-1].startswith("setup: The stage 'Virtual environment'")
    assert (tmp_path / 'venv' / 'setup.unfinished').exists()


def test_an_interrupted_setup_is_made_afresh(bare_machine, tmp_path):
    venv = tmp_path / 'venv'
    venv.mkdir()
    (venv / 'setup.unfinished').touch()
    (venv / 'half_written').touch()
    bare_machine('python3', python_stub('3.11', 'case "$*" in "-m venv"*) exit 1;; esac'))
    bare_machine('uname', '[ "$1" = -s ] && echo Linux || echo x86_64')
    bare_machine('gcc', '')
    bare_machine('g++', '')
    run_setup(bare_machine, venv)
    assert not (venv / 'half_written').exists()
    assert (venv / 'setup.unfinished').exists()


def test_a_second_setup_returns_within_a_second():
    if not (Path(sys.prefix) / 'setup.stamp').is_file():
        pytest.skip('this environment was not made by scripts/setup')
    shared = Path(sys.prefix) / 'share' / 'scene_reloc_ros' / 'package.xml'
    if shared.resolve() != ROOT / 'package.xml':  # setup would turn it round to this checkout
        pytest.skip('this environment belongs to another checkout')
    environment = {**os.environ, 'SCENE_RELOC_VENV': sys.prefix}
    began = time.monotonic()
    finished = subprocess.run([SCRIPTS / 'setup', '--again'], capture_output=True, text=True,
                              env=environment)
    assert (finished.returncode, finished.stdout) == (0, '')
    assert time.monotonic() - began < 1.0


def environment_after(script_environment):
    """Return the variables after sourcing scripts/environment.sh in the given environment."""
    listed = subprocess.run(
        ['bash', '-c', 'source "$0" && env -0', SCRIPTS / 'environment.sh'], check=True,
        capture_output=True, env=script_environment).stdout.decode()
    return dict(entry.split('=', 1) for entry in listed.split('\0') if '=' in entry)


def test_the_environment_keeps_the_ros_of_another_place_out(tmp_path):
    other = tmp_path / 'other'
    (other / 'rclpy').mkdir(parents=True)
    (other / 'librcutils.so').touch()
    mine = tmp_path / 'mine'
    variables = environment_after({
        'PATH': os.environ['PATH'], 'SCENE_RELOC_VENV': str(tmp_path / 'venv'),
        'LD_LIBRARY_PATH': f'{other}:{mine}', 'PYTHONPATH': f'{mine}:{other}',
        '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1', 'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'})
    assert variables['LD_LIBRARY_PATH'] == variables['PYTHONPATH'] == str(mine)
    assert '_ROS_WHEELS_BOOTSTRAP_COMPLETE' not in variables
    assert variables['RMW_IMPLEMENTATION'] == 'rmw_fastrtps_cpp'
    assert variables['AMENT_PREFIX_PATH'] == str(tmp_path / 'venv')


def test_the_environment_stays_on_this_machine_and_on_a_domain_of_its_own(tmp_path):
    base = {'PATH': os.environ['PATH'], 'SCENE_RELOC_VENV': str(tmp_path)}
    variables = environment_after({**base, 'ROS_DOMAIN_ID': '0'})
    assert 1 <= int(variables['ROS_DOMAIN_ID']) <= 100
    assert variables['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert Path(variables['FASTRTPS_DEFAULT_PROFILES_FILE']).is_file()
    chosen = environment_after({**base, 'SCENE_RELOC_DOMAIN_ID': '42'})
    assert chosen['ROS_DOMAIN_ID'] == '42'


def test_beside_an_installed_ros_its_paths_are_kept(tmp_path):
    (tmp_path / 'ros_source').write_text('machine\n')
    variables = environment_after({
        'PATH': os.environ['PATH'], 'SCENE_RELOC_VENV': str(tmp_path), 'ROS_DISTRO': 'humble',
        'AMENT_PREFIX_PATH': '/opt/ros/humble', 'PYTHONPATH': '/opt/ros/humble/python'})
    assert variables['AMENT_PREFIX_PATH'] == f'{tmp_path}:/opt/ros/humble'
    assert variables['PYTHONPATH'] == '/opt/ros/humble/python'
    assert variables['ROS_LOCALHOST_ONLY'] == '1'
    assert 'RMW_IMPLEMENTATION' not in variables


@pytest.fixture
def call_test_script(tmp_path):
    """Return a function that runs scripts/test with a Python that only notes its arguments."""
    (tmp_path / 'scripts').mkdir()
    shutil.copy(SCRIPTS / 'test', tmp_path / 'scripts')
    python = tmp_path / 'venv' / 'bin' / 'python'
    python.parent.mkdir(parents=True)
    for file, body in ((tmp_path / 'scripts' / 'setup', ''),
                       (tmp_path / 'scripts' / 'environment.sh',
                        f'scene_reloc_venv={tmp_path}/venv'),
                       (python, f'(IFS="|"; echo "$*" >> {tmp_path}/calls); exit ${{FAILS:-0}}')):
        file.write_text(f'#!/usr/bin/env bash\n{body}\n')
        file.chmod(0o755)

    def call(*arguments, **environment):
        finished = subprocess.run([tmp_path / 'scripts' / 'test', *arguments], timeout=60,
                                  capture_output=True, text=True,
                                  env={'PATH': os.environ['PATH'], **environment})
        return finished, [line.split('|') for line in
                          (tmp_path / 'calls').read_text().splitlines()]
    return call


def test_the_quick_tests_leave_out_what_is_slow_and_what_starts_nodes(call_test_script):
    finished, [call] = call_test_script('--quick', 'test/solver', '-x')
    assert finished.returncode == 0
    assert call[:2] == ['-m', 'pytest'] and call[-2:] == ['test/solver', '-x']
    assert call[call.index('-m', 1) + 1] == 'not slow and not ros and not alone'
    assert '--cov' not in call


def test_arguments_narrow_the_tests_and_measure_no_coverage(call_test_script):
    _, [call] = call_test_script('test/solver', '-k', 'noise and not depth')
    assert call == ['-m', 'pytest', 'test/solver', '-k', 'noise and not depth']


def test_all_tests_measure_everything_and_bind_the_core(call_test_script):
    finished, calls = call_test_script()
    assert finished.returncode == 0
    beside, alone, outer, core = [call for call in calls if call[0] == '-m']
    for run, chosen in ((beside, 'not alone'), (alone, 'alone')):
        assert run[:2] == ['-m', 'pytest'] and '--cov' in run
        assert run[run.index('-m', 1) + 1] == chosen
        assert not [argument for argument in run if argument.startswith('test')]
    assert '--cov-append' in alone and '--cov-append' not in beside and '-n' not in alone
    assert outer[:3] == core[:3] == ['-m', 'coverage', 'report']
    assert core[3].partition('=')[2] == outer[3].partition('=')[2]
    assert (outer[3].split('=')[0], core[3].split('=')[0]) == ('--include', '--omit')
    assert '--fail-under=85' in core and '--fail-under=85' not in outer


def test_a_failed_test_is_the_end(call_test_script):
    finished, calls = call_test_script(FAILS='1')
    assert finished.returncode == 1
    assert not [call for call in calls if 'coverage' in call]
