# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The judge of the relocaliser under load finds each fault that is planted, and no other."""

import importlib
from pathlib import Path
import sys

import pytest

PERIOD_NS = 66_666_667  # of 15 Hz
WORK_NS = 60_000_000
JOURNEY_NS = 5_000_000
TF_NS = 33_333_333


@pytest.fixture(scope='module')
def load():
    """Return the script as a module."""
    folder = str(Path(__file__).resolve().parents[1] / 'scripts')
    sys.path.insert(0, folder)
    try:
        yield importlib.import_module('node_load')
    finally:
        sys.path.remove(folder)


def run_of(load, queue=0, work_ns=WORK_NS, growth_mb=0.0, tf_ns=TF_NS):
    """Return what is heard of a node that works on each image at once, or some images late."""
    stamps = [1_000_000_000 + i * PERIOD_NS for i in range(300)]
    observed = load.Observed(published=stamps)
    for i, stamp_ns in enumerate(stamps[:len(stamps) - queue]):
        ended_ns = stamps[i + queue] + JOURNEY_NS + work_ns
        observed.answers.append((stamp_ns, ended_ns))
        observed.poses.append((stamp_ns, ended_ns))
    observed.transforms = list(range(stamps[0], stamps[-1], tf_ns))
    observed.memory_mb = [(stamp_ns, 400 + growth_mb * i / len(stamps))
                          for i, stamp_ns in enumerate(stamps)]
    return observed


def judged(load, loaded, **phases):
    """Return the sentences of what is not as it has to be."""
    found = load.figures(run_of(load), loaded, {'busy': loaded, **phases}, PERIOD_NS)
    return [what for what, is_so in load.verdicts(found).items() if not is_so]


def test_a_node_that_keeps_up_is_right_in_everything(load):
    found = load.figures(run_of(load), run_of(load), {'busy': run_of(load)}, PERIOD_NS)
    assert found['single_ms'] == pytest.approx((WORK_NS + JOURNEY_NS) * 1e-6)
    assert found['delay_p95_ms'] == pytest.approx(found['single_ms'])
    assert found['tf_hz']['busy'] == pytest.approx(30, rel=1e-3)
    assert (found['images'], found['answers'], found['overtaken']) == (300, 300, 0)
    assert judged(load, run_of(load)) == []


def test_a_node_that_waits_in_a_queue_works_on_what_was_overtaken(load):
    late = run_of(load, queue=3)
    assert len(load.overtaken(late, PERIOD_NS)) == len(late.answers) - 1  # but the first
    assert 'no image was worked on that a newer one had overtaken' in judged(load, late)


def test_an_image_out_of_order_is_found(load):
    swapped = run_of(load)
    swapped.answers[10], swapped.answers[11] = swapped.answers[11], swapped.answers[10]
    assert len(load.overtaken(swapped, 10 * PERIOD_NS)) == 1


def test_a_node_that_says_nothing_is_not_right(load):
    wrong = judged(load, load.Observed(published=[1, 2]))
    assert len(wrong) == 3  # images, poses, transform


@pytest.mark.parametrize('fault, sentence', [
    ({'work_ns': 130_000_000}, 'within 2 times that of a single frame'),
    ({'growth_mb': 30.0}, 'memory grew'), ({'tf_ns': 40_000_000}, 'kept its rate, busy'),
    ({'tf_ns': 29_000_000}, 'kept its rate, busy')])
def test_a_planted_fault_is_found(load, fault, sentence):
    wrong = judged(load, run_of(load, **fault))
    assert len(wrong) == 1 and sentence in wrong[0]


def test_a_growth_and_a_rate_within_their_bounds_are_allowed(load):
    assert judged(load, run_of(load, growth_mb=15.0, tf_ns=35_000_000)) == []
    assert load.growth_mb([]) == 0.0 and load.rate_hz([5]) == 0.0


def test_a_phase_is_what_was_heard_in_its_time(load):
    part = run_of(load).between(2_000_000_000, 3_000_000_000)
    assert len(part.published) == len(part.answers) == len(part.poses) == 15
    assert len(part.transforms) == pytest.approx(30, abs=1)
