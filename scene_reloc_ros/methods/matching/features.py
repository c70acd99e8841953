# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``sift`` and ``hierarchical``: local features of key frames as points of the map.

``sift`` matches a query with all points of the place, word by word (Active Search: Sattler et
al., PAMI 2017); ``hierarchical`` with those of the key frames most like it (Sarlin et al., CVPR
2019). Points are triangulated from the known poses, or lifted by depth where few views see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from scene_reloc_ros.features.local_features import extractor_of, LocalFeatures
from scene_reloc_ros.features.projection import Projection
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.matching.cover import thinned
from scene_reloc_ros.methods.matching.feature_queries import (
    NearestViewsObserver,
    WholeMapObserver,
)
from scene_reloc_ros.methods.matching.feature_tracks import feature_points, FeatureView
from scene_reloc_ros.methods.matching.key_frame_maps import (
    effort,
    KeyFrameMap,
    KeyFrameOptions,
    ViewPoints,
)
from scene_reloc_ros.methods.matching.key_frames import KeyFrames
from scene_reloc_ros.methods.matching.views import lifted


@dataclass(frozen=True)
class FeatureOptions(KeyFrameOptions):
    """How a map of local features is made and read."""

    method: ClassVar[str] = 'sift'
    features: str = 'sift'  # what stands out: sift or orb
    found: int = 1500  # features of an image, count
    points: int = 1000  # of a key frame that are kept, count
    keep: int = 0  # points of the whole map, count; 0 keeps all
    ratio: float = 0.85  # of the distance to the best match to that of the second best


@dataclass(frozen=True)
class HierarchicalOptions(FeatureOptions):
    """How a map of local features is made of which a query sees some key frames."""

    method: ClassVar[str] = 'hierarchical'
    retrieved: int = 20  # key frames that a query is matched with, count


class Sift(KeyFrameMap[LocalFeatures]):
    """Points of local features; a query is matched with all of them."""

    name: ClassVar[str] = 'sift'
    family: ClassVar[str] = 'matches'
    presets: ClassVar[dict[str, FeatureOptions]] = effort(FeatureOptions)
    observer: ClassVar[type] = WholeMapObserver

    def __init__(self, options: FeatureOptions, device: torch.device) -> None:
        """Make the extractor; ValueError where it is not known. They run on the CPU."""
        super().__init__(options)
        self._extract = extractor_of(options.features, options.found)
        self._keep = options.keep

    def _descriptors(self, grey: np.ndarray) -> torch.Tensor:
        return self._extract(grey).descriptors

    def _described(self, grey: np.ndarray,
                   projection: Projection) -> tuple[LocalFeatures, torch.Tensor]:
        features = self._extract(grey).projected(projection)
        return features, features.pixels

    def _points(self, views: list[FeatureView], generators: MappingGenerators,
                progress: MappingProgress) -> ViewPoints:
        return feature_points(views, generators.pairs, self._options.points, progress)

    def _bounded(self, key_frames: KeyFrames) -> KeyFrames:
        return thinned(key_frames, self._keep) if self._keep else key_frames

    def _measured(self, view: FeatureView,
                  scene_map: SceneMap) -> tuple[torch.Tensor, torch.Tensor]:
        if view.depths is None or scene_map.depth is None:
            return torch.zeros(0, 3).double(), torch.zeros(0, dtype=torch.long)
        known = (view.depths > 0).nonzero()[:self._options.points, 0]
        return lifted(view, view.local.pixels[known], view.depths[known], scene_map.correction,
                      scene_map.depth), known


class Hierarchical(Sift):
    """Points of local features; a query is matched with the key frames most like it."""

    name: ClassVar[str] = 'hierarchical'
    presets: ClassVar[dict[str, FeatureOptions]] = effort(HierarchicalOptions)
    observer: ClassVar[type] = NearestViewsObserver
