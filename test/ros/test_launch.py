# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The launch files, run for real where ROS 2 brings launch; skipped with the reason elsewhere."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros
FILES = ('relocaliser', 'mapper', 'dataset_player', 'bringup')


@pytest.mark.slow
@pytest.mark.parametrize('description', [
    'launched_nodes', 'robots.launched_robots', 'robots.respawned_node'])
def test_the_nodes_come_up_from_their_launch_files_and_end_cleanly(description):
    pytest.importorskip('rclpy', reason='no ROS 2 client library is installed')
    pytest.importorskip('launch_ros', reason='launch_ros is not installed here')
    loader = pytest.importorskip('launch_testing.loader', reason='no launch_testing here')
    packages = importlib.import_module('ament_index_python.packages')
    try:
        packages.get_package_prefix('scene_reloc_ros')
    except packages.PackageNotFoundError:
        pytest.skip('the package is not installed in an ament prefix')
    runs = loader.LoadTestsFromPythonModule(importlib.import_module(f'support.{description}'))
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
    assert {'namespace', 'use_sim_time', 'autostart', 'log_level', 'params_file', 'use_respawn',
            'tf_in_namespace'} <= names
    assert name != 'bringup' or 'use_namespace' in names


@pytest.fixture
def shared(tmp_path, repository, monkeypatch):
    """Return the module of the launch files, with the package in an ament prefix of its own."""
    pytest.importorskip('launch_ros', reason='launch_ros is not installed here')
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / 'scene_reloc_ros').touch()
    (tmp_path / 'share' / 'scene_reloc_ros').symlink_to(repository)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    return importlib.import_module('scene_reloc_ros.ros.node.launch_description')


def test_large_images_get_a_transport_unless_the_user_has_chosen_one(shared, monkeypatch):
    files = shared.transport_environment({})
    assert set(files) == {'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE',
                          'CYCLONEDDS_URI'}
    for file in files.values():
        assert Path(file.removeprefix('file://')).is_file()
    for chosen in ('FASTDDS_BUILTIN_TRANSPORTS', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        assert set(shared.transport_environment({chosen: 'x'})) == {'CYCLONEDDS_URI'}
    assert 'CYCLONEDDS_URI' not in shared.transport_environment({'CYCLONEDDS_URI': ''})


@pytest.fixture
def told(monkeypatch):
    """Return a list that grows with what our launch files log."""
    texts = []
    logger = importlib.import_module('launch.logging').get_logger('scene_reloc_ros')
    monkeypatch.setattr(logger, 'handle', lambda record: texts.append(record.getMessage()))
    return texts


def test_rviz_that_is_missing_is_a_warning_and_no_node(shared, tmp_path, told):
    context = importlib.import_module('launch').LaunchContext()
    context.launch_configurations.update(rviz='true', use_sim_time='false', namespace='',
                                         tf_in_namespace='true')
    argument, action = shared.rviz()
    assert argument.name == 'rviz'
    program = tmp_path / 'lib' / 'rviz2' / 'rviz2'
    assert action.execute(context) == []
    assert 'rviz2 is not installed here; the nodes run without it' in told[-1]
    (tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'rviz2').touch()
    assert action.execute(context) == []
    program.parent.mkdir(parents=True)
    program.touch()
    assert len(action.execute(context)) == 1
    context.launch_configurations['rviz'] = 'false'
    assert action.execute(context) == []


@pytest.mark.parametrize('content, sentence', [
    (None, 'No such file'), ('relocaliser: [', 'while parsing'),
    ('only text', 'no names of nodes'),
    ('relocaliser: 3', 'not subscriptable'), (b'\xff\xfe\xfa', "can't decode"),
    ('relocaliser: {parameters: {map: a}}', 'ros__parameters')])
def test_a_parameter_file_that_cannot_be_read_ends_the_launch_by_a_sentence(
        shared, tmp_path, content, sentence):
    file = tmp_path / 'my.yaml'
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RuntimeError, match=f'params_file {file} cannot be read .*{sentence}'):
        shared._of_bare_name(file, 'relocaliser', '')


@pytest.mark.parametrize('key', ['relocaliser', '/relocaliser'])
def test_parameters_of_a_bare_name_hold_for_a_node_in_a_namespace_too(shared, tmp_path, key):
    file = tmp_path / 'my.yaml'
    file.write_text(f'{key}:\n  ros__parameters:\n    map: a.map\n    tf_rate: 20.0\n'
                    '/**:\n  ros__parameters:\n    seed: 3\n')
    assert shared._of_bare_name(file, 'relocaliser', 'robot1') == [
        {'map': 'a.map', 'tf_rate': 20.0}]
    for given in (('relocaliser', ''), ('relocaliser', '/'), ('mapper', 'robot1')):
        assert shared._of_bare_name(file, *given) == []


def test_the_view_of_rviz_shows_the_topics_of_its_namespace(shared):
    remapped = dict(shared._shown_topics(shared.share('rviz', 'relocalisation.rviz')))
    assert remapped['/relocaliser/pose'] == 'relocaliser/pose'
    assert len(remapped) >= 7 and all(name == f'/{new}' for name, new in remapped.items())
