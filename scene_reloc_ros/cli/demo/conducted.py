# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Nodes and what conducts them, in processes of their own; progress as bars in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
import importlib.util
import json
import os
from pathlib import Path
import selectors
import sys
from typing import Any, TextIO

from tqdm import tqdm

from scene_reloc_ros.cli.demo.processes import ChildProcess, stop_all

_POLL_S = 0.5
_TERMINAL_S, _FILE_S = 0.2, 15.0  # how often a bar is drawn again
_BAR = '{desc:<28}{percentage:3.0f}%|{bar:30}| {elapsed}{postfix}'


class DemoFailure(RuntimeError):
    """A process of the demo failed; the text says which and why."""


def refuse_without_ros() -> None:
    """Raise DemoFailure where this Python has no ROS 2."""
    if importlib.util.find_spec('rclpy') is None:
        raise DemoFailure('no ROS 2 client library in this Python; run scripts/setup, or source '
                          'the setup.bash of a ROS 2 installation')


def ros_arguments(parameters: Mapping[str, Any],
                  remaps: Mapping[str, str] | None = None) -> list[str]:
    """Return parameters, and names that stand for others, as arguments of a node."""
    arguments = ['--ros-args']
    for name, value in parameters.items():
        arguments += ['-p', f'{name}:={value}']
    for name, other in (remaps or {}).items():
        arguments += ['-r', f'{name}:={other}']
    return arguments


def conducted(name: str, module: str, plan: Mapping[str, Any],
              nodes: Mapping[str, list[str]], out: Path) -> dict[str, Any]:
    """Start nodes, follow what conducts them, stop everything; returns its results.

    Args:
        name: of what conducts.
        module: Python module that does, see ``ros/demo/conducting.py``.
        plan: for it; kept in ``out`` as plan.json.
        nodes: name of each and its arguments.
        out: folder for the plan, the results (results.json) and the logs.

    Raises DemoFailure where one of them fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    plan_path, results_path = out / 'plan.json', out / 'results.json'
    plan_path.write_text(json.dumps(plan, indent=1))
    results_path.unlink(missing_ok=True)
    children: list[ChildProcess] = []
    try:
        for node, arguments in nodes.items():
            children.append(ChildProcess(node, f'scene_reloc_ros.ros.{node}', arguments,
                                         out / f'{node}.log'))
        read_fd, write_fd = os.pipe()
        conductor = ChildProcess(
            name, module, ['--plan', str(plan_path), '--out', str(results_path),
                           '--progress', str(write_fd)],
            out / f'{name}.log', pass_fds=(write_fd,))
        os.close(write_fd)
        with os.fdopen(read_fd) as progress:
            children.append(conductor)
            _follow(progress, children)
    finally:
        stop_all(children)
    if not results_path.is_file():
        raise DemoFailure(conductor.failure)
    found: dict[str, Any] = json.loads(results_path.read_text())
    return found


def _follow(progress: TextIO, children: list[ChildProcess]) -> None:
    """Show progress until the conductor, the last child, ends; DemoFailure where one fails."""
    bars = _Bars()
    with selectors.DefaultSelector() as selector:
        selector.register(progress, selectors.EVENT_READ)
        try:
            while True:
                for child in children[:-1]:
                    if child.exit_code is not None:
                        raise DemoFailure(child.failure)
                if not selector.select(_POLL_S):
                    continue
                line = progress.readline()
                if not line:
                    return
                message = json.loads(line)
                if 'error' in message:
                    raise DemoFailure(message['error'])
                bars.show(message)
        finally:
            bars.close()


class _Bars:
    """One progress bar for each part of the demo."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._bar: tqdm | None = None

    def show(self, message: dict[str, Any]) -> None:
        """Move the bar of the message's stage, or begin it."""
        if message['stage'] != self._stage:
            self.close()
            self._stage = message['stage']
            interval_s = _TERMINAL_S if sys.stdout.isatty() else _FILE_S
            self._bar = tqdm(total=1.0, desc=self._stage, bar_format=_BAR, file=sys.stdout,
                             mininterval=interval_s)
        assert self._bar is not None
        self._bar.set_postfix_str(message['text'], refresh=False)
        self._bar.update(message['fraction'] - self._bar.n)

    def close(self) -> None:
        """End the present bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
