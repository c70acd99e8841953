# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parameters that relocaliser and mapper share: declared once, described for each of them."""

from dataclasses import fields

import pytest

from scene_reloc_ros.geometry.depth import ANY_DEPTH, DepthRange
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.node.camera_options import CameraParameters
from scene_reloc_ros.ros.node.parameter_fields import described, redescribed
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions

NODES = (RelocaliserOptions, MapperNodeOptions)


def named(options_class, name):
    """Return a field of an options class."""
    return next(option for option in fields(options_class) if option.name == name)


@pytest.mark.parametrize('options_class', NODES)
@pytest.mark.parametrize('option', fields(CameraParameters), ids=lambda option: option.name)
def test_a_shared_parameter_has_the_same_default_and_range_in_every_node(options_class, option):
    own = named(options_class, option.name)
    assert own.default == option.default
    assert {**own.metadata, 'description': ''} == {**option.metadata, 'description': ''}


@pytest.mark.parametrize('options_class', NODES)
def test_a_shared_parameter_is_guarded_in_every_node(options_class):
    with pytest.raises(ValueError, match='depth_slop is 0.6; expected 0.0 to 0.5 s'):
        options_class(depth_slop=0.6)
    with pytest.raises(ValueError, match="image_transport is 'theora'; expected one of raw"):
        options_class(image_transport='theora')


@pytest.mark.parametrize('options_class', NODES)
def test_a_range_of_depth_is_stated_by_two_parameters(options_class):
    assert options_class().depth_range == ANY_DEPTH
    assert options_class(depth_farthest=8.0).depth_range == DepthRange(0.0, 8.0)
    assert options_class(depth_nearest=0.3).depth_range == DepthRange(0.3)
    with pytest.raises(ValueError, match='depth_nearest is 2.0 m, depth_farthest 1.0 m; expected'):
        options_class(depth_nearest=2.0, depth_farthest=1.0)


def test_a_node_may_describe_a_shared_parameter_in_its_own_words():
    texts = {described(named(options_class, 'use_depth')) for options_class in NODES}
    assert len(texts) == len(NODES)
    option = redescribed(CameraParameters, 'tf_wait', 'How long.')
    assert described(option) == 'How long. Unit: s.'
