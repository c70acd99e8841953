# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Queries of maps of local features."""

from __future__ import annotations

from typing import NamedTuple

import torch

from scene_reloc_ros.features.local_features import extractor_of, LocalFeatures
from scene_reloc_ros.features.projection import from_codes
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.cell_queries import LOOKED_AT
from scene_reloc_ros.methods.matching.key_frames import KeyFrames
from scene_reloc_ros.methods.method import (
    Correspondences,
    QueryImage,
    rays_of,
    Resemblance,
)

_WORDS = 3  # that a feature is looked for in, count
_NEXT = 4  # best points of a word that are looked at, count
_MOST_UNPACKED = 400_000  # points whose descriptors are unpacked once for all queries, count
_SAME_M = 0.1  # points so near are one, of which no ratio tells, metres


class FeaturesObserver:
    """Matches of a query's features with points of the map."""

    least = 15  # matches
    tolerance = 0.5  # features are found more exactly than cells
    observes_depth = False

    def __init__(self, scene_map: SceneMap, device: torch.device) -> None:
        """Read the key frames; ValueError where a part is missing."""
        options = scene_map.metadata['options']
        self.map, self.key_frames = scene_map, KeyFrames.read(scene_map.content, scene_map.views)
        self._extract = extractor_of(options['features'], int(options['found']))
        self._kind = options['features'], str(options['found'])
        self._ratio, self._retrieved = float(options['ratio']), int(options['retrieved'])

    def observe(self, image: QueryImage) -> Correspondences:
        """Return the matches of an image, see ``Observer``."""
        features = self._look(image)
        rows, points = torch.zeros(0, dtype=torch.long), torch.zeros(0, 3)
        if len(features):
            rows, points = self._matched(features)
        pixels = features.pixels[rows]
        rays = rays_of(pixels, image.camera, self.map.camera, self.map.correction)
        return Correspondences(pixels, rays, points, sparse=True)

    def resemblance(self, image: QueryImage) -> Resemblance | None:
        """Return how many features show points of some key frames, see ``Recognising``."""
        features = self._look(image)
        matches = len(self._nearest(features, LOOKED_AT)[0]) if len(features) else 0
        return Resemblance(' '.join(self._kind), matches)

    def _look(self, image: QueryImage) -> LocalFeatures:
        """Return the features of an image in short descriptors, made once for each image."""
        def look() -> LocalFeatures:
            found = image.described.once(self._kind, lambda: self._extract(image.grey))
            return found.projected(self.key_frames.vocabulary.projection)
        return image.described.once(('features', id(self)), look)

    def _nearest(self, features: LocalFeatures, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what ``_matched`` does, of the key frames most like the query alone."""
        summary = self.key_frames.vocabulary.summary(features.descriptors)
        frames = [self.key_frames.frames[number] for number in
                  self.key_frames.similar(summary, count)[1].tolist()]
        codes = torch.cat([frame.codes for frame in frames])
        points = torch.cat([frame.points for frame in frames])
        return clear_matches(len(features), most_similar(features.descriptors, codes), points,
                             self._ratio)

    def _matched(self, features: LocalFeatures) -> tuple[torch.Tensor, torch.Tensor]:
        """Return which features (K,) are found, and the points (K, 3) that they show."""
        raise NotImplementedError


class NearestViewsObserver(FeaturesObserver):
    """Matches with the points of the key frames most like the query."""

    def _matched(self, features: LocalFeatures) -> tuple[torch.Tensor, torch.Tensor]:
        return self._nearest(features, self._retrieved)


class WholeMapObserver(FeaturesObserver):
    """Matches with all points of the map, word by word."""

    def __init__(self, scene_map: SceneMap, device: torch.device) -> None:
        """Sort the points by their words."""
        super().__init__(scene_map, device)
        frames, vocabulary = self.key_frames.frames, self.key_frames.vocabulary
        codes = torch.cat([frame.codes for frame in frames])
        points = torch.cat([frame.points for frame in frames])
        descriptors = from_codes(codes)
        word = vocabulary.words_of(descriptors, 1)[:, 0]
        order = word.argsort(stable=True)
        kept = descriptors if len(codes) <= _MOST_UNPACKED else codes
        self._descriptors, self._points = kept[order], points[order]
        counts = torch.bincount(word, minlength=len(vocabulary.words))
        self._first = torch.tensor([0, *counts.tolist()]).cumsum(0)

    def _matched(self, features: LocalFeatures) -> tuple[torch.Tensor, torch.Tensor]:
        words = self.key_frames.vocabulary.words_of(features.descriptors, _WORDS)
        found = [self._of_word(word, (words == word).any(1).nonzero()[:, 0], features)
                 for word in words.unique().tolist()]
        candidates = Candidates(*(torch.cat(column) for column in zip(*found)))
        return clear_matches(len(features), candidates, self._points, self._ratio)

    def _of_word(self, word: int, rows: torch.Tensor, features: LocalFeatures) -> Candidates:
        """Return what features (R,) may be among the points of a word."""
        first, last = int(self._first[word]), int(self._first[word + 1])
        found = most_similar(features.descriptors[rows], self._descriptors[first:last])
        return Candidates(rows[found.row], found.similarity, found.number + first)


class Candidates(NamedTuple):
    """K points that features may show."""

    row: torch.Tensor  # (K,) int64, of the feature
    similarity: torch.Tensor  # (K,) cosine
    number: torch.Tensor  # (K,) int64, of the point


def most_similar(descriptors: torch.Tensor, known: torch.Tensor) -> Candidates:
    """Return the few points, of codes or descriptors (P, D), most like each descriptor (N, D)."""
    unpacked = known if known.is_floating_point() else from_codes(known)
    best = (descriptors @ unpacked.T).topk(min(_NEXT, len(known)), 1)
    row = torch.arange(len(descriptors)).repeat_interleave(best.values.shape[1])
    return Candidates(row, best.values.flatten(), best.indices.flatten())


def clear_matches(count: int, found: Candidates, points: torch.Tensor,
                  ratio: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which features (K,) show clearly one point, and the points (K, 3).

    The best is clear if no candidate of another place is nearly as good: a place has as many
    candidates as views saw it.

    Args:
        count: of all features.
        found: their candidates.
        points: (P, 3) metres.
        ratio: most that the distance to the best may be, of that to the best of another place.
    """
    row, similarity, number = found
    best = torch.full((count,), -1.0).scatter_reduce(0, row, similarity, 'amax')
    first = (similarity == best[row]).nonzero()[:, 0]
    of_best = torch.full((count,), -1).scatter(0, row[first], number[first])
    elsewhere = (points[of_best[row]] - points[number]).norm(dim=1) > _SAME_M
    rival = torch.where(elsewhere, similarity, -1.0)
    second = torch.full((count,), -1.0).scatter_reduce(0, row, rival, 'amax')
    # |a - b|^2 = 2 - 2 cos
    clear = ((1 - best) < ratio ** 2 * (1 - second)) & (of_best >= 0)
    rows = clear.nonzero()[:, 0]
    return rows, points[of_best[rows]]
