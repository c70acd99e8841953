# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""One playback: which frames, when, and how it waits for those who listen."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Indices
import json
import math
import threading
import time

import numpy as np
from rclpy.node import Node
from std_msgs.msg import String

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.readable_frames import UnusableFrames
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.ros.dataset_player.frame_reader import FrameReader
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.dataset_player.publishers import PlayerPublishers
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy, SimulatedOdometry
from scene_reloc_ros.ros.node.qos import RESULT
from scene_reloc_ros.ros.node.threads import guarded_thread, sentence_of

ChosenFrames = tuple[Sequence, Indices[int]]  # a data set, and what is played of it


def chosen_frames(options: DatasetPlayerOptions) -> ChosenFrames:
    """Return (sequence, indices) of the options; ValueError names what is missing."""
    sequence = open_sequence(options.sequence, options.rectified)
    if options.frames:
        sequence = sequence.select(read_frame_list(options.frames))
    indices: Indices[int] = range(options.first, len(sequence), options.step)
    if options.count:
        indices = indices[:options.count]
    if not indices:
        raise ValueError(f'no frame of {options.sequence} is left to play with first='
                         f'{options.first} and step={options.step}; it has {len(sequence)} frames')
    return sequence, indices


class Playback:
    """Plays one sequence in a thread of its own."""

    def __init__(self, node: Node, outputs: PlayerPublishers, options: DatasetPlayerOptions,
                 frames: ChosenFrames, on_end: Callable[[str], None]) -> None:
        """Prepare; ``start`` begins.

        Args:
            node: that plays.
            outputs: its publishers.
            options: they hold for the whole playback.
            frames: what ``chosen_frames`` chose.
            on_end: called with one sentence, in the thread of the playback.
        """
        self._node, self._outputs, self._options = node, outputs, options
        (self._sequence, self._indices), self._on_end = frames, on_end
        self._base_from_cam = pose_of_rpy(options.camera_position, options.camera_rpy)
        x, y, z, yaw = options.odometry_start
        self._odometry = SimulatedOdometry(
            pose_of_rpy((x, y, z), (0, 0, math.radians(yaw))),
            options.odometry_drift_translation, math.radians(options.odometry_drift_rotation),
            options.seed)
        self._stopped = threading.Event()
        self._answers = _Answers(node, options.pace_topic) if options.pace_topic else None
        self._played = self._unanswered = 0
        self._faults: set[str] = set()  # why frames could not be played
        self._unposed: set[str] = set()  # their names
        self._thread = guarded_thread(self._run, 'playback')

    def start(self) -> None:
        """Begin to play; once only."""
        self._thread.start()

    def stop(self) -> None:
        """End the playback and wait until it has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        sentence = 'stopped'
        try:
            self._outputs.publish_mount(self._base_from_cam, self._options)
            self._wait_for_subscribers()
            self._play_once()
            while self._options.loop and not self._stopped.is_set():
                self._play_once()
            if not self._stopped.is_set():
                sentence = (f'played {self._played} frames'
                            + (f', {self._unanswered} of them unanswered' if self._answers
                               else ''))
                sentence = '; '.join((sentence, *self._left_out.sentences))
        except Exception as error:  # noqa: BLE001  # of a reader, a library or a publisher
            sentence = f'playback ended: {sentence_of(error)}'
        finally:
            if self._answers is not None:
                self._answers.close()
            self._on_end(sentence)

    def _wait_for_subscribers(self) -> None:
        deadline = time.monotonic() + self._options.wait_timeout
        while self._outputs.subscribers < self._options.wait_for_subscribers:
            if self._stopped.is_set():
                return
            if time.monotonic() > deadline:
                raise ValueError(
                    f'{self._outputs.subscribers} subscribers of image after '
                    f'{self._options.wait_timeout:.0f} s, {self._options.wait_for_subscribers} '
                    'are waited for; start them or lower wait_for_subscribers')
            time.sleep(0.02)
        if self._answers is not None:
            self._answers.wait_for_publisher(self._options.pace_timeout, self._stopped)

    def _play_once(self) -> None:
        reader = FrameReader(self._sequence, self._indices, self._options.publish_depth)
        reader.start()
        due_s = time.monotonic()
        try:
            for frame in reader:
                self._stopped.wait(max(0.0, due_s - time.monotonic()))
                if self._stopped.is_set():
                    return
                due_s = max(due_s + 1 / self._options.rate, time.monotonic())
                if isinstance(frame, ValueError):
                    self._faults.add(str(frame))
                elif frame.map_from_cam is None:
                    self._unposed.add(frame.name)
                else:
                    self._publish(frame, frame.map_from_cam)
        finally:
            reader.stop()
        self._left_out.refuse_too_many()
        if not self._played:
            raise ValueError('no frame has a pose, so their odometry is not known')

    @property
    def _left_out(self) -> UnusableFrames:
        return UnusableFrames(len(self._indices), sorted(self._faults), len(self._unposed))

    def _publish(self, frame: PosedImage, map_from_cam: np.ndarray) -> None:
        options = self._options
        now_ns = self._node.get_clock().now().nanoseconds
        stamp_ns = now_ns if options.stamps == 'now' else frame.stamp_ns
        self._played += 1
        self._outputs.publish_status({
            'state': 'playing', 'stamp_ns': stamp_ns, 'name': frame.name, 'frame': self._played,
            'frames': len(self._indices), 'unanswered': self._unanswered})
        map_from_base = map_from_cam @ invert_pose(self._base_from_cam)
        odom_from_base = self._odometry.odom_from_base(map_from_base)
        self._outputs.publish_motion(stamp_ns, map_from_base, odom_from_base, options)
        self._outputs.publish_camera(stamp_ns, frame, options)
        if self._answers is not None:
            answered = self._answers.wait(stamp_ns, options.pace_timeout, self._stopped)
            self._unanswered += not answered


class _Answers:
    """Listens for the newest stamp that a node has answered on its status topic."""

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        self._condition = threading.Condition()
        self._newest_ns = -1
        self._subscription = node.create_subscription(String, topic, self._on_status, RESULT)

    def wait_for_publisher(self, timeout_s: float, stopped: threading.Event) -> None:
        """Give the node that answers some time to be found; an absent one is not awaited."""
        deadline = time.monotonic() + timeout_s
        while (not self._node.count_publishers(self._subscription.topic_name)
               and time.monotonic() < deadline and not stopped.is_set()):
            time.sleep(0.02)

    def wait(self, stamp_ns: int, timeout_s: float, stopped: threading.Event) -> bool:
        """Tell whether the stamp was answered in time."""
        with self._condition:
            return self._condition.wait_for(
                lambda: self._newest_ns >= stamp_ns or stopped.is_set(), timeout_s)

    def close(self) -> None:
        """Stop listening."""
        self._node.destroy_subscription(self._subscription)

    def _on_status(self, message: String) -> None:
        try:
            stamp_ns = json.loads(message.data).get('stamp_ns')
        except (ValueError, AttributeError):
            return
        if stamp_ns is not None:
            with self._condition:
                self._newest_ns = stamp_ns
                self._condition.notify_all()
