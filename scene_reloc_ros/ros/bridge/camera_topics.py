# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a node sees with: the topics of a camera, and what is asked of one camera or a rig."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, Protocol

from sensor_msgs.msg import CompressedImage, Image

from scene_reloc_ros.ros.bridge.camera_frame import CameraAnswer
from scene_reloc_ros.ros.node.camera_options import CameraParameters


@dataclass(frozen=True)
class CameraTopics:
    """What one camera publishes: message types and topics."""

    image: tuple[type, str]
    camera_info: str
    depth: Optional[tuple[type, str]]  # None: it has none, or it is not used

    @classmethod
    def of(cls, options: CameraParameters, image: str = 'image', camera_info: str = 'camera_info',
           depth: str = 'depth') -> CameraTopics:
        """Return the topics by the transports of the options; without ``depth`` it has none."""
        return cls(_transported(image, options.image_transport), camera_info,
                   _transported(depth, options.depth_transport)
                   if options.use_depth and depth else None)


def _transported(topic: str, transport: str) -> tuple[type, str]:
    """Return message type and topic as image_transport names them."""
    return (Image, topic) if transport == 'raw' else (CompressedImage, f'{topic}/{transport}')


class NodeCameras(Protocol):
    """The cameras of a node: one, or those of a rig."""

    @property
    def camera(self) -> CameraAnswer:
        """Return (camera, None) or (None, sentence), of a rig that of its first one."""

    @property
    def lost(self) -> int:
        """Return how many images were taken and did not arrive."""

    @property
    def silent_s(self) -> float:
        """Return for how long nothing that can be used has come, in seconds."""

    def subscribe_images(self, callback: Callable[[Any], None],
                         passed: Callable[[], None]) -> None:
        """Call ``callback(messages)`` for every moment while the node is active.

        Where the node rests ``passed()`` is called for every image instead.
        """

    def restart_silence(self) -> None:
        """Count silence from now on, as when the node is activated."""

    def silence(self) -> Optional[str]:
        """Return a sentence when nothing that can be used has come for too long."""

    def losses(self) -> Optional[str]:
        """Return a sentence when many of the newest images did not arrive."""

    def destroy(self) -> None:
        """Unsubscribe."""
