# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The node's side of a training process: begin, listen, cancel."""

import multiprocessing
import threading

from scene_reloc_ros.ros.mapper.training_process import train

_STOP_S = 20.0  # a training step, and a feature buffer in work, end within this time


class Training:
    """One training in a process of its own, so that no camera callback ever waits for it."""

    def __init__(self, session, options, on_progress, on_end, entry=train):
        """Begin.

        Args:
            session: a MappingSession.
            options: MapperNodeOptions.
            on_progress: called with (stage, fraction, text).
            on_end: called once with (kind, text), kind in 'done', 'failed', 'cancelled'.
            entry: what the process runs.
        """
        context = multiprocessing.get_context('spawn')
        self._messages, child_end = context.Pipe(duplex=False)
        self._cancel = context.Event()
        self._on_progress, self._on_end = on_progress, on_end
        self.begun = threading.Event()  # the recording is open, or the training has ended
        self.outcome = None
        self.quality = ''  # one sentence on how good the map is
        settings = {name: getattr(options, name)
                    for name in ('preset', 'encoder', 'minutes', 'device', 'seed',
                                 'niceness')}
        self._process = context.Process(
            target=entry, daemon=True, name='training',
            args=(str(session.recording), str(session.map_path), settings, child_end,
                  self._cancel))
        self._process.start()
        child_end.close()
        self._listener = threading.Thread(target=self._listen, daemon=True, name='training')
        self._listener.start()

    def cancel(self):
        """Ask the training to stop and wait until it has; it is killed if it does not."""
        self._cancel.set()
        self._listener.join(_STOP_S)
        if self._listener.is_alive():
            self._process.kill()
            self._listener.join()

    def _listen(self):
        outcome = None
        while True:
            try:
                kind, *content = self._messages.recv()
            except EOFError:
                break
            if kind == 'progress':
                self._on_progress(*content)
            elif kind == 'judged':
                self.quality = content[0]
            elif kind == 'opened':
                self.begun.set()
            else:
                outcome = (kind, content[0] if content else '')
        self._process.join()
        self.outcome = outcome or self._death()
        self.begun.set()
        self._on_end(*self.outcome)

    def _death(self):
        if self._cancel.is_set():
            return 'cancelled', ''
        return 'failed', (f'the training process ended with exit code {self._process.exitcode}; '
                          'was there too little memory? its log says more')
