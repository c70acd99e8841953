# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What every data set is: posed images by index and by name, decoded when asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage


class Sequence(ABC):
    """Posed images of one camera in the order of their stamps; nothing is decoded ahead."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Frame names, a list of str."""

    @property
    @abstractmethod
    def camera(self) -> Camera:
        """The ``Camera`` of all frames."""

    @abstractmethod
    def _read(self, index: int) -> PosedImage:
        """Decode the frame at an index already known to be valid into a ``PosedImage``."""

    @abstractmethod
    def _pose(self, index: int) -> np.ndarray | None:
        """Return map_from_cam (4, 4) or None at an index already known to be valid."""

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.names)

    def __getitem__(self, index: int) -> PosedImage:
        """Decode one frame; negative indices count from the end."""
        return self._read(self._checked(index))

    def query(self, index: int, with_depth: bool) -> PosedImage:
        """Decode what a localiser is asked with: no pose is read, and depth only if asked for."""
        return self._query(self._checked(index), with_depth)

    def _query(self, index: int, with_depth: bool) -> PosedImage:
        """Return the query of an index already known to be valid; files are read where asked."""
        frame = self._read(index)
        return replace(frame, map_from_cam=None, depth_m=frame.depth_m if with_depth else None)

    def map_from_cam(self, index: int) -> np.ndarray | None:
        """Return the pose (4, 4) of one frame without decoding its image; None where unknown."""
        return self._pose(self._checked(index))

    def fault(self, index: int, with_depth: bool) -> str | None:
        """Return why a frame cannot be read, None where it can; it need not have a pose.

        Args:
            index: of the frame.
            with_depth: whether its depth is read too.
        """
        try:
            self.query(index, with_depth)
            self.map_from_cam(index)
        except ValueError as error:
            return str(error)
        return None

    def stamp_ns(self, index: int) -> int:
        """Return the stamp of one frame, nanoseconds, without decoding it where possible."""
        return self._stamp_ns(self._checked(index))

    def _stamp_ns(self, index: int) -> int:
        """Return the stamp at an index already known to be valid."""
        return self._query(index, False).stamp_ns

    def select(self, names: Iterable[str]) -> SelectedFrames:
        """Return the frames with these names, in this order.

        Raises ValueError naming the first frame that is not there.
        """
        index_of = {name: index for index, name in enumerate(self.names)}
        names = list(names)
        for name in names:
            if name not in index_of:
                raise ValueError(
                    f'frame {name!r} is not in the sequence of {len(self)} frames '
                    f'({self.names[0]} to {self.names[-1]}); correct the frame list')
        return self.at(index_of[name] for name in names)

    def at(self, indices: Iterable[int], with_depth: bool = True) -> SelectedFrames:
        """Return the frames with these valid indices, in this order.

        Args:
            indices: of the frames.
            with_depth: False: their depth is not read.
        """
        return SelectedFrames(self, indices, with_depth)

    def _checked(self, index: int) -> int:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f'frame {index} of a sequence of {count}')
        return index % count


class SelectedFrames(Sequence):
    """Some frames of another sequence."""

    def __init__(self, sequence: Sequence, indices: Iterable[int],
                 with_depth: bool = True) -> None:
        """Take the frames of ``sequence`` at valid indices, with their depth or without."""
        self._sequence, self._indices, self._with_depth = sequence, list(indices), with_depth
        names = sequence.names
        self._names = [names[index] for index in self._indices]

    @property
    def names(self) -> list[str]:
        """Frame names, a list of str."""
        return list(self._names)

    @property
    def camera(self) -> Camera:
        """The camera of the whole sequence."""
        return self._sequence.camera

    def __len__(self) -> int:
        """Return the number of selected frames."""
        return len(self._names)

    def _read(self, index: int) -> PosedImage:
        if self._with_depth:
            return self._sequence[self._indices[index]]
        return replace(self._query(index, False), map_from_cam=self._pose(index))

    def _query(self, index: int, with_depth: bool) -> PosedImage:
        return self._sequence.query(self._indices[index], with_depth and self._with_depth)

    def _stamp_ns(self, index: int) -> int:
        return self._sequence.stamp_ns(self._indices[index])

    def _pose(self, index: int) -> np.ndarray | None:
        return self._sequence.map_from_cam(self._indices[index])

    def fault(self, index: int, with_depth: bool) -> str | None:
        """Return why the frame of the whole sequence cannot be read, or None."""
        return self._sequence.fault(self._indices[index], with_depth and self._with_depth)
