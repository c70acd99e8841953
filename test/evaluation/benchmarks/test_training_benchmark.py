# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How fast a head is trained, alone and beside others."""

from pathlib import Path

import pytest

from scene_reloc_ros.evaluation.benchmarks.training_benchmark import busy_processes, training_rate


def test_busy_processes_compute_and_are_gone_afterwards():
    with busy_processes(2) as numbers:
        assert len(numbers) == 2 and all(Path(f'/proc/{number}').exists() for number in numbers)
    assert not any(Path(f'/proc/{number}').exists() for number in numbers)
    with pytest.raises(KeyError), busy_processes(1) as numbers:
        raise KeyError
    assert not Path(f'/proc/{numbers[0]}').exists()


@pytest.mark.slow
def test_steps_and_what_they_cost_are_counted():
    rate = training_rate(0.2, 'fast')
    assert rate['steps'] >= 1 and rate['threads'] >= 1
    assert 0 < rate['steps_per_s'] < 5000 and 0.2 < rate['cpu_ms_a_step'] < 10_000
