# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The one interface of all localisation methods.

A method fits the content of a map to posed frames, and observes a query: what it knows of the
image before a pose is solved. Solving, covariance, refusal, the gate and the nodes are common.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement, same_camera
from scene_reloc_ros.mapping.depth_correction import DepthCorrection
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import PosedFrames
from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.descriptions import Descriptions
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.preprocessing import network_input, WORKING_HEIGHT, working_image
from scene_reloc_ros.network.weights import encoder_hash, LoadedEncoder
from scene_reloc_ros.uncertainty.image_quality import image_quality, ImageQuality


class MethodOptions(Protocol):
    """Settings of a method: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    method: ClassVar[str]  # name of the method that they belong to

    @property
    def minutes(self) -> float:
        """Return the bound on the whole mapping, minutes."""

    @property
    def depth(self) -> bool:
        """Tell whether the depth of the frames is used where they have it."""

    @property
    def self_check(self) -> int:
        """Return how many mapping frames are localised where none can be held out."""


@dataclass(frozen=True)
class Needs:
    """What a method asks of the mapping frames."""

    frames: int = 10  # at least, count


@dataclass(frozen=True)
class QueryImage:
    """One image that a map is asked for: as networks see it, and as it came."""

    grey: np.ndarray  # (H, W) uint8, the working image
    camera: Camera  # of the working image
    image: np.ndarray  # (h, w, 3) BGR or (h, w) grey uint8, as it came
    source: Camera  # that took it
    depth_m: np.ndarray | None = None  # (h', w') metres along z as it came, 0 or NaN where unknown
    # of ``grey``, for all maps that are asked
    described: Descriptions = field(default_factory=Descriptions, repr=False, compare=False)

    @classmethod
    def of(cls, image: np.ndarray, camera: Camera, depth_m: np.ndarray | None = None,
           height: int = WORKING_HEIGHT) -> QueryImage:
        """Make the working image, so high, of an image as it came; ValueError for another size."""
        return cls(*working_image(image, camera, height), image, camera, depth_m)

    @cached_property
    def quality(self) -> ImageQuality:
        """The ImageQuality of the working image, measured once."""
        return image_quality(self.grey)


@dataclass(frozen=True)
class Correspondences:
    """N pixels of a working image and the points of the map that they show."""

    pixels: torch.Tensor  # (N, 2) float32, of the working image
    rays: torch.Tensor  # (N, 3) float32 with z = 1, undistorted, camera frame
    points: torch.Tensor  # (N, 3) float32 metres, the map's own coordinates
    weights: torch.Tensor | None = None  # (N,) how much each counts
    sparse: bool = False  # matches, of which a pixel may have several; else one for every cell
    families: tuple[tuple[str, int], ...] = ()  # name and count of each method, in this order


@dataclass(frozen=True)
class Regressed:
    """A pose that comes without correspondences."""

    map_from_cam: torch.Tensor  # (4, 4) float64, metres, the map's own coordinates
    deviation_m: float  # standard deviation of an axis of its position, metres
    deviation_rad: float  # of its rotation, rad
    similarity: float  # to the nearest mapping view, at most one


class Observer(Protocol):
    """What reads one map: an image in, what the method knows of it out."""

    least: int  # correspondences; with fewer, chance looks like agreement
    tolerance: float  # of its pixels, of the solver's threshold for an inlier
    observes_depth: bool  # whether depth decides what is observed; else it is only added to it

    def observe(self, image: QueryImage) -> Correspondences | Regressed:
        """Return what an image shows."""


@dataclass(frozen=True)
class Resemblance:
    """How much an image looks like one of the key frames that it looks like most."""

    kind: str  # of what is matched: numbers of one kind can be compared, whatever the map
    matches: int  # count


@runtime_checkable
class Recognising(Protocol):
    """An observer that can tell, at little cost, whether an image shows its map at all."""

    def resemblance(self, image: QueryImage) -> Resemblance | None:
        """Return how much an image looks like the map, None where that is not known."""


@dataclass(frozen=True)
class Fitted:
    """What a method makes of posed frames: the parts of a SceneMap that are its own."""

    content: MapContent
    views: torch.Tensor  # (F, 4, 4) float32, map_from_cam, metres
    cloud: torch.Tensor  # (P, 3) float32, some points of the scene, metres
    encoder: str = ''  # name of the network that the content needs
    correction: CameraRefinement = field(default_factory=CameraRefinement)
    depth: DepthCorrection | None = None
    alias_candidates: np.ndarray = field(default_factory=lambda: np.zeros(0, int))  # of frames
    # plain values, for people; cut_short says what the clock left no time for, '' where nothing,
    # depth_frames how many frames gave their depth
    metadata: dict[str, Any] = field(default_factory=dict)


class LocalisationMethod(Protocol):
    """One family of localisation: made with its options and a device."""

    name: ClassVar[str]
    family: ClassVar[str]  # of its evidence: cells, matches or regressed (``GENERAL_MODELS``)
    chooses_parts: ClassVar[bool]  # whether its maps keep the parts that held-out frames ask for
    needs: ClassVar[Needs]
    presets: ClassVar[dict[str, Any]]  # name of --preset -> options

    def fit(self, frames: PosedFrames, generators: MappingGenerators,
            progress: MappingProgress) -> Fitted:
        """Return the content of a map of posed frames.

        Args:
            frames: posed images, read one at a time.
            generators: of all stages.
            progress: its deadline bounds the whole mapping, of which it keeps a reserve.

        Raises TooLittleTime where the time that is left makes no map.
        """

    @staticmethod
    def observer(scene_map: SceneMap, device: torch.device) -> Observer:
        """Return what answers queries of a map of this method."""


@runtime_checkable
class Growing(Protocol):
    """A method whose maps take further frames, without training."""

    def add(self, scene_map: SceneMap, frames: PosedFrames, progress: MappingProgress) -> SceneMap:
        """Return the map with further posed frames."""


def encoder_key(scene_map: SceneMap, device: torch.device) -> tuple[str, ...]:
    """Return what the descriptions of an image by a map's encoder are known by."""
    return 'encoder', scene_map.encoder_hash, str(device)


def encoded(encoder: LoadedEncoder, grey: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return the descriptors (E, R, C) of a working image, as its network gives them."""
    with torch.inference_mode(), autocast(device):
        return encoder(network_input(grey, device))[0]


def checked_encoder(scene_map: SceneMap) -> str:
    """Return the name of the map's encoder; ValueError where the installed one is another."""
    known = encoder_hash(scene_map.encoder_name)
    if known != scene_map.encoder_hash:
        raise ValueError(f'the map was made with encoder {scene_map.encoder_name} '
                         f'{scene_map.encoder_hash}, this installation has {known}; map again')
    return scene_map.encoder_name


def rays_of(pixels: torch.Tensor, camera: Camera, known: Camera,
            correction: CameraRefinement) -> torch.Tensor:
    """Return rays (N, 3) float32 with z = 1 of pixels (N, 2) on the CPU.

    What mapping learnt of its own camera (``known``) says nothing of another one.
    """
    rays = torch.from_numpy(camera.rays(pixels.numpy())).float()
    if same_camera(camera, known):
        rays = torch.cat((correction(rays[:, :2]), rays[:, 2:]), 1)
    return rays
