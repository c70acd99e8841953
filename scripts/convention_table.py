# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Table of the convention check: what it says of clean recordings and of planted mistakes.

    .venv/bin/python scripts/convention_table.py --simulated 10 --folder redkitchen

A row is a block of consecutive frames; a column a mistake that was planted in it.
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
import sys
import time

import torch

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.planted_mistakes import KeptFrames, MistakenSequence, PLANTS
from scene_reloc_ros.pipeline.conventions.check import check_conventions

CLEAN = 'clean'
ROOMS = ('living', 'other0', 'other1', 'other2', 'other3')
MOST_STEPS = 12  # longest gap between two frames of a block, of the shortest
SPARED = 8  # frames before and after a block, of which poses of other times are taken


def simulated_blocks(count, frames):
    """Yield (name, sequence, first frame) of simulated rooms, each with a seed of its own."""
    for seed in range(count):
        room = ROOMS[seed % len(ROOMS)]
        sequence = open_sequence(f'simulated:survey?seed={seed}&room={room}')
        yield f'{room} {seed}', sequence, 17 * seed % (len(sequence) - frames - 2 * SPARED)


def recorded_blocks(folder, frames, stride):
    """Yield (name, sequence, first frame) of the blocks of a recording."""
    sequence = open_sequence(folder)
    for first in range(0, len(sequence) - frames - 2 * SPARED + 1, stride):
        if whole(sequence, first, frames + 2 * SPARED):
            yield f'{Path(folder).name} {first}', sequence, first


def whole(sequence, first, frames):
    """Tell whether frames follow each other without a gap."""
    stamps = [sequence.stamp_ns(index) for index in range(first, first + frames)]
    steps = [after - before for before, after in zip(stamps, stamps[1:])]
    return max(steps) < MOST_STEPS * min(steps)


def block_of(around, mistake, seed):
    """Return (frames of a block with a mistake, the offset planted in milliseconds)."""
    frames, planted_ms = around, 0.0
    if mistake != CLEAN:
        frames = MistakenSequence(around, mistake, seed)
        planted_ms = -1000 * frames.plant.offset_s
    return [frames[index] for index in range(SPARED, len(frames) - SPARED)], planted_ms


def said(report):
    """Return the codes of what was found, joined, and the offset in milliseconds."""
    found = '+'.join(finding.mistake.value for finding in report.findings)
    return found or CLEAN, 1000 * report.time_offset_s


@dataclass
class Tally:
    """What was said of all blocks with one mistake."""

    said: Counter = field(default_factory=Counter)
    errors_ms: list = field(default_factory=list)
    seconds: list = field(default_factory=list)

    def judge(self, around, mistake, seed, with_depth):
        """Check a block with a mistake; return what was found, and the report."""
        frames, planted_ms = block_of(around, mistake, seed)
        if not with_depth:
            frames = [replace(frame, depth_m=None) for frame in frames]
        began_s = time.process_time()
        report = check_conventions(frames)
        self.seconds.append(time.process_time() - began_s)
        found, found_ms = said(report)
        self.said[found] += 1
        self.errors_ms += [abs(found_ms - planted_ms)] if 'time_offset' in found else []
        return found, report

    def line(self, mistake):
        """Return the row of a mistake."""
        offsets = f'; off by up to {max(self.errors_ms):.1f} ms' if self.errors_ms else ''
        return (f'{mistake:<20} {self.said[mistake]} of {self.said.total()} right; '
                f'{dict(self.said)}{offsets}; {max(self.seconds):.1f} s at most')


def say(line):
    """Write a line that whoever waits can read at once."""
    sys.stdout.write(f'{line}\n')
    sys.stdout.flush()


def parsed(argv):
    """Return the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--simulated', type=int, default=0, help='simulated rooms, count')
    parser.add_argument('--folder', action='append', default=[], help='of a recording')
    parser.add_argument('--mistake', action='append', help='one or several; else all, and clean')
    parser.add_argument('--frames', type=int, default=40, help='of a block')
    parser.add_argument('--stride', type=int, default=60, help='frames from block to block')
    parser.add_argument('--no-depth', action='store_true', help='leave the depth out')
    parser.add_argument('--verbose', action='store_true', help='a line for every block')
    return parser.parse_args(argv)


def main(argv=None):
    """Check all blocks and print the table; returns 1 where something was named wrongly."""
    arguments = parsed(argv)
    torch.set_num_threads(1)
    blocks = [*simulated_blocks(arguments.simulated, arguments.frames)]
    for folder in arguments.folder:
        blocks += recorded_blocks(folder, arguments.frames, arguments.stride)
    tallies = {mistake: Tally() for mistake in arguments.mistake or (CLEAN, *PLANTS)}
    for seed, (name, sequence, first) in enumerate(blocks):
        around = KeptFrames(sequence, range(first, first + arguments.frames + 2 * SPARED))
        for mistake, tally in tallies.items():
            found, report = tally.judge(around, mistake, seed, not arguments.no_depth)
            if arguments.verbose:
                say(f'  {name:<18} {mistake:<18} {found}: {report.error_px or 0:.1f} px, '
                    f'{report.pairs} pairs; {report.sentence}')
    for mistake, tally in tallies.items():
        say(tally.line(mistake))
    wrong = sum(tally.said.total() - tally.said[mistake] for mistake, tally in tallies.items())
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
