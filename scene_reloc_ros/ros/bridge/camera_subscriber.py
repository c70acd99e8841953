# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The camera topics of a node: newest image only, cached camera_info, named silence."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time
from typing import Any, Optional, TypeAlias

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from scene_reloc_ros.ros.bridge.camera_frame import (
    CameraAnswer,
    FrameMessages,
    ImageMessage,
    InputRejection,
)
from scene_reloc_ros.ros.bridge.camera_topics import CameraTopics
from scene_reloc_ros.ros.bridge.conversions import camera_of_message, nanoseconds
from scene_reloc_ros.ros.bridge.glimpse import Glimpse
from scene_reloc_ros.ros.bridge.stamp_filter import StampFilter
from scene_reloc_ros.ros.bridge.stamp_gaps import StampGaps
from scene_reloc_ros.ros.compat.upstream import ApproximateTimeSynchronizer, Subscriber
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import missing_messages_sentence, overridable, SENSOR

_GLANCE_S, _INFO_S = 2.0, 0.25  # between two looks at images and camera_info while a node rests
Seen: TypeAlias = ImageMessage | Glimpse


class CameraCache:
    """Keeps the Camera of camera_info, or the sentence why there is none."""

    def __init__(self, topic: str, rectified: bool = False) -> None:
        """Start without a camera.

        Args:
            topic: named in the sentences.
            rectified: see ``camera_of_message``.
        """
        self._topic, self._rectified = topic, rectified
        self._key = ''
        self._answer: CameraAnswer = (
            None, f'no camera_info on {topic} yet; the driver has to publish it')

    def update(self, message: CameraInfo) -> None:
        """Take a message; it is read only where it differs from the one before."""
        roi = message.roi
        key = (message.width, message.height, tuple(message.k), tuple(message.p), tuple(message.d),
               message.distortion_model, message.binning_x, message.binning_y,
               roi.x_offset, roi.y_offset, roi.width, roi.height)
        if repr(key) == self._key:
            return
        self._key = repr(key)  # text, because NaN is not equal to itself
        try:
            self._answer = (camera_of_message(message, self._rectified), None)
        except ValueError as error:
            self._answer = (None, f'camera_info on {self._topic} cannot be used: {error}')

    @property
    def camera(self) -> CameraAnswer:
        """Return (camera, None) or (None, sentence)."""
        return self._answer


