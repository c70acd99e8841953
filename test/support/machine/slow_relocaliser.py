# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The relocaliser node whose maps take half a minute to load, so that a test can stop it there."""

import sys
import time

from rclpy.logging import get_logger

from scene_reloc_ros.ros.node.process import run_node
from scene_reloc_ros.ros.relocaliser.node import RelocaliserNode


class SlowRelocaliserNode(RelocaliserNode):
    """The node as it is, with maps that never come."""

    def __init__(self):
        """Hand the factory over."""
        super().__init__(load)


def load(path, options):
    """Load for longer than anyone waits."""
    get_logger('test').info(f'loading {path}')
    time.sleep(30)
    raise ValueError('it was not to come this far')


if __name__ == '__main__':
    sys.exit(run_node(SlowRelocaliserNode))
