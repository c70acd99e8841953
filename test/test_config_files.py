# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The files in config/ say what the code says: keys, values and types of every parameter."""

from pathlib import Path
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.node.parameter_fields import declared_defaults
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions

CONFIG = Path(__file__).resolve().parents[1] / 'config'
OPTIONS = {'relocaliser': RelocaliserOptions, 'mapper': MapperNodeOptions,
           'dataset_player': DatasetPlayerOptions}
SHARED_MEMORY_BYTES = 32 * 1024 * 1024


def declared(node):
    """Return the parameters of a node with their defaults."""
    return declared_defaults(OPTIONS[node])


def configured(node):
    """Return the parameters in the configuration file of a node."""
    content = yaml.safe_load((CONFIG / f'{node}.yaml').read_text())
    assert set(content) <= {node, f'/**/{node}', '/**'} and len(content) == 1, list(content)
    return next(iter(content.values()))['ros__parameters']


def shape_of(value):
    """Return the type of a value, of each element for a list: ROS tells 1 from 1.0."""
    return [type(v) for v in value] if isinstance(value, list) else type(value)


def uncommented_keys(text):
    """Return the keys below ros__parameters whose preceding line is no comment."""
    lines = text.split('ros__parameters:', 1)[1].splitlines()
    return [line.strip() for above, line in zip(['', *lines], lines)
            if line.strip() and line.strip()[0] not in '#-' and not above.strip().startswith('#')]


@pytest.mark.parametrize('node', OPTIONS)
def test_a_configuration_file_has_every_parameter_with_its_default(node):
    assert configured(node) == declared(node)


@pytest.mark.parametrize('node', OPTIONS)
def test_a_configuration_file_has_the_types_that_ros_declares(node):
    expected = {name: shape_of(value) for name, value in declared(node).items()}
    assert {name: shape_of(value) for name, value in configured(node).items()} == expected


@pytest.mark.parametrize('node', OPTIONS)
def test_every_key_of_a_configuration_file_is_explained(node):
    assert uncommented_keys((CONFIG / f'{node}.yaml').read_text()) == []


def test_there_is_no_configuration_file_without_a_node():
    assert {f.stem for f in CONFIG.glob('*.yaml')} == set(OPTIONS)


def test_a_key_without_an_explanation_is_found():
    text = 'node:\n  ros__parameters:\n    # Explained.\n    a: 1\n    b: 2\n'
    assert uncommented_keys(text) == ['b: 2']


def test_the_transport_profile_holds_a_second_of_camera_images():
    tree = ElementTree.parse(CONFIG / 'fastdds_shared_memory.xml')
    sizes = [int(e.text) for e in tree.iter() if e.tag.endswith('}segment_size')]
    assert sizes == [SHARED_MEMORY_BYTES]
