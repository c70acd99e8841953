# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Services of other nodes, called in order by what conducts them; every wait has an end."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any

from rcl_interfaces.srv import SetParametersAtomically
from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_srvs.srv import Trigger

_SERVICE_S = 60.0  # nodes import torch on a busy machine within this time
_POLL_S = 0.02


class DemoError(Exception):
    """A demonstration cannot go on; the text says why."""


class ServiceCalls:
    """Calls services on a node that another thread spins; DemoError says what did not come."""

    def __init__(self, node: Node) -> None:
        """Call on ``node``."""
        self._node = node
        self._known: dict[str, Client] = {}

    def call(self, service_type: type, name: str, request: Any) -> Future:
        """Return the Future of an answer, once the service is there."""
        if name not in self._known:
            self._known[name] = self._node.create_client(service_type, name)
        if not self._known[name].wait_for_service(_SERVICE_S):
            raise DemoError(f'service {name} did not appear within {_SERVICE_S:.0f} s')
        return self._known[name].call_async(request)

    def answer(self, future: Future, what: str, timeout_s: float = _SERVICE_S) -> Any:
        """Return what a service answers."""
        deadline = time.monotonic() + timeout_s
        while not future.done():
            refuse_late(deadline, f'the answer of {what}')
            time.sleep(_POLL_S)
        return future.result()

    def trigger(self, name: str) -> None:
        """Call a Trigger that has to answer yes."""
        response = self.answer(self.call(Trigger, name, Trigger.Request()), name, 2 * _SERVICE_S)
        if not response.success:
            raise DemoError(f'{name} answers: {response.message}')

    def set_parameters(self, node: str, values: Mapping[str, Any]) -> None:
        """Set parameters of a node, all or none."""
        request = SetParametersAtomically.Request(parameters=[
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()])
        future = self.call(SetParametersAtomically, f'{node}/set_parameters_atomically', request)
        result = self.answer(future, f'the parameters of {node}').result
        if not result.successful:
            raise DemoError(f'{node} refuses its parameters: {result.reason}')


def refuse_late(deadline: float, what: str) -> None:
    """Raise DemoError after ``deadline``, seconds of ``time.monotonic``."""
    if time.monotonic() > deadline:
        raise DemoError(f'{what} did not come in time')
