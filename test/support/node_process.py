# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Nodes in processes of their own, forked from one process that has imported torch and rclpy.

Importing takes seconds, a fork takes none; apart from that a node runs as ``python -m`` runs it,
with its own arguments, log and process group.
"""

import multiprocessing
import os
from pathlib import Path
import runpy
import signal
import sys

_STOP_S = 20
_PRELOADED = ['torch', 'cv2', 'scene_reloc_ros.ros.relocaliser.node',
              'scene_reloc_ros.ros.mapper.node', 'scene_reloc_ros.ros.dataset_player.node']


class NodeProcess:
    """A node; stopped with SIGINT to its process group."""

    def __init__(self, target, parameters, log, more=()):
        """Start a module (a.b.c) or a script (path) with ROS parameters and more arguments."""
        arguments = [text for name, value in parameters.items()
                     for text in ('-p', f'{name}:={value}')] + list(more)
        self.log = log
        log.touch()
        context = multiprocessing.get_context('forkserver')
        context.set_forkserver_preload(_PRELOADED)
        self.process = context.Process(target=_run, args=(str(target), arguments, str(log)))
        self.process.start()

    def stop(self):
        """Interrupt, and kill what does not end; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self.process.exitcode is None:
                _signal_group(self.process.pid, number)
                self.process.join(_STOP_S)
        return self.process.exitcode


def _signal_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # it has ended, or has not become a group yet
        os.kill(pid, number)


def _run(target, arguments, log):
    """Become the node, in the new process."""
    os.setsid()
    stream = os.open(log, os.O_WRONLY | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(stream, descriptor)
    sys.argv = [target, '--ros-args', *arguments]
    if Path(target).suffix == '.py':
        runpy.run_path(target, run_name='__main__')
    else:
        runpy.run_module(target, run_name='__main__', alter_sys=True)
