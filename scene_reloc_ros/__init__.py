# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Relocalise a robot from one camera image by scene coordinate regression.

The public names are imported when they are first asked for (PEP 562), so that importing the
package stays free of torch and numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scene_reloc_ros.datasets.open_sequence import open_sequence
    from scene_reloc_ros.geometry.camera import Camera
    from scene_reloc_ros.geometry.posed_image import PosedImage
    from scene_reloc_ros.mapping.scene_map import SceneMap
    from scene_reloc_ros.pipeline.localisation import Localisation
    from scene_reloc_ros.pipeline.localiser import Localiser, LocaliserOptions
    from scene_reloc_ros.pipeline.mapper import Mapper
    from scene_reloc_ros.uncertainty.rejection import Rejection

__version__ = '0.1.0'
__all__ = ['Camera', 'Localisation', 'Localiser', 'LocaliserOptions', 'Mapper', 'PosedImage',
           'Rejection', 'SceneMap', '__version__', 'open_sequence']

_MODULES = {  # public name -> where it lives
    'Camera': 'geometry.camera',
    'Localisation': 'pipeline.localisation',
    'Localiser': 'pipeline.localiser',
    'LocaliserOptions': 'pipeline.localiser',
    'Mapper': 'pipeline.mapper',
    'PosedImage': 'geometry.posed_image',
    'Rejection': 'uncertainty.rejection',
    'SceneMap': 'mapping.scene_map',
    'open_sequence': 'datasets.open_sequence',
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
