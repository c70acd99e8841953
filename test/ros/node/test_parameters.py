# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters made of dataclasses: described, guarded with a reason, changed as a whole."""

import pytest
from rcl_interfaces.msg import ParameterType
import rclpy
from rclpy.exceptions import InvalidParameterValueException
from rclpy.parameter import Parameter
import yaml

from scene_reloc_ros.ros.dataset_player.node import DatasetPlayerNode
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.mapper.node import MapperNode
from scene_reloc_ros.ros.node.parameter_fields import declared_defaults
from scene_reloc_ros.ros.node.parameters import NodeParameters
from scene_reloc_ros.ros.relocaliser.node import RelocaliserNode
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.sight.options import RigCameraParameters


@pytest.fixture
def make_node():
    """Create nodes in a context of their own, with parameters as from the command line."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(options_class, on_change=None, **overrides):
        nodes.append(rclpy.create_node('bearer', context=context, parameter_overrides=[
            Parameter(name, value=value) for name, value in overrides.items()]))
        return nodes[-1], NodeParameters(nodes[-1], options_class, on_change)
    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def test_every_parameter_is_described_with_its_range(make_node):
    node, _ = make_node(RelocaliserOptions)
    rate = node.describe_parameter('tf_rate')
    assert rate.description.endswith('Unit: Hz.')
    assert rate.floating_point_range[0].to_value == 200.0
    assert rate.read_only and rate.type == ParameterType.PARAMETER_DOUBLE
    assert all(node.describe_parameter(name).description
               for name in declared_defaults(RelocaliserOptions))


def test_values_of_the_command_line_reach_the_options(make_node):
    _, parameters = make_node(DatasetPlayerOptions, rate=25.0,
                              odometry_start=[1.0, 2.0, 0.0, 90.0])
    assert parameters.options.rate == 25.0
    assert parameters.options.odometry_start == (1.0, 2.0, 0.0, 90.0)


def test_a_list_of_names_may_have_any_length(make_node):
    _, parameters = make_node(RelocaliserOptions, cameras=['front', 'left', 'right'])
    assert parameters.options.rig == ('front', 'left', 'right')
    with pytest.raises(ValueError, match="cameras has the name '2nd'"):
        make_node(RelocaliserOptions, cameras=['front', '2nd'])


def test_parameters_below_a_name_are_apart_from_the_others(make_node):
    node, _ = make_node(RelocaliserOptions, **{'front.image_topic': '/a', 'left.frame': 'b'})
    front, left = (NodeParameters(node, RigCameraParameters, prefix=f'{name}.').options
                   for name in ('front', 'left'))
    assert (front.image_topic, front.frame) == ('/a', '')
    assert (left.image_topic, left.frame) == ('', 'b')
    assert node.describe_parameter('left.frame').description.startswith('Its optical frame.')
    refused = node.set_parameters([Parameter('front.image_topic', value='/c')])[0]
    assert not refused.successful and 'read-only' in refused.reason


def test_a_value_outside_its_range_is_refused_at_the_start(make_node):
    with pytest.raises(InvalidParameterValueException, match='tf_rate out of range'):
        make_node(RelocaliserOptions, tf_rate=0.0)
    with pytest.raises(ValueError, match="tf_mode is 'sideways'; expected one of map_to_odom"):
        make_node(RelocaliserOptions, tf_mode='sideways')


@pytest.mark.parametrize('name, value, reason', [
    ('tf_mode', 'sideways', "tf_mode is 'sideways'; expected one of"),
    ('odom_frame', 'map', 'expected three different names'),
    ('lost_after_frames', 0, 'out of range'),
    ('autostart', False, 'read-only')])
def test_a_change_is_refused_with_a_reason_and_nothing_changes(make_node, name, value, reason):
    node, parameters = make_node(RelocaliserOptions)
    result = node.set_parameters_atomically(
        [Parameter('publish_tf', value=False), Parameter(name, value=value)])
    assert not result.successful
    assert reason in result.reason
    assert parameters.options == RelocaliserOptions()


def test_a_list_of_another_length_or_with_nan_is_refused(make_node):
    node, _ = make_node(DatasetPlayerOptions)
    short = node.set_parameters([Parameter('camera_rpy', value=[0.0, 0.0])])[0]
    assert 'camera_rpy has 2 numbers; expected 3' in short.reason
    wild = node.set_parameters([Parameter('camera_position', value=[0.0, 0.0, float('nan')])])[0]
    assert 'expected a finite number' in wild.reason


def test_who_uses_the_options_may_refuse_a_change_too(make_node):
    def refuse(options, changed):
        if 'map' in changed:
            raise ValueError(f'map file {options.map} does not exist')
    node, parameters = make_node(RelocaliserOptions, refuse)
    result = node.set_parameters([Parameter('map', value='/nowhere')])[0]
    assert result.reason == 'map file /nowhere does not exist'
    assert parameters.options.map == ''
    assert node.set_parameters([Parameter('publish_tf', value=False)])[0].successful
    assert parameters.options.publish_tf is False


@pytest.mark.parametrize('node_class', [RelocaliserNode, MapperNode, DatasetPlayerNode])
def test_a_node_declares_the_parameters_of_its_configuration_file(node_class, repository):
    text = (repository / 'config' / f'{node_class.default_name}.yaml').read_text()
    configured = next(iter(yaml.safe_load(text).values()))['ros__parameters']
    assert configured == declared_defaults(node_class.options_type)
