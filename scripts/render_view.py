# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Draw what relocaliser or mapper publish for people into a PNG: RViz without a display.

Usage: python scripts/render_view.py --out view.png [--node /relocaliser] [--seconds 10]

Nothing but the messages of ~/scene_cloud, ~/markers, ~/path, ~/inliers and ~/debug_image is drawn;
of a mapper (--node /mapper) those of ~/coverage.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
import sys
import time

import cv2
from nav_msgs.msg import Path as PathMessage
import numpy as np
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, PointCloud2, PointField
from visualization_msgs.msg import Marker, MarkerArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scene_reloc_ros.ros.bridge.conversions import pose_of_message
from scene_reloc_ros.ros.compat.upstream import CvBridge

TOPICS = {'scene_cloud': PointCloud2, 'markers': MarkerArray, 'path': PathMessage,
          'inliers': PointCloud2, 'debug_image': Image, 'coverage': MarkerArray}
LATCHED_TOPICS = ('scene_cloud', 'coverage')
OF_MAPPER = ('coverage',)
TYPES = {PointField.FLOAT32: 'f4', PointField.FLOAT64: 'f8'}
BACKGROUND, PATH, INLIERS = (48, 48, 48), (255, 200, 60), (80, 255, 80)  # red, green, blue
LETTER_PX = 22  # height of letters of OpenCV
DARKENED = 0.25  # brightness that is left behind a text
NEAREST_M = 0.1
CEILING = 0.8  # metres above the camera, from which on points would hide the room
IN_VIEW = 0.9  # of the scene
BESIDE = 25.0  # degrees
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Eye:
    """Where the scene is looked at from, as the orbit view of RViz has it."""

    target: np.ndarray  # (3,) metres, in the middle of the view
    distance: float  # metres
    yaw: float  # rad
    pitch: float  # rad, above the horizon
    size: tuple[int, int]  # width and height, pixels

    def seen(self, points):
        """Return pixels (N, 2) and depths (N,) of points (N, 3) of the map."""
        back = np.array((np.cos(self.pitch) * np.cos(self.yaw),
                         np.cos(self.pitch) * np.sin(self.yaw), np.sin(self.pitch)))
        right = np.array((-np.sin(self.yaw), np.cos(self.yaw), 0.0))
        moved = np.reshape(points, (-1, 3)) - self.target - self.distance * back
        x, y, depth = moved @ right, moved @ np.cross(right, back), -(moved @ back)
        safe = np.maximum(depth, NEAREST_M)
        middle = np.array(self.size) / 2
        return np.stack((x, y), 1) / safe[:, None] * self.size[0] + middle, depth


def points_of(cloud):
    """Return points (N, 3) of a PointCloud2, and their colours (N, 3) or None."""
    names = [field.name for field in cloud.fields]
    kind = np.dtype({'names': names, 'formats': [TYPES[field.datatype] for field in cloud.fields],
                     'offsets': [field.offset for field in cloud.fields],
                     'itemsize': cloud.point_step})
    rows = np.frombuffer(bytes(cloud.data), kind)
    points = np.stack([rows[name].astype(float) for name in 'xyz'], 1)
    if 'rgb' not in names:
        return points, None
    packed = rows['rgb'].copy().view(np.uint32)
    return points, np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], 1)


def marker_points(marker):
    """Return the points (N, 3) of a marker in the map frame, of a sphere its surface."""
    pose = pose_of_message(marker.pose)
    if marker.type == Marker.SPHERE:
        angles = np.linspace(0, 2 * np.pi, 24)
        turn, rise = (grid.reshape(-1) for grid in np.meshgrid(angles, angles / 2))
        own = np.stack((np.cos(turn) * np.sin(rise), np.sin(turn) * np.sin(rise), np.cos(rise)), 1)
        own *= np.array((marker.scale.x, marker.scale.y, marker.scale.z)) / 2
    else:
        own = np.array([(p.x, p.y, p.z) for p in marker.points] or [(0.0, 0.0, 0.0)])
    return own @ pose[:3, :3].T + pose[:3, 3]


def colour_of(marker):
    """Return the colour of a marker as OpenCV has it."""
    return tuple(round(255 * value) for value in (marker.color.b, marker.color.g, marker.color.r))


def whole(pixel):
    """Return a pixel as OpenCV takes it."""
    return tuple(int(value) for value in np.clip(np.rint(pixel), -10000, 10000))


