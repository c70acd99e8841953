# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The relocaliser node with stand-ins for several maps: an image says which of them it shows.

A file that holds ``placed`` is a map with a transform, any other one without.
"""

from dataclasses import replace
import sys

from scene_reloc_ros.ros.node.process import run_node
from scene_reloc_ros.ros.relocaliser.node import RelocaliserNode
from support.exact_relocaliser import exact_localiser, ExactLocaliser, SCENE_MAP

AT = -2  # of the byte that tells the number of the map


class ExactAtlas(ExactLocaliser):
    """Reads pose and map out of the image."""

    def __init__(self, files):
        """Take the maps of files."""
        here = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        self.maps = {file.stem: replace(
            SCENE_MAP, cloud=SCENE_MAP.cloud[:number + 1], colours=SCENE_MAP.colours[:number + 1],
            transform=here if file.read_text() == 'placed' else None)
            for number, file in enumerate(files)}

    def scene_map_of(self, name):
        """Return a map; those of higher numbers have more points."""
        return self.maps[name]

    def localise(self, image, camera, depth_m=None):
        """Answer as the core does."""
        image = image.copy()
        number, image.reshape(-1)[AT] = image.reshape(-1)[AT], 0
        found = super().localise(image, camera, depth_m)
        return replace(found, map=list(self.maps)[number])


def exact_maps(files, options):
    """Make the stand-in of one file, or of several."""
    return ExactAtlas(files) if isinstance(files, tuple) else exact_localiser(files, options)


class AtlasRelocaliserNode(RelocaliserNode):
    """The node as it is, with the stand-in."""

    def __init__(self):
        """Hand the factory over."""
        super().__init__(exact_maps)


if __name__ == '__main__':
    sys.exit(run_node(AtlasRelocaliserNode))
