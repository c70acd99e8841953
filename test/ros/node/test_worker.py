# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The slot between callback and worker: newest only, drops counted, nothing blocks."""

import threading
import time

import cv2

from scene_reloc_ros.ros.node.worker import LatestSlot, Worker


def test_the_newest_item_replaces_the_waiting_one_and_counts_it():
    slot = LatestSlot()
    for item in 'abc':
        slot.put(item)
    assert slot.take() == 'c'
    assert (slot.received, slot.dropped) == (3, 2)
    assert slot.take(timeout_s=0.01) is None


def test_a_cleared_item_is_not_taken():
    slot = LatestSlot()
    slot.put('a')
    slot.clear()
    assert slot.take(timeout_s=0.01) is None


def test_closing_wakes_the_taker():
    slot = LatestSlot()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(slot.take()))
    thread.start()
    slot.close()
    thread.join(5)
    assert taken == [None]


def test_a_busy_worker_gets_the_newest_item_next():
    slot, busy, go_on, handled = LatestSlot(), threading.Event(), threading.Event(), []

    def handle(item):
        handled.append(item)
        busy.set()
        go_on.wait(5)
    worker = Worker(slot, handle, 'test', print)
    assert not worker.alive
    worker.start()
    slot.put(0)
    busy.wait(5)
    for item in range(1, 50):
        slot.put(item)
    busy.clear()
    go_on.set()
    busy.wait(5)
    worker.stop()
    assert handled == [0, 49]
    assert slot.dropped == 48
    assert not worker.alive


def test_an_item_that_fails_costs_that_item_and_is_told():
    slot, told, handled = LatestSlot(), [], threading.Event()

    def handle(item):
        if item != 'good':
            raise item
        handled.set()
    worker = Worker(slot, handle, 'test', lambda item, error: told.append((item, error)))
    worker.start()
    for error in (ValueError('odd width'), MemoryError(), cv2.error('sizes')):
        slot.put(error)
        deadline = time.monotonic() + 5
        while not told or told[-1] != (error, error):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    slot.put('good')
    assert handled.wait(5) and worker.alive and len(told) == 3
    worker.stop()


def test_a_worker_that_was_never_started_can_be_stopped():
    slot = LatestSlot()
    Worker(slot, print, 'test', print).stop()
    assert slot.closed


def test_an_item_that_nobody_wants_is_received_and_not_dropped():
    slot = LatestSlot()
    slot.pass_by()
    slot.put('wanted')
    slot.pass_by()
    assert (slot.received, slot.dropped, slot.take(0.0)) == (3, 0, 'wanted')
