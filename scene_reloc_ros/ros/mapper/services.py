# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The services of the mapper: start, stop, train, cancel, discard, each with its true outcome."""

import json
import threading

from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger

from scene_reloc_ros.ros.mapper.session import MappingSession
from scene_reloc_ros.ros.mapper.training_client import Training

_BEGIN_S = 100.0  # a slow machine imports the network within this time


class MapperServices:
    """Owns the session and the training of a mapper node."""

    def __init__(self, node):
        """Create the services on ``node``, a MapperNode."""
        self._node = node
        self._lock = threading.RLock()
        self._session = None
        self._recording = False
        self._training = None
        group = ReentrantCallbackGroup()
        for name in ('start', 'stop', 'train', 'cancel', 'discard'):
            node.create_service(Trigger, f'~/{name}', self._answer(getattr(self, name)),
                                callback_group=group)

    @property
    def state(self):
        """Return 'training', 'recording', 'recorded' or 'idle'."""
        if self._training is not None:
            return 'training'
        if self._recording:
            return 'recording'
        return 'recorded' if self.keyframes else 'idle'

    @property
    def recording_session(self):
        """The session that frames go to, or None while not recording."""
        return self._session if self._recording else None

    @property
    def keyframes(self):
        """Number of key frames of the session."""
        return len(self._session) if self._session else 0

    @property
    def poses(self):
        """Poses of the key frames of the session."""
        return list(self._session.poses) if self._session else []

    @property
    def recording_path(self):
        """Folder of the session's recording, or an empty string."""
        return '' if self._session is None else str(self._session.recording)

    def start(self):
        """Begin a session, or go on with the one that was stopped."""
        if self._training is not None:
            return False, 'a training is running; wait for it or call ~/cancel'
        if self._recording:
            return False, f'already recording, {self.keyframes} key frames so far'
        if self._session is None:
            self._session = MappingSession(self._node.options.folder)
        self._recording = True
        return True, f'recording to {self._session.recording}, {self.keyframes} key frames so far'

    def stop(self):
        """Pause the session."""
        if not self._recording:
            return False, 'not recording; call ~/start first'
        self._recording = False
        if not self.keyframes:
            return True, f'stopped with 0 key frames; {self._why_empty()}'
        return True, f'stopped with {self.keyframes} key frames; call ~/train to make a map'

    def train(self):
        """Begin to train; answers when the recording is open in the training process."""
        with self._lock:
            if self._training is not None:
                return False, 'a training is running; wait for it or call ~/cancel'
            self._recording = False
            if not self.keyframes:
                return False, f'the session has no key frames: {self._why_empty()}'
            count = self.keyframes
            self._node.say('train', f'training of {count} key frames begins')
            training = self._training = Training(
                self._session, self._node.options, self._on_progress, self._on_end)
        if not training.begun.wait(_BEGIN_S):
            training.cancel()
            return False, f'the training process did not begin within {_BEGIN_S:.0f} s'
        if training.outcome is not None and training.outcome[0] != 'done':
            return False, f'the training ended at once: {training.outcome[1]}'
        return True, (f'training of {count} key frames has begun; watch ~/progress, '
                      'the map is announced on ~/map_ready')

    def cancel(self):
        """Stop a training; the recording stays."""
        training = self._training
        if training is None:
            return False, 'no training is running'
        training.cancel()
        if training.outcome[0] == 'done':
            return False, 'the training had finished already; see ~/map_ready'
        return True, f'the training is cancelled; {self.keyframes} key frames are kept'

    def discard(self):
        """Delete the session."""
        if self._training is not None:
            return False, 'a training is running; call ~/cancel first'
        if self._session is None:
            return False, 'there is no session to discard'
        self._recording = False
        count = self._session.discard()
        self._session = None
        return True, f'discarded {count} key frames'

    def pause(self):
        """Stop recording without a word."""
        self._recording = False

    def shut_down(self):
        """Stop recording and cancel a training."""
        self._recording = False
        training = self._training
        if training is not None:
            training.cancel()

    def _answer(self, action):
        """Wrap an action as service callback: only while active, one sentence, on ~/status too."""
        def callback(request, response):
            if not self._node.is_active:
                response.message = f'the node is {self._node.state_label}; activate it first'
                return response
            response.success, response.message = action()
            self._node.get_logger().info(response.message)
            if not response.success:
                self._node.say('refused', response.message)
            elif action != self.train:  # it has said so already, and may have ended by now
                self._node.say(action.__name__, response.message)
            return response
        return callback

    def _why_empty(self):
        return ('call ~/start, move the camera and see in ~/status why frames are not kept '
                '(image, camera_info and poses must arrive)')

    def _on_progress(self, stage, fraction, text):
        self._node.publish_text('progress', json.dumps(
            {'stage': stage, 'fraction': round(fraction, 4), 'text': text}))

    def _on_end(self, kind, text):
        """Announce the end of a training, in the thread that listened to it."""
        if kind == 'done':
            self._node.publish_text('map_ready', text)
            sentence, self._session = f'map {text} is ready', None
            if self._training is not None and self._training.quality:
                sentence += f'; {self._training.quality}'
        else:
            sentence = text or 'the training was cancelled'
        self._training = None
        self._node.get_logger().info(f'training {kind}: {sentence}')
        self._node.say(kind, sentence)
