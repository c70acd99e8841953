# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The map of a recording that goes on: when it is offered, and when no more."""

from dataclasses import replace
import threading
import time

import numpy as np
import pytest
from support.exact_relocaliser import SCENE_MAP
from support.small_recording import small_frames

from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.ros.mapper.instant_map import instant_path, InstantMap
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.mapper.session import MappingSession

OPTIONS = MapperNodeOptions(instant_map=0.05)


class Counting:
    """Stands in for what grows: its map has a view for every frame; it can be held up."""

    made = 0

    def __init__(self, encoder, seed):
        Counting.made += 1
        self.free, self.seen, self.failing = threading.Event(), [], False
        self.free.set()

    def grow(self, frames, cancelled):
        """Take the frames."""
        self.seen.append(len(frames))
        while not self.free.wait(0.01):
            if cancelled():
                raise MappingCancelled('growing')
        if self.failing:
            raise OSError(28, 'No space left on device')
        views = SCENE_MAP.views[:1].repeat(len(frames), 1, 1)
        return replace(SCENE_MAP, views=views, metadata={'frames': len(frames)})


class Listener:
    """An instant map of one session, and what it says."""

    def __init__(self, folder):
        self.offered, self.told, self.growing = [], [], None
        self.instant = InstantMap(
            lambda path: self.offered.append((path, len(SceneMap.load(path).views))),
            lambda what, error: self.told.append((what, error)), self.make)
        self.session = MappingSession(folder)

    def make(self, encoder, seed):
        """Make what grows, once for each kind."""
        self.growing = Counting(encoder, seed)
        return self.growing

    def record(self, count, options=OPTIONS, **settings):
        """Record frames up to so many, and tell."""
        for frame in small_frames(count)[len(self.session):]:
            assert self.session.offer(frame, options)
        self.instant.follow(self.session, options, **settings)


@pytest.fixture
def listener(tmp_path):
    """Return one whose thread ends with the test."""
    listener = Listener(tmp_path)
    yield listener
    listener.instant.close()


def until(condition, seconds=20.0):
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_is_offered_with_every_key_frame_that_is_on_disk(listener):
    listener.record(1)
    until(lambda: listener.offered)
    listener.record(3)
    until(lambda: len(listener.offered) > 1)
    path = str(instant_path(listener.session.map_path))
    assert listener.offered == [(path, 1), (path, 3)] and listener.instant.keyframes == 3
    label = RecordingLabel.of_map(SceneMap.load(path).metadata)
    assert label.session and label == RecordingLabel.read(listener.session.recording)
    assert label.map_frame == 'map' and not listener.session.map_path.exists()


def test_recording_never_waits_for_it_and_many_key_frames_are_one_growth(listener):
    listener.record(1)
    until(lambda: listener.offered)
    listener.growing.free.clear()
    for count in range(2, 12):
        began_s = time.monotonic()
        listener.instant.follow(listener.session, OPTIONS)
        assert time.monotonic() - began_s < 0.5
        listener.record(count)
    listener.growing.free.set()
    until(lambda: listener.offered[-1][1] == 11)
    assert len(listener.growing.seen) <= 4


def test_between_offers_there_is_time_unless_it_is_wanted_at_once(listener):
    seldom = replace(OPTIONS, instant_map=600.0)
    listener.record(1, seldom)
    until(lambda: listener.offered)
    listener.record(2, seldom)
    time.sleep(0.2)
    assert len(listener.offered) == 1
    listener.record(3, seldom, at_once=True)
    until(lambda: len(listener.offered) == 2)
    assert listener.offered[-1][1] == 3


def test_after_an_end_nothing_is_offered_and_its_file_goes(listener):
    listener.record(2)
    until(lambda: listener.offered)
    path = instant_path(listener.session.map_path)
    listener.growing.free.clear()
    listener.record(4)
    until(lambda: len(listener.growing.seen) > 1)
    listener.instant.end(listener.session.map_path)
    time.sleep(0.1)
    assert len(listener.offered) == 1 and not path.exists()
    assert listener.instant.keyframes is None and not listener.told


def test_with_zero_and_without_a_session_there_is_none(listener):
    listener.instant.follow(None, OPTIONS)
    listener.record(2, replace(OPTIONS, instant_map=0.0))
    time.sleep(0.1)
    assert listener.growing is None and not listener.offered


def test_key_frames_that_were_taken_back_make_it_begin_anew(listener):
    listener.record(2)
    until(lambda: listener.offered)
    first = listener.growing
    listener.session.revision += 1
    listener.record(3)
    until(lambda: len(listener.offered) > 1)
    assert listener.growing is not first


def test_what_fails_is_told_and_the_next_key_frame_tries_again(listener):
    listener.record(1)
    until(lambda: listener.offered)
    listener.growing.failing = True
    listener.record(2)
    until(lambda: listener.told)
    assert listener.told[0][0] == 'the instant map' and 'No space' in str(listener.told[0][1])
    listener.growing.failing = False
    listener.record(3)
    until(lambda: len(listener.offered) > 1)
    assert listener.offered[-1][1] == 3


def test_it_is_warm_before_the_first_key_frame_and_can_begin_anew_after_a_close(listener):
    listener.record(0)
    until(lambda: listener.growing)
    assert not listener.offered
    listener.instant.close()
    listener.record(1)
    until(lambda: listener.offered)


@pytest.mark.alone
def test_the_first_map_is_there_two_seconds_after_the_first_key_frame(tmp_path):
    rng, shape = np.random.default_rng(0), (480, 640)
    camera = Camera(640, 480, 525.0, 525.0, 319.5, 239.5)
    frame = replace(small_frames(1)[0], camera=camera, depth_m=np.full(shape, 2.0, np.float32),
                    image=rng.integers(60, 200, (*shape, 3), np.uint8))
    offered = threading.Event()
    instant = InstantMap(lambda path: offered.set(), lambda what, error: None)
    session = MappingSession(tmp_path)
    instant.follow(session, OPTIONS)  # as ~/start does
    assert session.offer(frame, OPTIONS)
    instant.follow(session, OPTIONS)
    assert offered.wait(2.0)
    instant.close()
