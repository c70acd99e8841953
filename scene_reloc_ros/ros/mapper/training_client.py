# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Client of the training process: begin, listen, cancel, and what the node says meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import multiprocessing
from pathlib import Path
import threading
import time
from typing import Any, Optional, Protocol

from scene_reloc_ros.files.outputs import writable_folder
from scene_reloc_ros.ros.bridge.json_text import json_text
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions, motion_bounds
from scene_reloc_ros.ros.mapper.recorder import Recorder
from scene_reloc_ros.ros.mapper.training_process import train
from scene_reloc_ros.ros.node.threads import guarded_thread, sentence_of

_BEGIN_S = 100.0  # a slow machine imports the network within this time
_STOP_S = 20.0  # a training step, and a feature buffer in work, end within this time
_END_S = 1.0  # the same where the node ends
_SETTINGS = ('method', 'preset', 'encoder', 'minutes', 'device', 'seed', 'niceness')


class TrainingFiles(Protocol):
    """What a training needs to know of a MappingSession."""

    recording: Path
    map_path: Path


class Training:
    """One training in a process of its own, so that no camera callback ever waits for it."""

    def __init__(self, session: TrainingFiles, options: MapperNodeOptions,
                 on_progress: Callable[[str, float, str], None],
                 on_end: Callable[[str, str], None],
                 entry: Callable[..., None] = train) -> None:
        """Prepare; ``start`` begins.

        Args:
            session: where the recording lies and the map goes.
            options: of the node.
            on_progress: called with (stage, fraction, text).
            on_end: called once with (kind, text), kind in 'done', 'failed', 'cancelled'.
            entry: what the process runs.
        """
        context = multiprocessing.get_context('spawn')
        self._messages, self._child_end = context.Pipe(duplex=False)
        self._cancel = context.Event()
        self._on_progress, self._on_end = on_progress, on_end
        self.begun = threading.Event()  # the recording is open, or the training has ended
        self.outcome: Optional[tuple[str, str]] = None
        self.quality = ''  # one sentence on how good the map is
        settings = {**{name: getattr(options, name) for name in _SETTINGS},
                    'bounds': motion_bounds(options), 'began_s': time.monotonic()}
        self._process = context.Process(
            target=entry, daemon=True, name='training',
            args=(str(session.recording), str(session.map_path), settings, self._child_end,
                  self._cancel))
        self._listener = guarded_thread(self._listen, 'training')
        self._left_over = Path(f'{session.map_path}.partial')  # of a process that was killed

    def start(self) -> None:
        """Start the process and listen to it."""
        self._process.start()
        self._child_end.close()
        self._listener.start()

    def cancel(self, patience_s: Optional[float] = None) -> None:
        """Ask the training to stop and wait until it has; it is killed if it does not.

        Args:
            patience_s: how long it may take; None: as long as a step of the training does.
        """
        self._cancel.set()
        self._listener.join(_STOP_S if patience_s is None else patience_s)
        if self._listener.is_alive():
            self._process.kill()
            self._listener.join()

    def _listen(self) -> None:
        outcome = None
        try:
            while outcome is None:
                outcome = self._heard(*self._messages.recv())
        except EOFError:
            pass
        except Exception as error:  # noqa: BLE001  # it ends like one that has died
            outcome = 'failed', f'the training cannot be listened to: {sentence_of(error)}'
            self._process.kill()
        self._process.join()
        self._left_over.unlink(missing_ok=True)
        self.outcome = outcome or self._death()
        self.begun.set()
        self._on_end(*self.outcome)

    def _heard(self, kind: str, *content: Any) -> Optional[tuple[str, str]]:
        """Take a message of the process; return the outcome where it tells one."""
        if kind == 'progress':
            with suppress(Exception):  # a word that is lost does not end a training
                self._on_progress(*content)
        elif kind == 'judged':
            self.quality = content[0]
        elif kind == 'opened':
            self.begun.set()
        else:
            return kind, content[0] if content else ''
        return None

    def _death(self) -> tuple[str, str]:
        if self._cancel.is_set():
            return 'cancelled', ''
        return 'failed', (f'the training process ended with exit code {self._process.exitcode}; '
                          'was there too little memory? its log says more')


class TrainingClient:
    """The training of a mapper's session; what is asked of it answers as Recorder does."""

    def __init__(self, recorder: Recorder, publish: Callable[[str, str], None],
                 say: Callable[[str, str], None], entry: Callable[..., None] = train) -> None:
        """Begin without a training.

        Args:
            recorder: lends the session.
            publish: called with (topic, text) for the topics progress and map_ready.
            say: called with (reason, sentence) for ~/status.
            entry: what the process runs.
        """
        self._recorder, self._publish, self._say = recorder, publish, say
        self._entry = entry
        self._lock = threading.Lock()
        self._training: Optional[Training] = None

    def begin(self, options: MapperNodeOptions) -> str:
        """Begin to train; answers when the recording is open in the training process."""
        with self._lock:  # who cancels meets a training that runs, or none
            session = self._recorder.lend(options)  # refuses while another training has it
            count = len(session)
            try:
                writable_folder(session.map_path.parent)
            except ValueError:
                self._recorder.take_back(finished=False)
                raise
            self._say('train', f'training of {count} key frames begins')
            training = self._training = Training(
                session, options, self._on_progress, self._on_end, self._entry)
            try:
                training.start()
            except OSError as error:
                self._training = None
                self._recorder.take_back(finished=False)
                raise ValueError(f'the training process cannot be started: {error}') from error
        if not training.begun.wait(_BEGIN_S):
            training.cancel()
            raise ValueError(f'the training process did not begin within {_BEGIN_S:.0f} s')
        if training.outcome is not None and training.outcome[0] != 'done':
            raise ValueError(f'the training ended at once: {training.outcome[1]}')
        return (f'training of {count} key frames has begun; watch ~/progress, '
                'the map is announced on ~/map_ready')

    def cancel(self) -> str:
        """Stop a training; the recording stays."""
        training = self._running()
        if training is None:
            raise ValueError('no training is running')
        count = self._recorder.keyframes
        training.cancel()
        if training.outcome is not None and training.outcome[0] == 'done':
            raise ValueError('the training had finished already; see ~/map_ready')
        return f'the training is cancelled; {count} key frames are kept'

    def shut_down(self) -> None:
        """Cancel a training without a word, and soon: the recording is on disk."""
        training = self._running()
        if training is not None:
            training.cancel(_END_S)

    def _running(self) -> Optional[Training]:
        with self._lock:
            return self._training

    def _on_progress(self, stage: str, fraction: float, text: str) -> None:
        fields: dict[str, Any] = {'stage': stage, 'fraction': round(fraction, 4), 'text': text}
        self._publish('progress', json_text(fields))

    def _on_end(self, kind: str, text: str) -> None:
        """Announce the end of a training, in the thread that listened to it."""
        training, done = self._training, kind == 'done'
        self._training = None
        self._recorder.take_back(finished=done)
        if done:
            self._publish('map_ready', text)
            sentence = f'map {text} is ready'
            if training is not None and training.quality:
                sentence += f'; {training.quality}'
        else:
            sentence = text or 'the training was cancelled'
        self._say(kind, sentence)
