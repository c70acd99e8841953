# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Updater with the signatures of diagnostic_updater."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node


class DiagnosticStatusWrapper(DiagnosticStatus):
    """A DiagnosticStatus that is easy to fill."""

    def summary(self, level: bytes, message: str) -> None:
        """Set level and sentence."""
        self.level = level
        self.message = message

    def add(self, key: str, value: str) -> None:
        """Append a key and its value, both text."""
        self.values.append(KeyValue(key=key, value=value))


class Updater:
    """Publishes the answers of diagnostic tasks on /diagnostics once a period."""

    def __init__(self, node: Node, period: float = 1.0) -> None:
        """Publish on ``node`` every ``period`` seconds."""
        self._node = node
        self.node_name = node.get_name()
        self._hardware_id = 'none'
        self._tasks: list[tuple[str, Callable[..., Any]]] = []
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._timer = node.create_timer(period, self.update)

    def setHardwareID(self, hardware_id: str) -> None:  # noqa: N802 (the upstream name)
        """Name the device."""
        self._hardware_id = hardware_id

    def add(self, name: str, task: Callable[[DiagnosticStatusWrapper], DiagnosticStatus]) -> None:
        """Ask ``task(status)`` for the status ``name``; it returns the status it filled."""
        self._tasks.append((name, task))

    def update(self) -> None:
        """Ask all tasks and publish."""
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for name, task in self._tasks:
            status = DiagnosticStatusWrapper(
                name=f'{self.node_name}: {name}', hardware_id=self._hardware_id,
                level=DiagnosticStatus.ERROR, message='no message was set')
            message.status.append(task(status))
        self._publisher.publish(message)
