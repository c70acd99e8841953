# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From a map file to a warmed-up localiser of the core."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import unquote, urlparse

from scene_reloc_ros.files.outputs import full_path
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.device import on_device
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.localiser import Localiser, LocaliserOptions
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions

_logger = logging.getLogger(__name__)


def map_path(text: str) -> Path:
    """Return the path of a map given as path or file:// URL; ValueError where it is no file."""
    url = urlparse(text)
    if url.scheme not in ('', 'file'):
        raise ValueError(f'map {text!r} is no file; give a path or a file:// URL')
    path = full_path(unquote(url.path) if url.scheme else text)
    if not path.is_file():
        raise ValueError(f'map file {path} does not exist; train one with the mapper or '
                         'scene_reloc map')
    return path


def load_localiser(path: Path, options: RelocaliserOptions) -> CameraWatch:
    """Load a scene map and return what localises in it, warmed up for the camera of the map.

    Args:
        path: of the map file.
        options: RelocaliserOptions (device, seed and acceptance).

    Raises ValueError where the map is broken or the device is not there.
    """
    scene_map = SceneMap.load(path)
    if scene_map.uncertainty is None or not scene_map.uncertainty.rgb.frames:
        _logger.warning('map %s holds no calibration, for it was made of too few frames: its '
                        'covariances are those of other maps, and rather too large', path)
    try:
        acceptance = AcceptanceOptions(
            options.accept_within, options.accept_angle, options.accept_probability)
        return CameraWatch(on_device(options.device, lambda device: _warmed_up(Localiser(
            scene_map, LocaliserOptions(acceptance=acceptance), str(device), options.seed))))
    except RuntimeError as error:
        raise ValueError(f'map {path} cannot run on device {options.device}: {error}') from error


def _warmed_up(localiser: Localiser) -> Localiser:
    """Return a localiser that has answered; RuntimeError where its device cannot."""
    localiser.warm_up(localiser.scene_map.camera)
    return localiser
