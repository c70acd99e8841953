# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run for real where ROS 2 brings launch; skipped with the reason elsewhere."""

import importlib

import pytest

pytestmark = pytest.mark.ros
FILES = ('relocaliser', 'mapper', 'dataset_player', 'bringup')


def test_the_nodes_come_up_from_their_launch_files_and_end_cleanly():
    pytest.importorskip('rclpy', reason='no ROS 2 client library is installed')
    pytest.importorskip('launch_ros', reason='launch_ros is not installed here')
    loader = pytest.importorskip('launch_testing.loader', reason='no launch_testing here')
    packages = importlib.import_module('ament_index_python.packages')
    try:
        packages.get_package_prefix('scene_reloc_ros')
    except packages.PackageNotFoundError:
        pytest.skip('the package is not installed in an ament prefix')
    runs = loader.LoadTestsFromPythonModule(importlib.import_module('support.launched_nodes'))
    runner = importlib.import_module('launch_testing.test_runner').LaunchTestRunner(runs)
    runner.validate()
    results = runner.run()
    failures = [text for result in results.values()
                for _, text in result.failures + result.errors]
    assert not failures, '\n'.join(failures)
    assert all(result.testsRun for result in results.values())


@pytest.mark.parametrize('name', FILES)
def test_a_launch_file_declares_the_arguments_of_nav2(name, repository):
    sources = pytest.importorskip('launch.launch_description_sources',
                                  reason='launch is not installed here')
    pytest.importorskip('launch_ros', reason='launch_ros is not installed here')
    context = importlib.import_module('launch').LaunchContext()
    file = repository / 'launch' / f'{name}.launch.py'
    try:
        description = sources.PythonLaunchDescriptionSource(str(file)).get_launch_description(
            context)
    except LookupError:
        pytest.skip('the package is not installed in an ament prefix')
    names = {argument.name for argument in description.get_launch_arguments()}
    assert {'namespace', 'use_sim_time', 'autostart', 'log_level'} <= names
    assert 'params_file' in names
