# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Entry point of the node: ``ros2 run``, or ``python -m scene_reloc_ros.ros.dataset_player``."""

from scene_reloc_ros.ros.node.entry import main_of

main = main_of('scene_reloc_ros.ros.dataset_player.node', 'DatasetPlayerNode')

if __name__ == '__main__':
    main()
