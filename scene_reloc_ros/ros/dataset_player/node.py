# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Node ``dataset_player``: any data set as camera, depth, odometry and tf topics."""

import threading

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.compat.upstream import Updater
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.dataset_player.playback import chosen_sequence, Playback
from scene_reloc_ros.ros.dataset_player.publishers import PlayerPublishers
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode, main_of


class DatasetPlayerNode(ConfiguredLifecycleNode):
    """Plays when told to, with the parameters of that moment."""

    default_name = 'dataset_player'
    options_type = DatasetPlayerOptions

    def __init__(self, **node_arguments):
        """Create the node, unconfigured; arguments of rclpy's LifecycleNode."""
        self._outputs = self._playback = None
        self._sentence = 'call ~/play'
        self._lock = threading.Lock()
        super().__init__(**node_arguments)
        group = ReentrantCallbackGroup()
        self.create_service(Trigger, '~/play', self._on_play, callback_group=group)
        self.create_service(Trigger, '~/stop', self._on_stop, callback_group=group)
        self._diagnostics = Updater(self)
        self._diagnostics.setHardwareID('none')
        self._diagnostics.add('playback', self._diagnose)

    def configure(self):
        """Create topics."""
        self._outputs = PlayerPublishers(self)

    def activate(self):
        """Begin to play where play_on_start asks for it."""
        if self.options.play_on_start:
            self.play()

    def deactivate(self):
        """End a playback."""
        self.stop()

    def cleanup(self):
        """End a playback and free the topics."""
        self.stop()
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None

    def play(self):
        """Begin to play; returns a sentence, ValueError says why it cannot."""
        with self._lock:
            if self._playback is not None:
                raise ValueError('already playing; call ~/stop first')
            options = self.options
            sequence, indices = chosen_sequence(options)
            self._sentence = f'playing {len(indices)} frames of {options.sequence}'
            self._outputs.publish_finished(False)
            self._playback = Playback(
                self, self._outputs, options, sequence, indices, self._on_end)
            return self._sentence

    def stop(self):
        """End a playback; tells whether there was one."""
        playback = self._playback
        if playback is not None:
            playback.stop()
        return playback is not None

    def _on_end(self, sentence):
        with self._lock:
            self._playback, self._sentence = None, sentence
        self.get_logger().info(sentence)
        self._outputs.publish_status({'state': 'finished', 'stamp_ns': None,
                                      'sentence': sentence})
        self._outputs.publish_finished(True)

    def _on_play(self, request, response):
        if not self.is_active:
            response.message = f'the node is {self.state_label}; activate it first'
            return response
        try:
            response.message, response.success = self.play(), True
        except ValueError as error:
            response.message = str(error)
            self.get_logger().error(response.message)
        return response

    def _on_stop(self, request, response):
        response.success = self.stop()
        response.message = 'stopped' if response.success else 'nothing is being played'
        return response

    def _diagnose(self, status):
        status.summary(DiagnosticStatus.ERROR if self.failure else DiagnosticStatus.OK,
                       self.failure or f'{self.state_label}: {self._sentence}')
        return status


main = main_of(DatasetPlayerNode)

if __name__ == '__main__':
    main()
