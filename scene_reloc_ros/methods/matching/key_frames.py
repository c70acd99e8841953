# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Key frames that a query is matched with: a summary of each, and points with descriptors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch.nn import functional

from scene_reloc_ros.features.projection import Projection
from scene_reloc_ros.features.vlad import fit_words, vlad
from scene_reloc_ros.mapping.scene_map import MapContent

_WORDS = 64  # of a vocabulary, count
_SUMMARY_DIMENSIONS = 32  # of a descriptor that a summary is made of
_SUMMARY_LENGTH = 128  # of a summary at most
_SAMPLE = 6000  # cells of all images that a vocabulary is fitted to, about
_DAMPING = 0.1  # of the largest variation
_SMALLEST = 1e-2  # variation that counts: images of a single view do not differ


@dataclass(frozen=True)
class Vocabulary:
    """What makes the descriptors of a place short, and its images comparable."""

    projection: Projection
    words: torch.Tensor  # (W, V) float32, unit length, of the first V dimensions
    whitening: torch.Tensor  # (1 + W * V, G) float16: the mean's image, then the axes

    @classmethod
    def fit(cls, images: list[torch.Tensor], dimensions: int,
            generator: torch.Generator) -> Vocabulary:
        """Return the Vocabulary, not yet whitened, of the descriptors (N, C) of some images."""
        every = max(1, sum(map(len, images)) // _SAMPLE)
        sample = torch.cat([image[::every] for image in images])
        projection = Projection.fit(sample, dimensions)
        words = fit_words(_first(projection(sample)), _WORDS, generator)
        return cls(projection, words, torch.zeros(0, 0))

    def whitened(self, raw: torch.Tensor) -> Vocabulary:
        """Return it with what makes summaries vary alike in all directions that they vary in.

        Jegou and Chum, ECCV 2012; directions that few images tell are damped.

        Args:
            raw: (F, W * V) summaries of all images of the place, not whitened.
        """
        mean = raw.mean(0)
        _, sizes, axes = torch.linalg.svd(raw - mean, full_matrices=False)
        kept = max(1, min(_SUMMARY_LENGTH, len(raw) - 1))
        scaled = axes[:kept].T / (sizes[:kept] + _DAMPING * sizes[0] + _SMALLEST)
        return replace(self, whitening=torch.cat((mean[None] @ scaled, scaled)).half())

    def words_of(self, descriptors: torch.Tensor, count: int) -> torch.Tensor:
        """Return the words (N, count), nearest first, of projected descriptors (N, D)."""
        return (_first(descriptors) @ self.words.T).topk(min(count, len(self.words)), 1).indices

    def raw_summary(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Return the summary (W * V,) of an image's projected descriptors (N, D)."""
        return vlad(_first(descriptors), self.words)

    def whiten(self, raw: torch.Tensor) -> torch.Tensor:
        """Return the summary (G,), unit length, of a raw one."""
        white = raw @ self.whitening[1:].float() - self.whitening[0].float()
        return functional.normalize(white, dim=0)

    def summary(self, descriptors: torch.Tensor) -> torch.Tensor:
        """Return the summary (G,), unit length, of an image's projected descriptors (N, D)."""
        return self.whiten(self.raw_summary(descriptors))


def _first(descriptors: torch.Tensor) -> torch.Tensor:
    return functional.normalize(descriptors[:, :_SUMMARY_DIMENSIONS], dim=1)


@dataclass(frozen=True)
class KeyFrame:
    """One mapping view."""

    map_from_cam: torch.Tensor  # (4, 4) float32, metres
    summary: torch.Tensor  # (G,) float16
    codes: torch.Tensor  # (P, D) int8, of its points
    points: torch.Tensor  # (P, 3) float32, metres, map frame


@dataclass
class KeyFrames:
    """The key frames of a map; a further one is ready for the next query."""

    vocabulary: Vocabulary
    frames: list[KeyFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay the summaries side by side; the room for them doubles when it is full."""
        self._summaries = torch.zeros(max(1, len(self.frames)),
                                      self.vocabulary.whitening.shape[1])
        for number, frame in enumerate(self.frames):
            self._summaries[number] = frame.summary

    def add(self, frame: KeyFrame) -> None:
        """Take one more."""
        if len(self.frames) == len(self._summaries):
            self._summaries = torch.cat((self._summaries, torch.zeros_like(self._summaries)))
        self._summaries[len(self.frames)] = frame.summary
        self.frames.append(frame)

    def similar(self, summary: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return similarities and numbers (K,) of the key frames most like an image's summary."""
        similarity = self._summaries[:len(self.frames)] @ summary.float()
        best = similarity.topk(min(count, len(self.frames)))
        return best.values, best.indices

    def poses(self) -> torch.Tensor:
        """Return map_from_cam (F, 4, 4) float32 of all, metres."""
        return torch.stack([frame.map_from_cam for frame in self.frames])

    def figures(self) -> dict[str, int]:
        """Return the size of the map as plain values."""
        return {'key_frames': len(self.frames),
                'points': sum(len(frame.points) for frame in self.frames)}

    def content(self, method: str) -> MapContent:
        """Return the key frames as the content of a map; their poses are its ``views``."""
        counts = torch.tensor([len(frame.points) for frame in self.frames])
        return MapContent(method, {
            'mean': self.vocabulary.projection.mean, 'axes': self.vocabulary.projection.axes,
            'words': self.vocabulary.words, 'whitening': self.vocabulary.whitening,
            'counts': counts,
            'summaries': torch.stack([frame.summary for frame in self.frames]),
            'codes': torch.cat([frame.codes for frame in self.frames]),
            'points': torch.cat([frame.points for frame in self.frames])})

    @classmethod
    def read(cls, content: MapContent, views: torch.Tensor) -> KeyFrames:
        """Return the key frames of a map; ValueError where a part is missing."""
        try:
            parts = content.tensors
            vocabulary = Vocabulary(Projection(parts['mean'], parts['axes']), parts['words'],
                                    parts['whitening'])
            counts = parts['counts'].tolist()
            frames = [KeyFrame(*fields) for fields in zip(
                views, parts['summaries'], parts['codes'].split(counts),
                parts['points'].split(counts), strict=True)]
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError(f'the map lacks a part of its key frames ({error}); map again'
                             ) from error
        return cls(vocabulary, frames)
