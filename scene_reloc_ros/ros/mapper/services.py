# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Services of the mapper: calls become actions, and their true outcome becomes the answer."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode

Action = Callable[[], str]  # a sentence, or ValueError with the reason why not
Callback = Callable[[Trigger.Request, Trigger.Response], Trigger.Response]


class MapperServices:
    """Answers Trigger services with what actions say."""

    def __init__(self, node: ConfiguredLifecycleNode, actions: dict[str, Action],
                 say: Callable[[str, str], None]) -> None:
        """Create the services.

        Args:
            node: that they belong to; its lifecycle state is respected.
            actions: by the name of the service.
            say: called with (reason, sentence) for ~/status.
        """
        self._node, self._say = node, say
        group = ReentrantCallbackGroup()
        for name, action in actions.items():
            node.create_service(Trigger, f'~/{name}', self._answer(name, action),
                                callback_group=group)

    def _answer(self, name: str, action: Action) -> Callback:
        """Make a callback: only while active, one sentence, on ~/status too."""
        def callback(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            if not self._node.is_active:
                response.message = f'the node is {self._node.state_label}; activate it first'
                return response
            try:
                response.message, response.success = action(), True
            except ValueError as error:
                response.message = str(error)
            self._node.get_logger().info(response.message)
            if not response.success:
                self._say('refused', response.message)
            elif name not in ('train', 'recordings'):  # said already, or nothing happened
                self._say(name, response.message)
            return response
        return callback
