# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Bars of the methods: recall of the best pose in the simulated room, and on real frames.

The room is always asked, at bounds that leave room for its bare walls. The bars on real frames are
those that the methods were built against; they take minutes each, so SCENE_RELOC_BARS=1 asks them.
"""

import os

import numpy as np
import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.methods.registry import method_class
from scene_reloc_ros.pipeline.frame_result import localise_frames
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper

pytestmark = pytest.mark.slow
ROOM_FRAMES, ROOM_QUERIES = 60, 12
# method, depth in queries: % within 10 cm and within 25 cm, 5 and 10 degrees
ROOM = {('cells', False): (75, 90), ('sift', False): (75, 90), ('forest', True): (75, 90)}
# sequence, every nth frame mapped, depth: % within 5 cm and within 10 cm, 5 degrees
REAL = {
    ('redkitchen', 'cells', 1, True, False): (92, 100),
    ('redkitchen', 'cells', 1, False, False): (80, 98),
    ('redkitchen', 'sift', 1, True, False): (80, 100),
    ('redkitchen', 'sift', 3, False, False): (83, 98),
    ('redkitchen', 'hierarchical', 3, False, False): (83, 98),
    ('redkitchen', 'reference', 1, True, False): (80, 99),
    ('redkitchen', 'forest', 1, True, True): (97, 100),
    ('office_walk', 'cells', 1, False, False): (60, 80),
    ('office_walk', 'sift', 1, True, False): (84, 98)}


def mapped_by(method, frames, depth=True):
    """Return the localiser of a map of frames; skips where a library is missing."""
    if method == 'forest':
        pytest.importorskip('sklearn')
    options = method_class(method).presets['standard']
    if not depth:
        options = type(options)(depth=False)
    return Localiser(Mapper(options, 'cpu').build(frames), device='cpu')


def recall(localiser, frames, bounds, depth):
    """Return the % of frames whose best pose is within metres and degrees, for each bound."""
    errors = np.array([(result.translation_m, result.rotation_deg)
                       for result in localise_frames(localiser, frames, depth)])
    return [100 * float((errors <= bound).all(1).mean()) for bound in bounds]


@pytest.fixture(scope='module')
def room():
    """Return frames of the room to map, and others between them to ask for; rendered once."""
    sequence = open_sequence('simulated:survey?frames=300')
    frames = [sequence[index] for index in range(ROOM_FRAMES + ROOM_QUERIES)]
    every = len(frames) // ROOM_QUERIES
    asked = range(every // 2, len(frames), every)
    return ([frame for number, frame in enumerate(frames) if number not in asked],
            [frames[number] for number in asked])


@pytest.mark.parametrize(('method', 'depth'), ROOM)
def test_frames_between_those_of_the_room_are_found(room, method, depth):
    mapped, asked = room
    found = recall(mapped_by(method, mapped), asked, ((0.10, 5), (0.25, 10)), depth)
    assert found[0] >= ROOM[method, depth][0] and found[1] >= ROOM[method, depth][1], found


@pytest.mark.real_data
@pytest.mark.skipif('SCENE_RELOC_BARS' not in os.environ,
                    reason='bars on real frames take minutes each: SCENE_RELOC_BARS=1')
@pytest.mark.parametrize('case', REAL, ids=lambda case: '-'.join(map(str, case)))
def test_real_frames_are_found(case, redkitchen):
    place, method, every, map_depth, query_depth = case
    folder = redkitchen.parent / place
    sequence = open_sequence(str(folder))
    mapped, asked = (read_frame_list(folder / f'{name}.txt') for name in ('map', 'validation'))
    localiser = mapped_by(method, sequence.select(mapped[::every]), map_depth)
    found = recall(localiser, sequence.select(asked), ((0.05, 5), (0.10, 5)), query_depth)
    assert found[0] >= REAL[case][0] and found[1] >= REAL[case][1], found
