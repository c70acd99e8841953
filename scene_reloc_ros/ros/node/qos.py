# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the topics, and the sentence for a publisher that does not match."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    qos_check_compatible,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

SENSOR = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT,
                    durability=DurabilityPolicy.VOLATILE)
CAMERA_PUBLISHER = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE,
                              durability=DurabilityPolicy.VOLATILE)
RESULT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE,
                    durability=DurabilityPolicy.VOLATILE)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE,
                     durability=DurabilityPolicy.TRANSIENT_LOCAL)


def overridable() -> QoSOverridingOptions:
    """Let users override the policies with qos_overrides parameters."""
    return QoSOverridingOptions.with_default_policies()


def missing_messages_sentence(node: Node, subscription: Subscription, seconds: float) -> str:
    """Say why nothing may have arrived on a subscription for some seconds, and what to do."""
    topic = subscription.topic_name
    publishers = node.get_publishers_info_by_topic(topic)
    start = f'no message on {topic} for {seconds:.0f} s'
    if not publishers:
        return f'{start}: nobody publishes it; start the camera or remap the topic'
    for publisher in publishers:
        compatibility, reason = qos_check_compatible(
            publisher.qos_profile, subscription.qos_profile)
        if compatibility == QoSCompatibility.ERROR:
            return (f'{start}: the QoS of its publisher {publisher.node_name} does not match '
                    f'({reason.strip()}); set qos_overrides.{topic}.subscription')
    return (f'{start} although {publishers[0].node_name} publishes it; check that it sends, '
            'and ROS_DOMAIN_ID and the network')
