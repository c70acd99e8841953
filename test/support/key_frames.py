# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Key frames handed to a recorder without topics: their messages, and poses known by stamp."""

from std_msgs.msg import Header

from scene_reloc_ros.ros.bridge.conversions import stamp_message
from scene_reloc_ros.ros.compat.cv_bridge import CvBridge


class KnownPoses:
    """The poses of the frames, by stamp."""

    def __init__(self, frames):
        self.poses = {frame.stamp_ns: frame.map_from_cam for frame in frames}

    def find(self, camera_frame, stamp_ns):
        """Return what is known."""
        pose = self.poses.get(stamp_ns)
        return (None, f'no pose of {camera_frame}') if pose is None else (pose, None)


def messages_of(frame):
    """Return the messages of a frame without depth."""
    header = Header(frame_id='camera', stamp=stamp_message(frame.stamp_ns))
    return CvBridge().cv2_to_imgmsg(frame.image, 'bgr8', header), None
