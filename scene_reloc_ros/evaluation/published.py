# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Published figures of the methods that ours answer to, each with its data set and ground truth.

They are the tables of a lecture on learning-based localisation: other data, other machines, other
ground truth. They are shown for orientation in a table of their own, and never ranked with ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class MethodNote:
    """What is said plainly of a method of ours."""

    kind: str  # what it is to the published one
    what: str = ''  # what it does, in a few words
    libraries: tuple[str, ...] = ()  # needed beside those of the package
    counterparts: tuple[str, ...] = ()  # names in INDOOR and OUTDOOR
    depth: str = 'helps'  # to map: no, helps or must


_OWN_TRAINING = 'published method, own training'
_OWN_PARTS = 'published idea, own parts'
_PEER = 'peer library'
NOTES = {
    'ace': MethodNote(_OWN_TRAINING, 'scene coordinate regression', counterparts=(
        'ACE', 'DSAC* full', 'DSAC* tiny', 'DSAC* full, depth', 'DSAC* tiny, depth')),
    'auto': MethodNote(_OWN_PARTS, 'what held-out frames ask for of cells, sift, ace, joined'),
    'hybrid': MethodNote(_OWN_PARTS, 'matches of several methods in one problem'),
    'cells': MethodNote(_OWN_PARTS, "key frames' cells, matched", counterparts=('SANet',)),
    'reference': MethodNote(_OWN_PARTS, 'one key frame, matched'),
    'retrieval': MethodNote(_OWN_PARTS, 'the pose of the most similar key frame', depth='no'),
    'sift': MethodNote(_OWN_PARTS, 'local features of the whole map, matched',
                       counterparts=('Active Search',)),
    'hierarchical': MethodNote(_OWN_PARTS, 'local features of similar key frames, matched',
                               counterparts=('hLoc', 'D.VLAD + R2D2')),
    'forest': MethodNote(_OWN_TRAINING, 'decision trees from pixels to points',
                         ('scikit-learn to map',), depth='must'),
    'colmap': MethodNote(_PEER, "sift's features, matched and triangulated by COLMAP",
                         ('pycolmap to map',)),
}
UNKNOWN = MethodNote('')


@dataclass(frozen=True)
class IndoorFigures:
    """A row of the lecture's table: % of frames within 5 cm, 5 degrees; None: not given."""

    name: str
    depth_to_map: bool
    mapping: str
    map_size: str
    seven_scenes_sfm: float | None
    seven_scenes_dslam: float | None
    twelve_scenes_sfm: float | None
    twelve_scenes_dslam: float | None


@dataclass(frozen=True)
class OtherFigures:
    """A figure of the lecture that is no recall: the median error on a data set."""

    name: str
    dataset: str
    error: str
    remark: str = ''


INDOOR_COLUMNS = ('7-Scenes, SfM poses', '7-Scenes, D-SLAM poses', '12-Scenes, SfM poses',
                  '12-Scenes, D-SLAM poses')
INDOOR = (
    IndoorFigures('Active Search', False, '1.5 h', '200 MB', 98.5, 68.7, 99.8, 99.6),
    IndoorFigures('D.VLAD + R2D2', False, '1.5 h', '1 GB', 95.7, 77.6, 99.9, 99.7),
    IndoorFigures('hLoc', False, '1.5 h', '2 GB', 95.7, 76.8, 100, 99.8),
    IndoorFigures('pixLoc', False, '1.5 h', '1 GB', None, 75.7, None, None),
    IndoorFigures('DSAC* full, depth', True, '15 h', '28 MB', 98.2, 84.0, 99.8, 99.2),
    IndoorFigures('DSAC* tiny, depth', True, '11 h', '4 MB', 85.6, 70.0, 84.4, 83.1),
    IndoorFigures('SANet', True, '2.3 min', '550 MB', None, 68.2, None, None),
    IndoorFigures('SRC', True, '2 min', '40 MB', 81.1, 55.2, None, None),
    IndoorFigures('DSAC* full', False, '15 h', '28 MB', 96.0, 81.1, 99.6, 98.8),
    IndoorFigures('DSAC* tiny', False, '11 h', '4 MB', 84.3, 69.1, 81.9, 81.6),
    IndoorFigures('ACE', False, '5 min', '4 MB', 97.1, 80.8, 99.9, 99.6),
)
_CAMBRIDGE = 'Cambridge Landmarks, SfM poses, average of the medians'
_SEVEN_SCENES = '7-Scenes, median position'
OTHER = (
    OtherFigures('Active Search', _CAMBRIDGE, '14 cm, 0.2°'),
    OtherFigures('hLoc', _CAMBRIDGE, '11 cm, 0.2°', '800 MB'),
    OtherFigures('pixLoc', _CAMBRIDGE, '15 cm, 0.2°'),
    OtherFigures('DSAC* full, depth', _CAMBRIDGE, '21 cm, 0.3°'),
    OtherFigures('DSAC* full', _CAMBRIDGE, '19 cm, 0.4°'),
    OtherFigures('DSAC* tiny', _CAMBRIDGE, '45 cm, 0.8°'),
    OtherFigures('SANet', _CAMBRIDGE, '84 cm, 0.8°'),
    OtherFigures('SRC', _CAMBRIDGE, '42 cm, 0.7°'),
    OtherFigures('ACE', _CAMBRIDGE, '25 cm, 0.4°', '4 MB'),
    OtherFigures('Poker', _CAMBRIDGE, '17 cm, 0.3°', 'four ACE heads, 20 min, 16 MB'),
    OtherFigures('PoseNet17', _CAMBRIDGE, '267 cm, 3.0°', '50 MB, 4 to 24 h'),
    OtherFigures('MS-Transformer', 'Cambridge Landmarks, by scene', '83 to 162 cm', '18 MB, 7 h'),
    OtherFigures('GoMatch', 'Cambridge Landmarks, by scene', '25 to 335 cm', '12 MB'),
    OtherFigures('HybridSC', 'Cambridge Landmarks, by scene', '19 to 81 cm', '1 MB'),
    OtherFigures('RelocNet', _SEVEN_SCENES, '21 cm', 'trained on 7-Scenes'),
    OtherFigures('RelocNet, other data', _SEVEN_SCENES, '29 cm', 'trained on ScanNet'),
)


def note(method: str) -> MethodNote:
    """Return what is said of a method of ours, an empty note of an unknown one."""
    return NOTES.get(method, UNKNOWN)


def described(method: str) -> str:
    """Return one line that says what a method is, its name where nothing is known of it."""
    known = note(method)
    return f'{method}: {known.what}; {known.kind}' if known.what else method


def answered_by(name: str, methods: Iterable[str]) -> list[str]:
    """Return which of some methods of ours answer to a published name."""
    return [method for method in dict.fromkeys(methods) if name in note(method).counterparts]


def indoor_rows(methods: Iterable[str]) -> list[tuple[IndoorFigures, list[str]]]:
    """Return the published indoor rows that some methods of ours answer to, and which do."""
    methods = list(methods)
    rows = [(row, answered_by(row.name, methods)) for row in INDOOR]
    return [(row, ours) for row, ours in rows if ours]


def other_rows(methods: Iterable[str]) -> list[tuple[OtherFigures, list[str]]]:
    """Return the other published figures that some methods of ours answer to, and which do."""
    methods = list(methods)
    rows = [(row, answered_by(row.name, methods)) for row in OTHER]
    return [(row, ours) for row, ours in rows if ours]