class Canvas:
    """A picture that is drawn into from the far things to the near ones."""

    def __init__(self, eye):
        """Begin with the background."""
        self.eye = eye
        self.picture = np.full((eye.size[1], eye.size[0], 3), BACKGROUND[::-1], np.uint8)

    def points(self, points, colours, size_m):
        """Draw discs of a diameter in metres, the nearest last; 0 m: one pixel."""
        pixels, depths = self.eye.seen(points)
        order = np.argsort(-depths)
        for number in order[depths[order] > NEAREST_M]:
            radius = round(size_m / 2 / depths[number] * self.eye.size[0])
            cv2.circle(self.picture, whole(pixels[number]), radius,
                       [int(value) for value in colours[number][::-1]], -1,
                       cv2.LINE_AA if radius else cv2.LINE_8)

    def lines(self, starts, ends, colour, width):
        """Draw lines between points (N, 3)."""
        pixels, depths = self.eye.seen(np.concatenate((starts, ends)))
        for number in range(len(starts)):
            pair = [number, len(starts) + number]
            if depths[pair].min() > NEAREST_M:
                cv2.line(self.picture, *map(whole, pixels[pair]), colour, width, cv2.LINE_AA)

    def marker(self, marker):
        """Draw a marker of one of the kinds that the relocaliser sends."""
        points, colour = marker_points(marker), colour_of(marker)
        if marker.type == Marker.CUBE_LIST:
            self.points(points, np.tile(colour[::-1], (len(points), 1)), marker.scale.x)
        elif marker.type == Marker.LINE_LIST:
            self.lines(points[::2], points[1::2], colour, 2)
        elif marker.type == Marker.SPHERE:
            hull = cv2.convexHull(np.float32(self.eye.seen(points)[0]))
            below = self.picture.copy()
            cv2.fillConvexPoly(below, np.rint(hull).astype(np.int32), colour, cv2.LINE_AA)
            self.picture = cv2.addWeighted(below, marker.color.a, self.picture,
                                           1 - marker.color.a, 0)
        elif marker.type == Marker.TEXT_VIEW_FACING:
            self.text(marker, self.eye.seen(points), colour)

    def text(self, marker, seen, colour):
        """Draw the lines of a text marker above its place, large enough to be read."""
        (pixel,), (depth,) = seen
        letter = max(0.4, marker.scale.z / depth * self.eye.size[0] / LETTER_PX)
        lines, step = marker.text.split('\n'), round(1.3 * LETTER_PX * letter)
        widths = [cv2.getTextSize(line, FONT, letter, 1)[0][0] for line in lines]
        left = round(np.clip(pixel[0] - max(widths) / 2, 8, self.eye.size[0] - max(widths) - 8))
        top = round(max(0, pixel[1] - step * len(lines)))
        behind_text = self.picture[top:top + step * len(lines) + 12,
                                   max(0, left - 8):left + max(widths) + 8]
        behind_text[:] = behind_text * DARKENED
        for number, line in enumerate(lines):
            cv2.putText(self.picture, line, (left, top + step * (number + 1) + 2), FONT, letter,
                        colour, 1, cv2.LINE_AA)


def beside(scene, image):
    """Return the picture of the camera to the right of that of the scene, as high as it is."""
    height = scene.shape[0]
    scaled = cv2.resize(image, (round(height * image.shape[1] / image.shape[0]), height),
                        interpolation=cv2.INTER_AREA)
    return np.concatenate((scene, np.full((height, 4, 3), 200, np.uint8), scaled), 1)


def eye_for(scene, markers, arguments):
    """Return an Eye behind the camera that has nearly the whole scene in view."""
    low, high = np.percentile(scene, (2, 98), axis=0) if len(scene) else (-np.ones(3), np.ones(3))
    yaw = arguments.yaw
    if yaw is None:
        yaw = next((behind(marker) for marker in markers if marker.ns == 'camera'), -60.0)
    size = np.array((arguments.width, arguments.height))
    eye = Eye((low + high) / 2, arguments.distance or 0.1, np.radians(yaw),
              np.radians(arguments.pitch), tuple(size.tolist()))
    while not arguments.distance and len(scene):
        pixels, depths = eye.seen(scene)
        within = (depths > NEAREST_M) & ((pixels > 0) & (pixels < size)).all(1)
        if within.mean() > IN_VIEW:
            break
        eye = replace(eye, distance=1.05 * eye.distance)
    return eye


