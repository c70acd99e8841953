# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Maps of several methods: one problem, weights, the choice of parts, files, further frames."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.wall import best_errors, wall_frames
import torch

from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.progress import MappingProgress, TooLittleTime
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap
from scene_reloc_ros.methods.hybrid import (
    Auto,
    AutoOptions,
    Hybrid,
    HybridOptions,
    only,
    parts_of,
)
from scene_reloc_ros.methods.joining import joined
from scene_reloc_ros.methods.method import Correspondences
from scene_reloc_ros.pipeline.depth_trial import WEIGHTS
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.mapper import Mapper

FRAMES = wall_frames(70, blur=4.0)
ASKED = FRAMES[::7]
MAPPED = [frame for number, frame in enumerate(FRAMES) if number % 7]


def matches(pixels, **more):
    """Return Correspondences at pixels."""
    pixels = torch.tensor(pixels)
    rays = torch.cat((pixels, torch.ones(len(pixels), 1)), 1)
    return Correspondences(pixels, rays, rays + 1, **{'sparse': True, **more})


@pytest.fixture(scope='module')
def built():
    """Return a map whose held-out frames chose its parts."""
    return Mapper(AutoOptions(), 'cpu').build(MAPPED)


def test_what_two_methods_say_of_one_square_is_not_counted_twice():
    found = joined({'cells': matches([[1.0, 1.0], [3.0, 2.0], [40.0, 40.0]]),
                    'sift': matches([[5.0, 5.0], [90.0, 90.0]])}, {})
    # two matches of one method in a square stay two: they are of several key frames
    assert found.weights.tolist() == [0.5, 0.5, 1.0, 0.5, 1.0]
    assert found.families == (('cells', 3), ('sift', 2)) and found.sparse
    assert found.points[:, 0].tolist() == [2.0, 4.0, 41.0, 6.0, 91.0]


def test_each_method_counts_by_its_noise_and_a_dense_grid_by_what_is_independent():
    found = joined({'sift': matches([[1.0, 1.0]]), 'ace': matches([[40.0, 40.0]], sparse=False)},
                   {'sift': 0.25})
    assert found.weights.tolist() == pytest.approx([0.25, 1 / 25])
    weighed = joined({'forest': matches([[1.0, 1.0]], weights=torch.tensor([0.3]))}, {})
    assert weighed.weights.tolist() == pytest.approx([0.3])


def test_methods_that_find_nothing_leave_the_others():
    found = joined({'cells': matches(np.zeros((0, 2), np.float32)), 'sift': matches([[1.0, 1.0]])},
                   {})
    assert len(found.points) == 1 and found.families == (('cells', 0), ('sift', 1))


def test_a_hybrid_is_as_exact_as_its_best_part(built):
    both = np.median(best_errors(built, ASKED)[0])
    alone = {name: np.median(best_errors(only(built, [name]), ASKED)[0])
             for name in ('cells', 'sift')}
    assert both < 1.3 * min(alone.values()) + 0.001
    assert alone['cells'] > 2 * both


def test_the_share_of_each_method_is_told(built):
    found = Localiser(built, device='cpu').localise(ASKED[2].image, ASKED[2].camera)
    assert found.shares.keys() == {'cells', 'sift'}
    assert sum(found.shares.values()) == pytest.approx(1)
    assert f'sift {found.shares["sift"]:.0%}' in found.detail


def test_a_map_survives_its_file(built, tmp_path):
    built.save(tmp_path / 'wall.map')
    loaded = SceneMap.load(tmp_path / 'wall.map')
    first, second = (Localiser(m, device='cpu').localise(ASKED[3].image, ASKED[3].camera)
                     for m in (built, loaded))
    assert np.array_equal(first.map_from_cam, second.map_from_cam)
    assert loaded.content.header['weights'] == built.content.header['weights']


def test_depth_is_that_of_a_part_as_held_out_frames_judge_it(built):
    depths = [part.depth for part in parts_of(built).values()]
    assert built.depth.scale in [one.scale for one in depths]
    assert built.depth.scale == pytest.approx(1, abs=0.02)
    assert built.depth.agreement > 0.9 and built.depth.weight in WEIGHTS


def test_held_out_frames_are_in_all_parts_afterwards(built):
    mapped = built.metadata['frames'] - built.metadata['check']['frames']
    for part in parts_of(built).values():
        assert len(part.views) > mapped
    assert len(built.views) > mapped


@pytest.mark.slow
def test_further_frames_go_into_every_part():
    scene_map = Mapper(HybridOptions(), 'cpu').build(FRAMES[:12])
    assert 'choice' not in scene_map.metadata  # nothing is held out of so few
    grown = Hybrid(HybridOptions(), torch.device('cpu')).add(
        scene_map, FRAMES[40:60], MappingProgress())
    for name, part in parts_of(grown).items():
        assert len(part.views) > len(parts_of(scene_map)[name].views)
    assert best_errors(grown, [FRAMES[50]])[0][0] < 0.04


def test_with_one_part_it_is_a_map_of_that_method(built):
    alone = only(built, ['sift'])
    assert alone.content.method == 'sift' and alone.encoder_name == ''
    assert alone.metadata['options']['features'] == 'sift'
    grown = Auto(AutoOptions(), torch.device('cpu')).add(alone, FRAMES[:3], MappingProgress())
    assert grown.content.method == 'sift'


def test_a_map_that_lacks_its_parts_is_named(built):
    broken = replace(built, content=MapContent('hybrid', built.content.tensors, {}))
    with pytest.raises(ValueError, match="lacks a part of its methods .*'parts'.*map again"):
        Localiser(broken, device='cpu')


class Late:
    """Stands for a method that needs more time than there is."""

    def fit(self, frames, generators, progress):
        """Refuse."""
        raise TooLittleTime('the time allows 3 of 1500 training steps', 60.0)


def test_auto_does_without_a_part_that_there_is_no_time_for_and_hybrid_refuses():
    generators = MappingGenerators.from_seed(0)
    options = {'parts': ('sift', 'cells'), 'preset': 'fast'}
    auto = Auto(AutoOptions(**options), torch.device('cpu'))
    auto._methods['cells'] = Late()
    fitted = auto.fit(MAPPED[:16], generators, MappingProgress())
    assert [part['method'] for part in fitted.content.header['parts']] == ['sift']
    assert fitted.metadata['cut_short'] == 'cells: the time allows 3 of 1500 training steps'
    auto._methods['sift'] = Late()
    with pytest.raises(TooLittleTime):
        auto.fit(MAPPED[:16], generators, MappingProgress())
    asked = Hybrid(HybridOptions(**options), torch.device('cpu'))
    asked._methods['cells'] = Late()
    with pytest.raises(TooLittleTime):
        asked.fit(MAPPED[:16], generators, MappingProgress())
