# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``dataset_player``: any data set as camera, depth, odometry and tf topics."""

from __future__ import annotations

import threading
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.dataset_player.playback import chosen_frames, Playback
from scene_reloc_ros.ros.dataset_player.publishers import PlayerPublishers
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.process import end, run_node


class DatasetPlayerNode(ConfiguredLifecycleNode):
    """Plays when told to, with the parameters of that moment."""

    default_name = 'dataset_player'
    options_type = DatasetPlayerOptions
    diagnosis = 'playback'

    def __init__(self, **node_arguments: Any) -> None:
        """Create the node, unconfigured; arguments of rclpy's LifecycleNode."""
        self._playback: Optional[Playback] = None
        self._sentence = 'call ~/play'
        self._lock = threading.Lock()
        super().__init__(**node_arguments)
        group = ReentrantCallbackGroup()
        self.create_service(Trigger, '~/play', self._on_play, callback_group=group)
        self.create_service(Trigger, '~/stop', self._on_stop, callback_group=group)

    def on_options(self, options: DatasetPlayerOptions, changed: set[str]) -> None:
        """Try what names a data set or a list; ValueError refuses the change."""
        if 'sequence' in changed:
            open_sequence(options.sequence)
        if 'frames' in changed and options.frames:
            read_frame_list(options.frames)

    def uses(self) -> list[str]:
        """Return what is played, and what is waited for."""
        waits = '' if self.options.play_on_start else 'waits for ~/play'
        return [f'plays {self.options.sequence}', waits]

    def configure(self) -> None:
        """Create topics."""
        self._outputs = PlayerPublishers(self)
        self.closers.callback(self._outputs.destroy)

    def activate(self) -> None:
        """Begin to play where play_on_start asks for it."""
        if self.options.play_on_start:
            self.play()

    def deactivate(self) -> None:
        """End a playback."""
        self.stop()

    def cleanup(self) -> None:
        """End a playback and free the topics."""
        self.stop()
        super().cleanup()

    def play(self) -> str:
        """Begin to play; returns a sentence, ValueError says why it cannot."""
        with self._lock:
            if self._playback is not None:
                raise ValueError('already playing; call ~/stop first')
            options = self.options
            frames = chosen_frames(options)
            self._sentence = f'playing {len(frames[1])} frames of {options.sequence}'
            self._outputs.publish_finished(False)
            self._playback = Playback(self, self._outputs, options, frames, self._on_end)
            self._playback.start()
            return self._sentence

    def stop(self) -> bool:
        """End a playback; tells whether there was one."""
        playback = self._playback
        if playback is not None:
            playback.stop()
        return playback is not None

    def _on_end(self, sentence: str) -> None:
        with self._lock:
            self._playback, self._sentence = None, sentence
        self.get_logger().info(sentence)
        self._outputs.publish_status({'state': 'finished', 'stamp_ns': None,
                                      'sentence': sentence})
        self._outputs.publish_finished(True)

    def _on_play(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if not self.is_active:
            response.message = f'the node is {self.state_label}; activate it first'
            return response
        try:
            response.message, response.success = self.play(), True
        except ValueError as error:
            response.message = str(error)
            self.get_logger().error(response.message)
        return response

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self.stop()
        response.message = 'stopped' if response.success else 'nothing is being played'
        return response

    def diagnose(self, status: DiagnosticStatus) -> None:
        """Say what is played."""
        status.summary(DiagnosticStatus.OK, f'{self.state_label}: {self._sentence}')


def main() -> None:
    """Run the node; ``ros2 run`` begins in ``__main__``, before the imports of this file."""
    end(run_node(DatasetPlayerNode))


if __name__ == '__main__':
    main()
