# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Entry points of nodes: signals are taken before the imports, which last seconds."""

from __future__ import annotations

from collections.abc import Callable
import importlib

from scene_reloc_ros.ros.node.stop_signals import StopSignals


def main_of(module: str, node_class: str) -> Callable[[], None]:
    """Entry point of the node class of a module, which is imported when it is called."""
    def main() -> None:
        """Run the node."""
        signals = StopSignals()
        signals.install()
        process = importlib.import_module('scene_reloc_ros.ros.node.process')
        node = getattr(importlib.import_module(module), node_class)
        process.end(process.run_node(node, signals=signals))
    return main
