# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Processor time and memory of this process, as the system counts them."""

from pathlib import Path
import re
import time

import numpy as np
import pytest

from scene_reloc_ros.machine import process_load
from scene_reloc_ros.machine.process_load import ProcessLoad, resident_bytes


def test_a_busy_process_takes_a_core_and_one_that_sleeps_takes_none():
    load = ProcessLoad()
    until_s = time.process_time() + 0.2
    while time.process_time() < until_s:
        pass
    busy = load.fields()['cpu_percent']
    time.sleep(0.2)
    idle = load.fields()['cpu_percent']
    assert idle < 0.5 * busy and idle < 50


def test_memory_grows_by_what_is_taken():
    before = resident_bytes()
    taken = np.ones(8_000_000)  # 64 MB, touched
    grown = resident_bytes() - before
    assert grown == pytest.approx(taken.nbytes, rel=0.2)


def test_memory_is_what_the_system_says():
    if not Path('/proc/self/status').is_file():
        pytest.skip('this system has no /proc')
    kib = int(re.search(r'VmRSS:\s+(\d+)', Path('/proc/self/status').read_text()).group(1))
    assert ProcessLoad().fields()['memory_mb'] == pytest.approx(kib * 1024 / 1e6, rel=0.1)


@pytest.mark.parametrize('content', [None, '', '12', 'one two three'])
def test_without_proc_it_is_the_most_that_the_process_ever_had(content, tmp_path, monkeypatch):
    statm = tmp_path / 'statm'
    if content is not None:
        statm.write_text(content)
    expected = resident_bytes()
    monkeypatch.setattr(process_load, '_STATM', statm)
    assert expected / 2 < resident_bytes() < 1e12
