# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The process that conducts nodes: a plan in, results out, progress by lines of JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from scene_reloc_ros.ros.demo.service_calls import DemoError
from scene_reloc_ros.ros.node.guard import GuardedCallbacks
from scene_reloc_ros.ros.node.threads import guarded_thread

_END_S = 2.0
Tell = Callable[[str, float, str], None]  # stage, fraction, text
Work = Callable[[Node, dict[str, Any], Path, Tell], dict[str, Any]]


def conduct(name: str, description: str, work: Work) -> int:
    """Run a process with the arguments --plan, --out and --progress FD; returns its exit code.

    Args:
        name: of its node.
        description: of the process, one line.
        work: called with the node, which is spun, the plan, the path of the results, and what
            tells progress; returns the results. A DemoError is told and gives exit code 1.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--plan', type=Path, required=True, help='plan, a JSON file')
    parser.add_argument('--out', type=Path, required=True, help='results, a JSON file')
    parser.add_argument('--progress', type=int, required=True, help='a file descriptor')
    arguments = parser.parse_args()

    def tell(**fields: Any) -> None:
        os.write(arguments.progress, (json.dumps(fields) + '\n').encode())
    try:
        with _spun(name) as node:
            results = work(node, json.loads(arguments.plan.read_text()), arguments.out,
                           lambda stage, fraction, text: tell(
                               stage=stage, fraction=fraction, text=text))
        arguments.out.write_text(json.dumps(results))
    except (DemoError, OSError) as error:
        tell(error=str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def _spun(name: str) -> Iterator[Node]:
    """Context of a node that a thread spins."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = GuardedCallbacks(name)
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            return
    thread = guarded_thread(spin, name)
    thread.start()
    try:
        yield node
    finally:
        executor.shutdown()
        thread.join(_END_S)
        rclpy.try_shutdown()
