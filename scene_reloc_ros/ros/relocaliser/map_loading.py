# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From map files to a warmed-up localiser of the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import logging
from pathlib import Path

from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.device import on_device
from scene_reloc_ros.pipeline.atlas.atlas import Atlas, load_maps
from scene_reloc_ros.pipeline.camera_watch import CameraWatch
from scene_reloc_ros.pipeline.localiser import Localiser, LocaliserOptions
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions

_logger = logging.getLogger(__name__)


def load_localiser(maps: Path | Sequence[Path], options: RelocaliserOptions) -> CameraWatch:
    """Load scene maps and return what localises in them, warmed up for the cameras of the maps.

    Args:
        maps: one map file, or several.
        options: RelocaliserOptions (device, seed and acceptance).

    Raises ValueError where a map is broken, maps do not fit together, or the device is not there.
    """
    files = [maps] if isinstance(maps, Path) else list(maps)
    loaded = load_maps(files)
    for file, scene_map in zip(files, loaded.values()):
        if scene_map.uncertainty is None or not scene_map.uncertainty.rgb.frames:
            _logger.warning('map %s holds no calibration, for it was made of too few frames: its '
                            'covariances are those of other maps, and rather too large', file)
    try:
        return CameraWatch(on_device(
            options.device, lambda device: _warmed_up(loaded, options, str(device))))
    except RuntimeError as error:
        raise ValueError(f'map {", ".join(map(str, files))} cannot run on device '
                         f'{options.device}: {error}') from error


def _warmed_up(maps: Mapping[str, SceneMap], options: RelocaliserOptions,
               device: str) -> Localiser | Atlas:
    """Return what localises and has answered; RuntimeError where its device cannot."""
    chosen = LocaliserOptions(acceptance=AcceptanceOptions(
        options.accept_within, options.accept_angle, options.accept_probability))
    localisers = {name: Localiser(scene_map, chosen, device, options.seed)
                  for name, scene_map in maps.items()}
    for localiser in localisers.values():
        localiser.warm_up(localiser.scene_map.camera)
    return Atlas(localisers) if len(localisers) > 1 else next(iter(localisers.values()))
