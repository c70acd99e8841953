# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""``colmap``: the points of ``sift`` as COLMAP has them, to measure ours against.

Features are the same, and so are queries; which matches are true, what is one track, and where the
points are is COLMAP's (Schoenberger and Frahm, CVPR 2016). Its wheels are for desktop machines
only, so it is a peer for ``compare``, not what a robot is meant to map by.
"""

from __future__ import annotations

from pathlib import Path
import signal
from tempfile import TemporaryDirectory
import threading
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import torch

from scene_reloc_ros.features.local_features import ratio_matches
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import Deadline, MappingProgress, Pace
from scene_reloc_ros.methods.matching.feature_tracks import (
    FeatureTracks,
    FeatureView,
    observed_tracks,
    placed,
    RATIO,
)
from scene_reloc_ros.methods.matching.features import FeatureOptions, Sift
from scene_reloc_ros.methods.matching.key_frame_maps import effort, ViewPoints
from scene_reloc_ros.methods.matching.views import pairs_of

_CAMERA = 1  # number of the one camera; images are numbered from 1 as well
_SIGNALS = (signal.SIGTERM,)  # that its log takes, to print a stack
_MATCHING_SHARE = 0.5  # of the time; the rest is for the points
_ERRORS_ONLY = 2  # of COLMAP's log


class ColmapOptions(FeatureOptions):
    """How COLMAP is asked for the points."""

    method: ClassVar[str] = 'colmap'


class Colmap(Sift):
    """Points of local features that COLMAP has triangulated from the known poses."""

    name: ClassVar[str] = 'colmap'
    presets: ClassVar[dict[str, FeatureOptions]] = effort(ColmapOptions)

    def __init__(self, options: FeatureOptions, device: torch.device) -> None:
        """See ``Sift``; ValueError where pycolmap is missing."""
        super().__init__(options, device)
        self._colmap = pycolmap()

    def _points(self, views: list[FeatureView], generators: MappingGenerators,
                progress: MappingProgress) -> ViewPoints:
        observed, points = triangulated_by(self._colmap, views, generators.pairs, progress)
        return placed(views, observed, points, self._options.points,
                      (CameraRefinement().requires_grad_(False), None))


def pycolmap() -> ModuleType:
    """Return the library; ValueError where it is missing."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        import pycolmap as library
    except ImportError as error:
        raise ValueError('method colmap needs pycolmap: pip install pycolmap (there are no wheels '
                         'for Arm); method sift needs nothing') from error
    if threading.current_thread() is threading.main_thread():
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    library.logging.minloglevel = _ERRORS_ONLY
    return library


def triangulated_by(library: ModuleType, views: list[FeatureView], rng: np.random.Generator,
                    progress: MappingProgress) -> tuple[FeatureTracks, torch.Tensor]:
    """Return the tracks that COLMAP finds, and their points (T, 3) float64, metres.

    The key frames are those of an ideal camera: pixels are formed of calibrated rays.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        scene = _scene(library, views)
        _write(library, folder, scene, views, _matches(views, rng, progress))
        library.verify_matches(folder / 'database.db', folder / 'pairs.txt')
        (folder / 'points').mkdir()
        options = library.IncrementalPipelineOptions(extract_colors=False)
        found = library.triangulate_points(scene, folder / 'database.db', folder,
                                           folder / 'points', options=options)
    return _read(found, views)


def _scene(library: ModuleType, views: list[FeatureView]) -> Any:
    """Return a reconstruction of the poses, without points."""
    camera = views[0].camera
    scene = library.Reconstruction()
    scene.add_camera_with_trivial_rig(library.Camera(
        model='PINHOLE', width=camera.width, height=camera.height, camera_id=_CAMERA,
        params=[camera.focal, camera.focal, camera.width / 2, camera.height / 2]))
    for number, view in enumerate(views):
        pose = invert_pose(view.map_from_cam).numpy()
        image = library.Image(name=str(number + 1), camera_id=_CAMERA, image_id=number + 1)
        scene.add_image_with_trivial_frame(image, library.Rigid3d(pose[:3]))
    return scene


def _matches(views: list[FeatureView], rng: np.random.Generator,
             progress: MappingProgress) -> dict[tuple[int, int], np.ndarray]:
    """Return what looks alike (K, 2) in neighbouring views, whatever the poses say of it."""
    found = {}
    pairs = pairs_of(views, rng)
    pace = Pace(len(pairs), Deadline(_MATCHING_SHARE * progress.deadline.left_s))
    for done, (one, other) in enumerate(pairs):
        if not pace.takes(done):
            continue
        similarity = views[one].local.descriptors @ views[other].local.descriptors.T
        found[one, other] = torch.stack(ratio_matches(similarity, RATIO), 1).numpy()
        progress('matching', (done + 1) / len(pairs), f'{done + 1} of {len(pairs)} pairs')
    return found


def _write(library: ModuleType, folder: Path, scene: Any, views: list[FeatureView],
           matches: dict[tuple[int, int], np.ndarray]) -> None:
    """Write the database that COLMAP works on, and the list of pairs."""
    with library.Database.open(folder / 'database.db') as database:
        database.write_camera(scene.cameras[_CAMERA], use_camera_id=True)
        for rig in scene.rigs.values():
            database.write_rig(rig, use_rig_id=True)
        for frame in scene.frames.values():
            database.write_frame(frame, use_frame_id=True)
        for number, view in enumerate(views):
            database.write_image(scene.images[number + 1], use_image_id=True)
            database.write_keypoints(number + 1, _ideal_pixels(view))
        for (one, other), pairs in matches.items():
            database.write_matches(one + 1, other + 1, pairs.astype(np.uint32))
    (folder / 'pairs.txt').write_text(
        ''.join(f'{one + 1} {other + 1}\n' for one, other in matches))


def _ideal_pixels(view: FeatureView) -> np.ndarray:
    """Return the pixels (N, 2) float32 of a view's features without distortion."""
    camera = view.camera
    middle = np.array([camera.width / 2, camera.height / 2])
    rays: np.ndarray = view.rays(view.local.pixels).numpy()
    return (rays * camera.focal + middle).astype(np.float32)


def _read(scene: Any, views: list[FeatureView]) -> tuple[FeatureTracks, torch.Tensor]:
    """Return the tracks of a reconstruction and its points."""
    seen = [(number, element.image_id - 1, element.point2D_idx)
            for number, point in enumerate(scene.points3D.values())
            for element in point.track.elements]
    point, view, feature = torch.tensor(seen, dtype=torch.long).reshape(-1, 3).T
    places = np.array([point.xyz for point in scene.points3D.values()]).reshape(-1, 3)
    return observed_tracks(views, point, view, feature), torch.from_numpy(places)