class CameraInput:
    """Subscribes camera_info and watches the images of one camera."""

    def __init__(self, node: ConfiguredLifecycleNode, topics: CameraTopics,
                 on_restart: Callable[[], None],
                 on_refused: Callable[[ImageMessage, InputRejection], None]) -> None:
        """Subscribe camera_info.

        Args:
            node: whose options are CameraParameters.
            topics: of the camera.
            on_restart: called when time has jumped back, as at the start of a bag loop.
            on_refused: called with an image that bears a wrong stamp, and what is wrong.
        """
        self._node, self._topics = node, topics
        self._on_restart = on_restart
        self._image_stamps = StampFilter(node, on_refused, self._restart)
        self._depth_stamps = StampFilter(node)
        self._lock = threading.Lock()
        self.gaps = StampGaps()
        self._last_image_s = self._last_pair_s = time.monotonic()
        self._images: Optional[Subscription] = None
        self._depths: Optional[Subscription] = None
        self._synchroniser: Any = None
        self._callback: Optional[Callable[[FrameMessages], None]] = None
        self._passed: Callable[[], None] = lambda: None
        self._group = MutuallyExclusiveCallbackGroup()
        info_group = MutuallyExclusiveCallbackGroup()
        self._info = node.create_subscription(
            CameraInfo, topics.camera_info, self._on_camera_info, SENSOR,
            callback_group=info_group, qos_overriding_options=overridable())
        node.batches.subscription(self._info, _INFO_S)
        self._cache = CameraCache(self._info.topic_name, node.options.rectified)
        self._jump = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1)),
            post_callback=node.guard.of(lambda jump: self._on_clock_jump(), 'a jump of the clock'))

    @property
    def camera(self) -> CameraAnswer:
        """Return (camera, None) or (None, sentence)."""
        return self._cache.camera

    def subscribe_images(self, callback: Callable[[FrameMessages], None],
                         passed: Callable[[], None]) -> None:
        """Call ``callback((image, depth))`` for every image while the node is active.

        With the option ``use_depth`` these are messages whose stamps are ``depth_slop`` apart at
        most; without it depth is None. Where the node rests ``passed()`` is called instead, and
        of the messages no more is read than their stamps.
        """
        message_type, topic = self._topics.image
        keywords = {'callback_group': self._group, 'qos_overriding_options': overridable()}
        self._callback, self._passed = callback, passed
        if self._topics.depth is None:
            self._image_stamps.registerCallback(self._count)
            self._image_stamps.registerCallback(self._hand_over)
            self._images = self._node.create_subscription(
                message_type, topic, self._on_image, SENSOR, **keywords)
            self._node.batches.subscription(self._images, self._pause_s, self._glance)
            return
        images = Subscriber(self._node, message_type, topic, qos_profile=SENSOR, **keywords)
        depth_type, depth_name = self._topics.depth
        depths = Subscriber(self._node, depth_type, depth_name, qos_profile=SENSOR, **keywords)
        self._images, self._depths = images.sub, depths.sub
        self._pair_anew()
        images.registerCallback(self._on_image)
        depths.registerCallback(self._depth_stamps.take)
        self._node.batches.subscription(self._images, self._pause_s, self._glance)
        self._node.batches.subscription(
            self._depths, self._pause_s, lambda wire: self._depth_stamps.take(Glimpse.of(wire)))

    def _pair_anew(self) -> None:
        """Pair images with depths from now on: what waits of another time would push out the new.

        A synchroniser makes room by dropping the oldest stamps, which after a clock that went
        back are those of the present.
        """
        self._image_stamps.disconnect()
        self._image_stamps.registerCallback(self._count)
        self._depth_stamps.disconnect()
        self._synchroniser = ApproximateTimeSynchronizer(
            [self._image_stamps, self._depth_stamps], 10, self._node.options.depth_slop)
        self._synchroniser.registerCallback(self._hand_over)

    def _hand_over(self, image: Seen, depth: Optional[Seen] = None) -> None:
        if not self._node.is_active or self._callback is None:
            return
        self._last_pair_s = time.monotonic()
        if isinstance(image, Glimpse) or isinstance(depth, Glimpse):
            self._passed()
        else:
            self._callback((image, depth))

    @property
    def _pause_s(self) -> float:
        """Return how long nobody needs to look whether images come."""
        return min(self._node.options.image_timeout / 4, _GLANCE_S)

    def _glance(self, wire: bytes) -> None:
        self._on_image(Glimpse.of(wire))

    def _on_image(self, message: Seen) -> None:
        """Note that an image has arrived, and pass it on unless its stamp is wrong."""
        if self._node.is_active:
            self._last_image_s = time.monotonic()
            self._image_stamps.take(message)

    def _count(self, message: Seen) -> None:
        """Note the stamp of an image that is believed: gaps between them are lost images."""
        stamp_ns = nanoseconds(message.header.stamp)
        with self._lock:
            if isinstance(message, Glimpse):  # most of them nobody looks at
                self.gaps.restart()
            elif stamp_ns:
                self.gaps.take(stamp_ns)

    def _on_clock_jump(self) -> None:
        self._image_stamps.reset()
        self._restart()

    def _restart(self) -> None:
        """Answer time that has gone back; the images have told it or take it as it comes."""
        with self._lock:
            self.gaps.restart()
        self._depth_stamps.reset()
        if self._depths is not None:
            self._pair_anew()
        self._on_restart()

    def restart_silence(self) -> None:
        """Count silence from now on, as when the node is activated."""
        self._last_image_s = self._last_pair_s = time.monotonic()
        with self._lock:
            self.gaps.restart()

    @property
    def lost(self) -> int:
        """Return how many images were taken and did not arrive."""
        return self.gaps.lost

    def losses(self) -> Optional[str]:
        """Return a sentence when many of the newest images did not arrive."""
        with self._lock:
            told = self.gaps.told()
        if told is None or self._images is None:
            return None
        return (f'{told[0]} of the newest {told[1]} images on {self._images.topic_name} did not '
                'arrive, as the gaps between stamps show; see "Images are lost" in '
                'docs/troubleshooting.md')

    @property
    def silent_s(self) -> float:
        """Return for how long no image, or none with its depth, has come, in seconds."""
        last_s = self._last_image_s if self._depths is None else self._last_pair_s
        return time.monotonic() - last_s

    def silence(self) -> Optional[str]:
        """Return a sentence when no image, or none with its depth, has come for too long."""
        allowed, now = self._node.options.image_timeout, time.monotonic()
        if self._images is not None and now - self._last_image_s >= allowed:
            return missing_messages_sentence(self._node, self._images, now - self._last_image_s)
        if self._depths is None or now - self._last_pair_s < allowed:
            return None
        if not self._node.count_publishers(self._depths.topic_name):
            return missing_messages_sentence(self._node, self._depths, now - self._last_pair_s)
        return (f'images arrive, but none on {self._depths.topic_name} within '
                f'{self._node.options.depth_slop} s of their stamps: check that the depth is '
                'stamped like the images, raise depth_slop, or set use_depth to false')

    def destroy(self) -> None:
        """Unsubscribe."""
        self._jump.unregister()
        for subscription in (self._info, self._images, self._depths):
            if subscription is not None:
                self._node.destroy_subscription(subscription)

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._cache.update(message)