def behind(camera):
    """Return the yaw, degrees, of an eye behind the marker of a camera and a little beside it."""
    ahead = -pose_of_message(camera.pose)[:2, 2]
    return float(np.degrees(np.arctan2(ahead[1], ahead[0]))) + BESIDE


def below_ceiling(points, colours, markers):
    """Return the points that hide neither the camera nor the room from above."""
    cameras = [marker.pose.position.z for marker in markers if marker.ns == 'camera']
    kept = points[:, 2] < (cameras[0] if cameras else np.median(points[:, 2])) + CEILING
    return points[kept], colours[kept]


def cube_centres(markers):
    """Return the centres (N, 3) of the cubes among markers."""
    return np.concatenate([np.zeros((0, 3)), *(marker_points(marker) for marker in markers
                                               if marker.type == Marker.CUBE_LIST)])


def drawn(messages, arguments):
    """Return the picture of the newest messages, by topic."""
    markers = [marker for topic in ('markers', 'coverage') if topic in messages
               for marker in messages[topic].markers]
    points, colours = np.zeros((0, 3)), np.zeros((0, 3))
    if 'scene_cloud' in messages and messages['scene_cloud'].width:
        points, colours = below_ceiling(*points_of(messages['scene_cloud']), markers)
    canvas = Canvas(eye_for(points if len(points) else cube_centres(markers), markers, arguments))
    canvas.points(points, colours, arguments.point_size)
    way = np.array([(p.pose.position.x, p.pose.position.y, p.pose.position.z)
                    for p in getattr(messages.get('path'), 'poses', [])]).reshape(-1, 3)
    canvas.lines(way[:-1], way[1:], PATH[::-1], 2)
    if 'inliers' in messages:
        inliers = points_of(messages['inliers'])[0]
        canvas.points(inliers, np.tile(INLIERS, (len(inliers), 1)), 0.0)
    for marker in markers:
        canvas.marker(marker)
    if 'debug_image' not in messages:
        return canvas.picture
    return beside(canvas.picture, CvBridge().imgmsg_to_cv2(messages['debug_image'], 'bgr8'))


def listened(node_name, seconds):
    """Return {topic: newest message} of a relocaliser, after some seconds."""
    node, messages = rclpy.create_node('render_view'), {}
    for topic, kind in TOPICS.items():
        quality = QoSProfile(depth=5)
        if topic in LATCHED_TOPICS:
            quality.durability = DurabilityPolicy.TRANSIENT_LOCAL
        node.create_subscription(kind, f'{node_name}/{topic}',
                                 lambda message, topic=topic: messages.update({topic: message}),
                                 quality)
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        rclpy.spin_once(node, timeout_sec=0.1)
    node.destroy_node()
    return messages


def parsed(argv):
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, required=True, help='PNG file')
    parser.add_argument('--node', default='/relocaliser', help='full name of the relocaliser')
    parser.add_argument('--seconds', type=float, default=10.0, help='how long to listen')
    parser.add_argument('--yaw', type=float, help='of the eye, degrees; else behind the camera')
    parser.add_argument('--pitch', type=float, default=45.0, help='above the horizon, degrees')
    parser.add_argument('--distance', type=float, default=0.0, help='metres; 0: the scene fits')
    parser.add_argument('--point-size', type=float, default=0.07, help='metres')
    parser.add_argument('--width', type=int, default=720, help='of the scene, pixels')
    parser.add_argument('--height', type=int, default=480, help='pixels')
    return parser.parse_args(argv)


def main(argv=None):
    """Listen, draw and write; returns 1 where nothing came."""
    arguments = parsed(argv)
    rclpy.init()
    messages = listened(arguments.node, arguments.seconds)
    rclpy.shutdown()
    expected = [topic for topic in TOPICS if topic not in OF_MAPPER]
    if any(topic in messages for topic in OF_MAPPER):
        expected = []
    missing = ', '.join(f'{arguments.node}/{topic}' for topic in expected if topic not in messages)
    if not messages:
        sys.stderr.write(f'nothing came on {missing} for {arguments.seconds:g} s; is the '
                         'relocaliser active, and is ROS_DOMAIN_ID the same?\n')
        return 1
    if missing:
        sys.stderr.write(f'nothing came on {missing}\n')
    cv2.imwrite(str(arguments.out), drawn(messages, arguments), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return 0


if __name__ == '__main__':
    sys.exit(main())
