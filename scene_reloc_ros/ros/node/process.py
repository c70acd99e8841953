# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Process of a node: arguments of ROS, the executor, and an end in order."""

from __future__ import annotations

from contextlib import suppress
import os
import re
import sys
import time
from typing import NoReturn, Optional

import rclpy
from rclpy.exceptions import InvalidParameterValueException, ParameterException
from rclpy.signals import SignalHandlerOptions

from scene_reloc_ros.ros.node.guard import GuardedExecutor
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.stop_signals import StopSignals

_THREADS = 6  # camera, tf, timers, and services that wait for their outcome
_SIGNAL_POLL_S = 0.2
_CALLBACKS_S = 0.5  # for those that still run when the node ends
_PAUSE_S = 0.1  # after an error of the executor, so that one that repeats takes no core
_UNPARSED = re.compile(r"Couldn't parse ([^:]+): '(.*?)'\. Error: (.*?), at /")


def run_node(node_class: type[ConfiguredLifecycleNode],
             arguments: Optional[list[str]] = None,
             signals: Optional[StopSignals] = None) -> int:
    """Run a node until SIGINT or SIGTERM; returns the exit code.

    The signals are handled here and not by rclpy, because rclpy's handlers invalidate the
    context first: the node could then neither say its last word nor free its topics.

    Args:
        node_class: of the node.
        arguments: of the process; None: those of the command line.
        signals: taken before the imports; None: they are taken now.
    """
    if signals is None:
        signals = StopSignals()
        signals.install()
    try:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        signals.watch()
        node = node_class()
    except (ValueError, ParameterException, InvalidParameterValueException) as error:
        return _refused(node_class, str(error))
    except RuntimeError as error:  # of rcl, with the places in its source
        return _refused(node_class, arguments_sentence(error))
    try:
        _run(node, signals)
    finally:
        signals.ignore()
    return 0


def end(code: int) -> NoReturn:
    """End the process at once; the node has gone, and nothing is left to put in order.

    Python would take the libraries apart first, for seconds on a busy machine.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def arguments_sentence(error: RuntimeError) -> str:
    """Sentence of what rcl says of arguments that it cannot read."""
    found = _UNPARSED.search(str(error))
    if found is None:
        return f'the node cannot be started: {error}'
    rule, given, reason = found.groups()
    if rule == 'log level':
        return (f'log level {given.split()[-1]!r} is unknown; use debug, info, warn, error or '
                'fatal')
    return f'{rule} {given!r} cannot be read: {reason}; correct the arguments of the node'


def _refused(node_class: type[ConfiguredLifecycleNode], sentence: str) -> int:
    rclpy.logging.get_logger(node_class.default_name).fatal(sentence)
    rclpy.try_shutdown()
    return 2


def _run(node: ConfiguredLifecycleNode, signals: StopSignals) -> None:
    executor = GuardedExecutor(_THREADS, node.guard, node.batches.holds)
    executor.add_node(node)
    node.batches.start(executor.wake)
    try:
        with signals.interrupting():
            node.begin()
        while rclpy.ok() and not signals.requested:
            try:
                executor.spin_once(timeout_sec=_SIGNAL_POLL_S)
            except Exception as error:  # noqa: BLE001  # rclpy's own; callbacks are guarded
                node.guard.tell('the executor', error)
                time.sleep(_PAUSE_S)
    except KeyboardInterrupt:
        return
    finally:
        node.batches.stop()
        node.cleanup()
        executor.finish(_CALLBACKS_S)
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
