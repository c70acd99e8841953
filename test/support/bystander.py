# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A node of the test process: it listens to topics, publishes and calls services."""

import json
import threading
import time

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

LATCHED = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE,
                     durability=DurabilityPolicy.TRANSIENT_LOCAL)
RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
RESEND_S = 2.0
TIMEOUT_S = 30.0  # for what should take a second, on a machine that is busy


class Bystander:
    """Spins a node in a thread; every wait has a deadline and says what did not come."""

    def __init__(self):
        """Start to spin."""
        rclpy.init()
        self.node = rclpy.create_node('bystander')
        self._changed = threading.Condition()
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self):
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def close(self):
        """Stop spinning and take everything that is latched away."""
        self._executor.shutdown()
        self._thread.join(5)
        self.node.destroy_node()
        rclpy.try_shutdown()

    def now_ns(self):
        """Return the time of the ROS clock."""
        return self.node.get_clock().now().nanoseconds

    def listen(self, message_type, topic, qos=RELIABLE, convert=None):
        """Return a list that grows with every message."""
        messages = []

        def on_message(message):
            with self._changed:
                messages.append(convert(message) if convert else message)
                self._changed.notify_all()
        self.node.create_subscription(message_type, topic, on_message, qos)
        return messages

    def listen_json(self, topic):
        """Return a list that grows with the dictionaries of a status topic."""
        return self.listen(String, topic, convert=lambda message: json.loads(message.data))

    def publisher(self, message_type, topic, qos=RELIABLE, subscribers=1):
        """Return a publisher that already has its subscribers."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.until(lambda: publisher.get_subscription_count() >= subscribers,
                   f'a subscriber of {topic}')
        return publisher

    def until(self, condition, what, timeout_s=TIMEOUT_S, send=None):
        """Return the first true value of ``condition()``.

        ``send()`` is called at once and again every two seconds: the first best-effort messages
        are lost while the other side has not matched yet.
        """
        deadline, send_at = time.monotonic() + timeout_s, time.monotonic()
        with self._changed:
            while True:
                if send is not None and time.monotonic() >= send_at:
                    send()
                    send_at = time.monotonic() + RESEND_S
                value = condition()
                if value:
                    return value
                assert time.monotonic() < deadline, f'{what} did not come in {timeout_s:.0f} s'
                self._changed.wait(0.02)

    def call(self, service_type, name, timeout_s=TIMEOUT_S, **fields):
        """Call a service and return its response."""
        client = self.node.create_client(service_type, name)
        assert client.wait_for_service(max(TIMEOUT_S, timeout_s)), f'service {name} did not come'
        future = client.call_async(service_type.Request(**fields))
        self.until(future.done, f'the answer of {name}', timeout_s)
        self.node.destroy_client(client)
        return future.result()
