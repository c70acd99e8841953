# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Time-stamped transforms of one child frame to its parent, interpolated."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from scene_reloc_ros.geometry.poses import pose_from_translation_quaternion

_LONGEST_PAUSE_NS = 600_000_000_000  # farther ahead a sample on its own has a wrong stamp


class TransformHistory:
    """The samples of ``parent_from_child`` of the last ``cache_ns`` nanoseconds."""

    def __init__(self, parent: str, cache_ns: int, is_static: bool = False) -> None:
        """Start empty; a static history answers every stamp with its newest sample."""
        self.parent = parent
        self.is_static = is_static
        self._cache_ns = cache_ns
        self._stamps_ns: list[int] = []
        # (translation (3,) metres, quaternion x y z w (4,))
        self._samples: list[tuple[np.ndarray, np.ndarray]] = []
        self._lone: tuple[int, tuple[np.ndarray, np.ndarray]] | None = None  # far ahead of all

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """Oldest and newest stamp, or None without samples."""
        return (self._stamps_ns[0], self._stamps_ns[-1]) if self._stamps_ns else None

    def insert(self, stamp_ns: int, translation: npt.ArrayLike, quaternion: npt.ArrayLike) -> None:
        """Add a sample; one whose stamp is known or too old is ignored, as tf2 does.

        As in tf2 samples expire before the new one enters, so by the newest of before. One that
        is ahead of it by more than any pause would make all others expire: it enters when a
        second agrees.
        """
        sample = (np.asarray(translation, np.float64), np.asarray(quaternion, np.float64))
        if self.is_static or not self._stamps_ns:
            self._stamps_ns, self._samples = [stamp_ns], [sample]
            return
        oldest_ns = self._stamps_ns[-1] - self._cache_ns
        expired = bisect_left(self._stamps_ns, oldest_ns)
        del self._stamps_ns[:expired], self._samples[:expired]
        if stamp_ns > self._stamps_ns[-1] + _LONGEST_PAUSE_NS:
            lone, self._lone = self._lone, (stamp_ns, sample)
            if lone is None or abs(stamp_ns - lone[0]) > _LONGEST_PAUSE_NS:
                return
            self._enter(*lone)
        if stamp_ns >= oldest_ns:
            self._enter(stamp_ns, sample)

    def _enter(self, stamp_ns: int, sample: tuple[np.ndarray, np.ndarray]) -> None:
        self._lone = None
        index = bisect_left(self._stamps_ns, stamp_ns)
        if index < len(self._stamps_ns) and self._stamps_ns[index] == stamp_ns:
            return
        self._stamps_ns.insert(index, stamp_ns)
        self._samples.insert(index, sample)

    def neighbours_ns(self, stamp_ns: int) -> tuple[int, int]:
        """Return the stamps of the samples before and after a stamp inside ``span_ns``.

        Where a sample has this very stamp it is both.
        """
        index = bisect_left(self._stamps_ns, stamp_ns)
        after = self._stamps_ns[index]
        return (after, after) if after == stamp_ns else (self._stamps_ns[index - 1], after)

    def parent_from_child(self, stamp_ns: int) -> np.ndarray:
        """Return the (4, 4) transform at a stamp inside ``span_ns``, interpolated."""
        if self.is_static:
            return pose_from_translation_quaternion(*self._samples[0])
        index = bisect_left(self._stamps_ns, stamp_ns)
        if self._stamps_ns[index] == stamp_ns:
            return pose_from_translation_quaternion(*self._samples[index])
        before, after = self._stamps_ns[index - 1], self._stamps_ns[index]
        share = (stamp_ns - before) / (after - before)
        (translation_0, quaternion_0), (translation_1, quaternion_1) = (
            self._samples[index - 1:index + 1])
        return pose_from_translation_quaternion(
            translation_0 + share * (translation_1 - translation_0),
            slerp(quaternion_0, quaternion_1, share))


def slerp(quaternion_0: np.ndarray, quaternion_1: np.ndarray, share: float) -> np.ndarray:
    """Interpolate between unit quaternions (4,) along the shorter arc; share in [0, 1]."""
    cosine = float(quaternion_0 @ quaternion_1)
    if cosine < 0:
        quaternion_1, cosine = -quaternion_1, -cosine
    angle = np.arccos(min(cosine, 1.0))
    if angle < 1e-6:
        return (1 - share) * quaternion_0 + share * quaternion_1
    return (np.sin((1 - share) * angle) * quaternion_0
            + np.sin(share * angle) * quaternion_1) / np.sin(angle)
