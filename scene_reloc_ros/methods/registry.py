# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""All localisation methods by name; a module is imported when its method is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scene_reloc_ros.mapping.scene_map import SceneMap

METHODS = {  # name of --method and of map files -> module and class
    'ace': ('coordinates.ace', 'Ace'),
    'auto': ('hybrid', 'Auto'),
    'cells': ('matching.cells', 'Cells'),
    'colmap': ('matching.colmap', 'Colmap'),
    'forest': ('coordinates.forest.method', 'ForestMethod'),
    'hierarchical': ('matching.features', 'Hierarchical'),
    'hybrid': ('hybrid', 'Hybrid'),
    'reference': ('matching.cells', 'Reference'),
    'retrieval': ('matching.cells', 'Retrieval'),
    'sift': ('matching.features', 'Sift'),
}


def method_class(name: str) -> Any:
    """Return the class of a LocalisationMethod; ValueError lists the known names."""
    if name not in METHODS:
        raise ValueError(f'method {name!r} is not known; one of {", ".join(sorted(METHODS))}')
    module, attribute = METHODS[name]
    return getattr(import_module(f'scene_reloc_ros.methods.{module}'), attribute)


def method_of_map(scene_map: SceneMap) -> Any:
    """Return the class of the method that made a map; ValueError where it is not known here."""
    try:
        return method_class(scene_map.content.method)
    except ValueError as error:
        raise ValueError(f'the map was made by a newer program: {error}; update') from error
