# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A training process seen from the node: progress, cancelling, crashes, and orphans."""

import os
from pathlib import Path
import subprocess
import sys
import threading
import time

import pytest
from support import training_entries
from support.key_frames import KnownPoses, messages_of
from support.places import ROOT, SUPPORT
from support.small_recording import CAMERA, small_frames

from scene_reloc_ros.ros.mapper import training_client as training_module
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.recorder import Recorder


class Listener:
    """Begins a training and keeps what it says."""

    def __init__(self, folder, entry):
        self.progress, self.ends, self.ended = [], [], threading.Event()
        self.training = training_module.Training(
            training_entries.session_in(folder), MapperNodeOptions(preset='fast'),
            lambda *content: self.progress.append(content), self.on_end, entry=entry)
        self.training.start()

    def on_end(self, kind, text):
        """Take the end."""
        self.ends.append((kind, text))
        self.ended.set()


def test_a_training_tells_its_progress_and_stops_when_cancelled(tmp_path):
    listener = Listener(tmp_path, training_entries.obedient)
    assert listener.training.begun.wait(60)
    deadline = time.monotonic() + 20
    while not listener.progress and time.monotonic() < deadline:
        time.sleep(0.01)
    assert listener.progress[0] == ('train', 0.5, f'fast of {tmp_path / "recording"}')
    listener.training.cancel()
    assert listener.ends == [('cancelled', '')]


def test_a_training_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(training_module, '_STOP_S', 0.2)
    listener = Listener(tmp_path, training_entries.deaf)
    assert listener.training.begun.wait(60)
    listener.training.cancel()
    assert listener.ends == [('cancelled', '')]


def test_a_training_that_dies_is_named_with_its_exit_code(tmp_path):
    listener = Listener(tmp_path, training_entries.crashing)
    assert listener.ended.wait(60)
    assert listener.ends[0][0] == 'failed'
    assert 'exit code 137; was there too little memory' in listener.ends[0][1]


def test_a_finished_training_names_its_map(tmp_path):
    listener = Listener(tmp_path, training_entries.finishing)
    assert listener.ended.wait(60)
    assert listener.ends == [('done', str(tmp_path / 'map'))]
    assert (tmp_path / 'map').read_text() == 'map'


@pytest.mark.slow
def test_a_training_ends_with_a_node_that_was_killed(tmp_path):
    subprocess.run(
        [sys.executable, str(SUPPORT / 'training_entries.py'), str(tmp_path)], timeout=90,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(
            (str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')))}, check=False)
    process = int((tmp_path / 'map').read_text())
    deadline = time.monotonic() + 20
    while Path(f'/proc/{process}').exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f'/proc/{process}').exists()


class Teller:
    """A client of a training, and what it publishes and says."""

    def __init__(self, folder, entry):
        self.recorder, self.topics, self.said = Recorder(), [], []
        self.ended = threading.Event()
        self.recorder.start(str(folder))
        frame = small_frames(1)[0]
        self.recorder.take(messages_of(frame), (CAMERA, None), KnownPoses([frame]),
                           MapperNodeOptions())
        self.client = training_module.TrainingClient(
            self.recorder, lambda *text: self.topics.append(text), self.say, entry)

    def say(self, reason, sentence):
        """Take a word for ~/status."""
        self.said.append((reason, sentence))
        if reason != 'train':
            self.ended.set()


def test_a_client_lends_the_session_and_announces_the_map(tmp_path):
    teller = Teller(tmp_path, training_entries.finishing)
    assert 'training of 1 key frames has begun' in teller.client.begin(
        MapperNodeOptions(preset='fast'))
    assert teller.ended.wait(60)
    path = dict(teller.topics)['map_ready']
    assert teller.said == [('train', 'training of 1 key frames begins'),
                           ('done', f'map {path} is ready')]
    assert teller.recorder.state == 'idle'
    with pytest.raises(ValueError, match='no training is running'):
        teller.client.cancel()


def test_a_client_gives_the_session_back_when_it_is_cancelled(tmp_path):
    teller = Teller(tmp_path, training_entries.obedient)
    teller.client.begin(MapperNodeOptions(preset='fast'))
    with pytest.raises(ValueError, match='a training is running; wait for it'):
        teller.client.begin(MapperNodeOptions(preset='fast'))
    assert teller.client.cancel() == 'the training is cancelled; 1 key frames are kept'
    assert teller.recorder.state == 'recorded'
    assert teller.said[-1] == ('cancelled', 'the training was cancelled')
