# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The view of a relocaliser: what RViz and Foxglove show, published where somebody looks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
import threading
from typing import Any, Optional

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
import numpy as np
from rclpy.lifecycle import LifecyclePublisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.ros.bridge.conversions import pose_message, stamp_message
from scene_reloc_ros.ros.compat.upstream import CvBridge
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import LATCHED, overridable, RESULT
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.view.caption import Caption, caption_of
from scene_reloc_ros.ros.relocaliser.view.clouds import cloud_of, scene_cloud
from scene_reloc_ros.ros.relocaliser.view.debug_picture import draw_debug_picture
from scene_reloc_ros.ros.relocaliser.view.markers import (
    ellipsoid,
    frustum,
    removed,
    state_text,
    together,
)

_SPACING_M = 0.05  # between poses of the path; where the robot stands they would only pile up


@dataclass(frozen=True)
class SeenCamera:
    """The camera at the newest accepted pose."""

    stamp_ns: int
    map_from_cam: np.ndarray  # (4, 4) metres
    covariance: Optional[np.ndarray]  # (6, 6) of the pose
    camera: Camera


class SceneView:
    """Publishes the scene, the camera in it and its picture; safe to use from several threads."""

    def __init__(self, node: ConfiguredLifecycleNode) -> None:
        """Create the publishers on ``node``; they are silent while it is not active."""
        self._node = node
        self._scene_cloud = self._publisher(PointCloud2, '~/scene_cloud', LATCHED)
        self._markers = self._publisher(MarkerArray, '~/markers', RESULT)
        self._path = self._publisher(Path, '~/path', RESULT)
        self._inliers = self._publisher(PointCloud2, '~/inliers', RESULT)
        self._debug_image = self._publisher(Image, '~/debug_image', RESULT)
        self._bridge = CvBridge()
        self._lock = threading.Lock()
        self._scene: tuple[Optional[SceneMap], int] | None = None  # as it was published
        self._middle = np.zeros(3)  # of the places where the map was seen from, metres
        self._newest: Optional[SeenCamera] = None
        self._way: deque[PoseStamped] = deque()

    def _publisher(self, message_type: type, topic: str, qos: QoSProfile) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(
            message_type, topic, qos, qos_overriding_options=overridable())

    def destroy(self) -> None:
        """Free the publishers."""
        for publisher in (self._scene_cloud, self._markers, self._path, self._inliers,
                          self._debug_image):
            self._node.destroy_lifecycle_publisher(publisher)

    def forget(self, scene_map: Optional[SceneMap]) -> None:
        """Take camera and path away; show the scene of the map, once.

        Args:
            scene_map: that is used from now on; None: there is none, or it has no points.
        """
        with self._lock:
            self._newest = None
            self._way.clear()
            if self._markers.get_subscription_count():
                self._markers.publish(removed(self._header(0)))
            if self._path.get_subscription_count():
                self._path.publish(Path(header=self._header(0)))
            self._show_scene(scene_map)

    def show_scene(self, scene_map: Optional[SceneMap]) -> None:
        """Show the scene of a map that shares its frame with the one before, once."""
        with self._lock:
            self._show_scene(scene_map)

    def show(self, status: dict[str, Any], outcome: Optional[Outcome]) -> None:
        """Publish what a message of ~/status is about, each part where somebody listens to it.

        Args:
            status: its fields; state, reason and sentence are read.
            outcome: of the image that it is about, or None.
        """
        if status['reason'] == StatusReason.IMAGES_LOST.code:
            return  # a warning, which would stand where people look for the reason of no pose
        caption = caption_of(status, outcome)
        with self._lock:
            if outcome is not None and outcome.accepted:
                self._follow(outcome)
            if self._markers.get_subscription_count():
                now_ns = self._node.get_clock().now().nanoseconds
                self._markers.publish(self._marked(
                    caption, now_ns if outcome is None else outcome.stamp_ns))
            if outcome is not None:
                self._show_outcome(outcome, caption)

    def _show_scene(self, scene_map: Optional[SceneMap]) -> None:
        """Publish the scene cloud where it is another; it is latched, and holds for all times."""
        scene = scene_map, self._node.options.scene_cloud_points
        if not self._scene_cloud.is_activated or self._is_shown(scene):
            return
        self._scene = scene
        self._middle = np.zeros(3)
        if scene_map is not None and len(scene_map.views):
            self._middle = scene_map.positions.median(0).values.numpy()
        self._scene_cloud.publish(scene_cloud(self._header(0), *scene))

    def _is_shown(self, scene: tuple[Optional[SceneMap], int]) -> bool:
        return (self._scene is not None and self._scene[0] is scene[0]
                and self._scene[1] == scene[1])

    def _follow(self, outcome: Outcome) -> None:
        """Keep an accepted pose, and publish the path that ends there."""
        options, found = self._node.options, outcome.localisation
        assert found is not None and found.map_from_cam is not None
        assert outcome.camera is not None
        self._newest = SeenCamera(outcome.stamp_ns, found.map_from_cam, found.covariance,
                                  outcome.camera)
        self._extend_way(PoseStamped(
            header=self._header(outcome.stamp_ns),
            pose=pose_message(outcome.pose_of(options.pose_of)[0])), options.path_poses)
        if self._path.get_subscription_count():
            self._path.publish(Path(header=self._way[-1].header, poses=list(self._way)))

    def _extend_way(self, newest: PoseStamped, most: int) -> None:
        """Let the way end at the newest pose; an end that went nowhere is replaced."""
        way = self._way
        if len(way) > 1 and _distance(way[-2], way[-1]) < _SPACING_M:
            way.pop()
        while len(way) >= most:
            way.popleft()
        way.append(newest)

    def _marked(self, caption: Caption, stamp_ns: int) -> MarkerArray:
        """Return the markers: the text is of now, the camera of its newest pose."""
        size_m, seen = self._node.options.marker_size, self._newest
        camera: list[Optional[Marker]] = []
        if seen is not None:
            header = self._header(seen.stamp_ns)
            camera.append(frustum(header, seen.map_from_cam, seen.camera, size_m, caption.colour))
            if seen.covariance is not None and np.isfinite(seen.covariance).all():
                camera.append(ellipsoid(header, seen.map_from_cam, seen.covariance,
                                        caption.colour))
        position = self._middle if seen is None else seen.map_from_cam[:3, 3]
        return together((*camera, state_text(self._header(stamp_ns), position, caption, size_m)))

    def _show_outcome(self, outcome: Outcome, caption: Caption) -> None:
        """Publish inliers and picture of an image that was localised, or not."""
        found = outcome.localisation
        if found is None or outcome.image is None or outcome.camera is None:
            return
        if outcome.accepted and self._inliers.get_subscription_count():
            self._inliers.publish(cloud_of(self._header(outcome.stamp_ns), found.inlier_points))
        if self._debug_image.get_subscription_count():
            picture = draw_debug_picture(outcome.image, outcome.camera, found, outcome.accepted,
                                         caption)
            header = Header(stamp=stamp_message(outcome.stamp_ns), frame_id=outcome.camera_frame)
            self._debug_image.publish(self._bridge.cv2_to_imgmsg(picture, 'bgr8', header))

    def _header(self, stamp_ns: int) -> Header:
        """Return a header in the map frame; stamp 0 is for what holds at all times."""
        return Header(stamp=stamp_message(stamp_ns), frame_id=self._node.options.map_frame)


def _distance(one: PoseStamped, other: PoseStamped) -> float:
    """Return how far two poses are apart, metres."""
    a, b = one.pose.position, other.pose.position
    return float(np.linalg.norm((a.x - b.x, a.y - b.y, a.z - b.z)))
