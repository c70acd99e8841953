# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The choice of parts: what is best, or all where fewer are hardly better; weights by noise."""

import numpy as np
import pytest
from support.worlds.wall import wall_frames
import torch

from scene_reloc_ros.mapping.progress import Deadline, MappingProgress
from scene_reloc_ros.methods import method
from scene_reloc_ros.methods.hybrid import Hybrid, HybridOptions
from scene_reloc_ros.methods.method import Correspondences, QueryImage
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.pipeline.part_choice import (
    _Asked,
    _best,
    _noise_px,
    Choice,
    PartChoice,
)

FRAMES = wall_frames(44, blur=4.0)


@pytest.fixture(scope='module')
def whole():
    """Return a map of both parts, made of half of the frames; too few for a check."""
    return Mapper(HybridOptions(), 'cpu').build(FRAMES[::3])


def test_what_is_best_is_kept_or_all():
    scores = {('a',): 0.80, ('b',): 0.90, ('a', 'b'): 0.895}
    assert _best(scores) == ('a', 'b')  # by half a point b is no better
    assert _best({**scores, ('b',): 0.92}) == ('b',)
    assert _best({**scores, ('a',): 0.95}) == ('a',)
    assert _best({('a',): 0.0, ('b',): 0.0, ('a', 'b'): 0.0}) == ('a', 'b')


@pytest.mark.parametrize('noise', [0.5, 2.0])
def test_the_noise_of_matches_is_found_among_outliers(noise):
    generator = torch.Generator().manual_seed(0)
    frame, focal = FRAMES[10], 500.0  # of the working image, which is twice as large
    seen_as = QueryImage.of(frame.image, frame.camera)
    seen = torch.rand(900, 3, generator=generator) + torch.tensor([-0.5, -0.5, 2.5])
    pose = torch.from_numpy(frame.map_from_cam).float()
    off = noise / focal * torch.randn(900, 2, generator=generator)
    off[:200] += 0.2  # a hundred pixels
    rays = torch.cat((seen[:, :2] / seen[:, 2:] + off, torch.ones(900, 1)), 1)
    found = Correspondences(rays[:, :2], rays, seen @ pose[:3, :3].T + pose[:3, 3])
    asked = [_Asked(frame, seen_as, {'cells': found})]
    assert _noise_px('cells', asked) == pytest.approx(noise, rel=0.1)
    assert _noise_px('cells', []) is None


def test_held_out_frames_try_every_part_alone_and_all_together(whole):
    choice = PartChoice(torch.device('cpu'), 0).run([(whole, FRAMES[1::6])], MappingProgress())
    tried = {tuple(one['parts']): one for one in choice.figures['tried']}
    assert set(tried) == {('cells',), ('sift',), ('cells', 'sift')}
    score = {parts: np.mean([one[f'recall_{bound}'] for bound in
                             ('2cm_2deg', '5cm_5deg', '10cm_5deg')])
             for parts, one in tried.items()}
    assert score[choice.kept] >= max(score.values()) - 0.01
    # blurred, features are still exact on this wall and cells are as coarse as ever
    assert choice.weights['sift'] == 1.0 and choice.weights['cells'] < 0.3
    assert choice.figures['frames'] == len(FRAMES[1::6])


def test_a_choice_makes_the_map(whole):
    figures = {'kept': ['cells', 'sift']}
    both = Choice(('cells', 'sift'), {'cells': 0.5, 'sift': 1.0}, figures).of(whole)
    assert both.content.method == Hybrid.name and both.metadata['choice'] == figures
    assert both.content.header['weights'] == {'cells': 0.5, 'sift': 1.0}
    assert set(both.content.tensors) == set(whole.content.tensors)
    alone = Choice(('cells',), {'cells': 1.0, 'sift': 1.0}, figures).of(whole)
    assert alone.content.method == 'cells' and alone.encoder_hash == whole.encoder_hash


def test_a_picture_is_prepared_and_its_quality_measured_once_whatever_is_tried(whole, monkeypatch):
    measured, prepared = [], []
    quality, working = method.image_quality, method.working_image
    monkeypatch.setattr(method, 'image_quality', lambda *a: measured.append(1) or quality(*a))
    monkeypatch.setattr(method, 'working_image', lambda *a: prepared.append(1) or working(*a))
    PartChoice(torch.device('cpu'), 0).run([(whole, FRAMES[1::20])], MappingProgress())
    assert len(measured) == len(prepared) == len(FRAMES[1::20])  # of three combinations


def test_without_time_one_frame_chooses(whole):
    progress = MappingProgress(deadline=Deadline(0.0))
    choice = PartChoice(torch.device('cpu'), 0).run([(whole, FRAMES[1::6])], progress)
    assert choice.figures['frames'] == 1 and choice.kept
