# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What tests of the bridge share."""

import pytest
import rclpy


@pytest.fixture(scope='module')
def node():
    """Return a node in a context of its own; nothing spins it."""
    context = rclpy.Context()
    rclpy.init(context=context)
    made = rclpy.create_node('bridge', context=context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)
