# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 of the standalone set-up: the generated tf2_msgs and the shared-memory profile."""

import importlib
import json
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
INTERFACES = ROOT / 'interfaces'
SEGMENT_KIB = 32 * 1024
LARGEST_SHARED_SEGMENT = """
import rclpy
rclpy.init()
node = rclpy.create_node('segment_probe')
sizes = []
for line in open('/proc/self/maps'):
    if '/dev/shm/fast' in line:
        begin, end = line.split()[0].split('-')
        sizes.append((int(end, 16) - int(begin, 16)) // 1024)
node.destroy_node()
rclpy.shutdown()
print(max(sizes, default=0))
"""


@pytest.fixture(scope='module')
def generator():
    """Return the generator script as a module."""
    sys.path.insert(0, str(INTERFACES))
    try:
        yield importlib.import_module('generate')
    finally:
        sys.path.remove(str(INTERFACES))


@pytest.mark.ros
def test_a_transform_message_survives_the_wire():
    messages = pytest.importorskip('tf2_msgs.msg', reason='no ROS 2 on this machine')
    from geometry_msgs.msg import TransformStamped
    from rclpy.serialization import deserialize_message, serialize_message
    sent = messages.TFMessage(transforms=[TransformStamped(child_frame_id='odom')])
    sent.transforms[0].header.stamp.nanosec = 7
    assert deserialize_message(serialize_message(sent), messages.TFMessage) == sent


@pytest.mark.ros
def test_the_shared_memory_profile_is_honoured():
    if not (Path(sys.prefix) / 'lib' / 'librmw_fastrtps_cpp.so').is_file():
        pytest.skip('the profile is for the standalone set-up')
    finished = subprocess.run([sys.executable, '-c', LARGEST_SHARED_SEGMENT], check=True,
                              capture_output=True, text=True, timeout=60)
    assert int(finished.stdout.splitlines()[-1]) >= SEGMENT_KIB


def test_the_definition_is_the_one_line_of_the_message(repository):
    text = (repository / 'interfaces/tf2_msgs/msg/TFMessage.msg').read_text()
    assert text == 'geometry_msgs/TransformStamped[] transforms\n'
    assert (repository / 'interfaces/tf2_msgs/COLCON_IGNORE').is_file()


@pytest.fixture
def transforms(generator):
    """Return the package tf2_msgs, as the generator knows it."""
    return next(package for package in generator.PACKAGES if package.name == 'tf2_msgs')


def test_a_message_that_no_other_machine_knows_is_refused(generator, transforms, tmp_path):
    description = generator.Description(tmp_path, transforms.definitions)
    [types] = description.types
    types.parent.mkdir()
    types.write_text(json.dumps({'type_hashes': [
        {'type_name': 'tf2_msgs/msg/TFMessage', 'hash_string': 'RIHS01_0'}]}))
    with pytest.raises(generator.BuildError, match='RIHS01_0, upstream has RIHS01_e369d0f0'):
        generator.check_type_hashes(transforms, description)


def test_a_missing_compiler_is_named_before_anything_is_built(
        generator, transforms, monkeypatch, tmp_path):
    if sys.prefix == sys.base_prefix:
        pytest.skip('runs in a virtual environment only')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(generator.BuildError, match='gcc was not found: install it'):
        generator.check_prerequisites(generator.Prefix(tmp_path, tmp_path / 'lib'), transforms)


def test_a_compiler_error_is_passed_on_in_one_sentence(generator):
    with pytest.raises(generator.BuildError,
                       match='failed while building an interface package: .*no_such'):
        sys.modules[generator.link.__module__].run_tool(['cat', 'no_such_file'])
