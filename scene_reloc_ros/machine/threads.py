# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Threads on a machine that others use too: how long they wait for each other, and how many.

The threads of a parallel region wait for the slowest. Where another process has its core, the rest
spin, milliseconds at OpenMP's own setting, and take from the same cores what the slowest needs: a
training beside one busy process then runs at a tenth of its speed. Threads that sleep at once are
woken hundreds of times a step, which costs an idle machine. A spin that covers the gap to the next
region, and no more, costs neither; and work too small to be shared out stays in one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import math
import os
from pathlib import Path

SPINS = 2000  # of libgomp, some 50 us: longer than most gaps between two regions
_BLOCKTIME_MS = 1  # the least of Intel's and LLVM's OpenMP that spins at all
WAITING = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')
_COUNTS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS')
_CGROUP = Path('/sys/fs/cgroup')


def share_cores() -> None:
    """Bound the waiting of OpenMP's threads, and their number by the share of the cores.

    It has to be called before torch is imported, which reads the environment once; processes that
    are started later inherit it. What the user has set stays.
    """
    if not any(name in os.environ for name in WAITING):
        os.environ.update(GOMP_SPINCOUNT=str(SPINS), KMP_BLOCKTIME=str(_BLOCKTIME_MS))
    quota = core_quota()
    if quota < usable_cores() and not any(name in os.environ for name in _COUNTS):
        os.environ['OMP_NUM_THREADS'] = str(max(1, int(quota)))


def usable_cores() -> int:
    """Return how many cores this process may run on, count."""
    return len(os.sched_getaffinity(0))


def core_quota(cgroup: Path = _CGROUP) -> float:
    """Return how many cores' time a container may take, infinite without a bound.

    A container of two cores' time on a machine of 16 sees 16: as many threads would stop each
    other. Both versions of Linux' control groups are read.
    """
    try:
        quota, period = (cgroup / 'cpu.max').read_text().split()
    except (OSError, ValueError):
        try:
            quota, period = ((cgroup / 'cpu' / f'cpu.cfs_{name}_us').read_text().strip()
                             for name in ('quota', 'period'))
        except OSError:
            return math.inf
    bounded = quota.isdecimal() and period.isdecimal() and int(period) > 0
    return int(quota) / int(period) if bounded else math.inf


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's work in the calling thread alone: for many small operations in a row.

    Answers stay the same to the last bit where no operation sums over more than a thread's part.
    """
    import torch  # late: share_cores comes first
    count = torch.get_num_threads()
    if count == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(count)
