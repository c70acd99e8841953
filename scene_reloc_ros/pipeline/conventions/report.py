# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a check of the conventions says: mistakes by name, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Mistake(Enum):
    """A mistake that recordings are made with; the value is its code in JSON and on topics."""

    INVERTED_POSES = 'inverted_poses'
    WRONG_FRAME = 'wrong_frame'
    WRONG_AXES = 'wrong_axes'
    WRONG_CAMERA = 'wrong_camera'
    SCALED_CAMERA = 'scaled_camera'
    WRONG_SCALE = 'wrong_scale'
    UNREGISTERED_DEPTH = 'unregistered_depth'
    TIME_OFFSET = 'time_offset'
    UNEXPLAINED = 'unexplained'  # poses and pictures disagree, and no mistake of these is why

    @property
    def named(self) -> str:
        """Return what it is about, for people."""
        return self.value.replace('_', ' ')


@dataclass(frozen=True)
class Finding:
    """One mistake that a recording has."""

    mistake: Mistake
    sentence: str  # what is wrong and what to do
    value: float | None = None  # milliseconds of a time offset; factor of a camera or a scale


@dataclass(frozen=True)
class ConventionReport:
    """What some frames say of the conventions of their recording."""

    frames: int  # looked at
    pairs: int  # of views that told something
    error_px: float | None  # of matches, median, with everything as it is; None: no pairs
    findings: tuple[Finding, ...] = ()
    right: tuple[Mistake, ...] = ()  # mistakes that would have been seen
    untold: str = ''  # why little can be told; empty: enough was seen

    @property
    def unknown(self) -> tuple[Mistake, ...]:
        """Return the mistakes that these frames could not show."""
        found = {finding.mistake for finding in self.findings}
        return tuple(mistake for mistake in Mistake if mistake is not Mistake.UNEXPLAINED
                     and mistake not in found and mistake not in self.right)

    @property
    def time_offset_s(self) -> float:
        """Return what to add to the stamps of images to find their poses, seconds; 0: nothing."""
        return next((finding.value / 1000 for finding in self.findings
                     if finding.mistake is Mistake.TIME_OFFSET and finding.value), 0.0)

    @property
    def sentence(self) -> str:
        """Return one sentence for people."""
        if self.findings:
            return '; '.join(finding.sentence for finding in self.findings)
        if self.untold:
            return self.untold
        unknown = ', '.join(mistake.named for mistake in self.unknown)
        said = f'nothing wrong seen in {self.frames} frames'
        return f'{said}; too little motion or texture to tell: {unknown}' if unknown else said

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {'sentence': self.sentence, 'frames': self.frames, 'pairs': self.pairs,
                'error_px': self.error_px,
                'findings': [{'mistake': finding.mistake.value, 'sentence': finding.sentence,
                              'value': finding.value} for finding in self.findings],
                'right': [mistake.value for mistake in self.right],
                'unknown': [mistake.value for mistake in self.unknown]}
