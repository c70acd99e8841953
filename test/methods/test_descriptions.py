# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Descriptions of one image: made once, whoever asks, also side by side."""

from concurrent.futures import ThreadPoolExecutor
import threading

import numpy as np
import pytest
from support.worlds.wall import CAMERA, wall_frames

from scene_reloc_ros.methods.descriptions import Descriptions
from scene_reloc_ros.methods.method import QueryImage


def test_what_several_threads_ask_for_is_made_once():
    described, begun, made = Descriptions(), threading.Barrier(4), []

    def make():
        made.append(threading.get_ident())
        return object()

    def ask(_):
        begun.wait(10)
        return described.once('grid', make)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(made) == 1 and len(set(map(id, found))) == 1


def test_other_keys_are_made_apart_and_one_may_need_another():
    described = Descriptions()
    assert described.once('rows', lambda: described.once('network', lambda: 2) + 1) == 3
    assert described.once('network', lambda: 7) == 2


def test_what_cannot_be_made_fails_for_everyone_that_asks():
    described = Descriptions()

    def fail():
        raise RuntimeError('no memory')
    for _ in range(2):
        with pytest.raises(RuntimeError, match='no memory'):
            described.once('network', fail)


def test_two_images_share_nothing():
    frame = wall_frames(1)[0]
    one, other = (QueryImage.of(frame.image, CAMERA) for _ in range(2))
    one.described.once('grid', lambda: 1)
    assert other.described.once('grid', lambda: 2) == 2
    assert np.array_equal(one.grey, other.grey)
