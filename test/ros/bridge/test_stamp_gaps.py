# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Lost images are counted by the gaps between stamps, where the camera has a rate."""

import numpy as np
import pytest

from scene_reloc_ros.ros.bridge.stamp_gaps import StampGaps

HZ30_NS = 33_333_333


def counted(stamps_ns):
    """Return what was counted of stamps."""
    gaps = StampGaps()
    for stamp_ns in stamps_ns:
        gaps.take(int(stamp_ns))
    return gaps


@pytest.mark.parametrize('share', [0.0, 0.1, 0.4, 0.7])
@pytest.mark.parametrize('jitter', [0.0, 0.04])
def test_as_many_are_counted_as_were_lost(share, jitter):
    random = np.random.default_rng(3)
    stamps = (np.arange(600) + jitter * random.standard_normal(600)) * HZ30_NS + 1e9
    arrived = random.random(600) >= share
    arrived[[0, -1]] = True
    gaps = counted(stamps[arrived])
    lost = (~arrived[np.flatnonzero(arrived)[10]:]).sum()  # the rate is known after ten intervals
    assert gaps.lost == pytest.approx(lost, abs=0.05 * lost)
    assert (gaps.told() is None) == (share == 0)


def test_six_of_eight_lost_pictures_are_told():
    stamps = [stamp for number, stamp in enumerate(np.arange(400) * HZ30_NS + 1e9)
              if number % 8 in (0, 1)]
    lost, sent = counted(stamps).told()
    assert lost / sent == pytest.approx(6 / 8, abs=0.02)


def test_a_camera_without_a_rate_has_no_gaps():
    random = np.random.default_rng(4)
    for intervals in (random.uniform(50e6, 150e6, 300), random.exponential(100e6, 300) + 1e6):
        gaps = counted(np.cumsum(intervals))
        assert gaps.lost <= 10 and gaps.told() is None


def test_a_pause_is_not_a_loss_and_a_change_of_the_rate_costs_few():
    slow = 2 * HZ30_NS
    paused = np.r_[np.arange(100) * HZ30_NS, 60e9 + np.arange(100) * HZ30_NS] + 1e9
    assert counted(paused).lost == 0
    slower = np.r_[np.arange(100) * HZ30_NS, 100 * HZ30_NS + np.arange(300) * slow] + 1e9
    gaps = counted(slower)
    assert gaps.lost <= 50 and gaps.told() is None


def test_stamps_that_repeat_or_go_back_are_ignored_and_a_restart_begins_anew():
    stamps = np.arange(100) * HZ30_NS + 10 ** 9
    gaps = counted(np.r_[stamps, stamps[:50], stamps[-1]])
    assert gaps.lost == 0
    gaps.restart()
    gaps.take(10 ** 12)
    assert gaps.lost == 0
