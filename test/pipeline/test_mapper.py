# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Mapper on a small exact world: seeds, stages, cancelling, and what a map says of itself."""

from dataclasses import replace

import numpy as np
import pytest
from support.worlds.frame_folder import lose_tracking, tear, write_folder
from support.worlds.wall import wall_frames
import torch

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.mapping.view_matching import MatchingOptions
from scene_reloc_ros.methods.coordinates.ace import read_head
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.network.preprocessing import working_image
from scene_reloc_ros.network.weights import save_encoder
from scene_reloc_ros.pipeline import map_validation
from scene_reloc_ros.pipeline.mapper import Mapper
from scene_reloc_ros.uncertainty.image_quality import image_quality

MINIMUM_FRAMES = 10
STAGES = ['encoding', 'matching', 'training', 'checking']


@pytest.fixture(scope='module', autouse=True)
def few_pictures_of_other_places():
    """Keep the check short: what it fits is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(map_validation, '_NEGATIVES', 2)
        yield


@pytest.fixture(scope='module')
def options(tmp_path_factory):
    """Return options of a mapping of seconds, with a tiny encoder of its own."""
    path = tmp_path_factory.mktemp('encoder') / 'tiny.safetensors'
    torch.manual_seed(0)
    save_encoder(path, Encoder(EncoderOptions((4, 8, 16), 1, 0, 16)), 'a tiny one for tests')
    return replace(PRESETS['fast'], encoder=str(path), width=32, passes=1, views=1, cells=200,
                   steps=30, batch=512, minutes=30.0, self_check=4,
                   matching=MatchingOptions(pairs=2))


@pytest.fixture(scope='module')
def frames():
    """Return enough frames to hold some out."""
    return wall_frames(64)


@pytest.fixture(scope='module')
def built(options, frames):
    """Return a map with held-out frames, and the progress that was told."""
    told = []
    scene_map = Mapper(options, 'cpu', seed=1).build(frames, lambda *parts: told.append(parts))
    return scene_map, told


def weights(scene_map):
    """Return the weights of a head in one row."""
    head = read_head(scene_map.content)
    return torch.cat([value.flatten() for value in head.state_dict().values()])


def test_progress_goes_through_all_stages_in_order(built):
    _, told = built
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == STAGES
    for stage in STAGES:
        fractions = [fraction for name, fraction, _ in told if name == stage]
        assert fractions == sorted(fractions) and 0 <= fractions[0] <= fractions[-1] <= 1


def test_a_map_knows_its_frames_its_training_and_its_check(built, frames):
    scene_map, _ = built
    assert scene_map.metadata['training']['steps'] == 30 and scene_map.metadata['seed'] == 1
    assert scene_map.metadata['frames'] == 64 and scene_map.metadata['mapping_seconds'] > 0
    check = scene_map.metadata['check']
    assert check['held_out'] and check['frames'] == 64 - len(scene_map.views)
    assert check['quality'] in ('good', 'fair', 'poor')
    assert scene_map.uncertainty is not None  # thirty steps teach no depth correction
    truths = np.stack([frame.map_from_cam for frame in frames])
    for view in scene_map.views.numpy():
        assert np.abs(truths - view).max(axis=(1, 2)).min() < 1e-5


def test_a_map_survives_its_file(built, tmp_path):
    scene_map, _ = built
    scene_map.save(tmp_path / 'wall.map')
    loaded = SceneMap.load(tmp_path / 'wall.map')
    assert loaded.uncertainty == scene_map.uncertainty
    assert loaded.metadata['check'] == scene_map.metadata['check']
    assert loaded.colours.shape == loaded.cloud.shape
    assert torch.equal(loaded.colours, scene_map.colours)
    red, green, blue = loaded.colours.T  # of a grey wall; thirty steps put all points close by
    assert torch.equal(red, green) and torch.equal(green, blue) and len(red.unique()) > 1


def test_a_frame_of_a_folder_that_cannot_be_read_is_left_out_and_told(options, tmp_path, capsys):
    folder = write_folder(tmp_path / 'folder', wall_frames(16))
    tear(folder / 'frame-000003.color.png')
    tear(folder / 'frame-000004.depth.png')
    lose_tracking(folder / 'frame-000008.pose.txt')
    (folder / 'frame-000009.pose.txt').unlink()
    told = []
    scene_map = Mapper(options, 'cpu').build(open_sequence(folder), lambda *p: told.append(p))
    assert scene_map.metadata['frames'] == 12 and told[0][0] == 'reading'
    assert scene_map.metadata['left_out']['unreadable'] == 3
    scene_map.save(tmp_path / 'wall.map')
    assert main(['info', str(tmp_path / 'wall.map')]) == 0
    said = capsys.readouterr().out
    assert '3 of 16 frames left out, which cannot be read' in said
    assert 'left out: image' in said and 'frame-000003.color.png' in said


def test_too_many_frames_that_cannot_be_read_are_an_error_before_the_mapping(options, tmp_path):
    folder = write_folder(tmp_path / 'folder', wall_frames(16))
    for number in range(6):
        lose_tracking(folder / f'frame-{number:06d}.pose.txt')
    with pytest.raises(ValueError, match='6 of 16 frames cannot be read, more than a third'):
        Mapper(options, 'cpu').build(open_sequence(folder))
    for number in range(6, 16):
        (folder / f'frame-{number:06d}.pose.txt').unlink()
    for number in range(6):
        (folder / f'frame-{number:06d}.pose.txt').write_text('1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1')
    with pytest.raises(ValueError, match='6 posed frames are too few to map'):
        Mapper(options, 'cpu').build(open_sequence(folder))


def test_a_map_without_depth_reads_none(options, tmp_path):
    folder = write_folder(tmp_path / 'folder', wall_frames(16))
    for path in folder.glob('*.depth.png'):
        tear(path)
    scene_map = Mapper(replace(options, depth=False), 'cpu').build(open_sequence(folder))
    assert scene_map.metadata['frames'] == 16 and scene_map.depth is None


def test_the_seed_decides(options):
    frames = wall_frames(MINIMUM_FRAMES)
    quick = replace(options, self_check=1)
    first, again, other = (weights(Mapper(quick, 'cpu', seed).build(frames))
                           for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=1e-3)


def test_a_shuffled_list_makes_the_same_map_of_the_same_figures(options, frames, built):
    shuffled = [frames[index] for index in np.random.default_rng(5).permutation(len(frames))]
    scene_map = Mapper(options, 'cpu', seed=1).build(shuffled)
    assert scene_map.metadata['check'] == built[0].metadata['check']
    assert torch.equal(weights(scene_map), weights(built[0]))


def test_pictures_of_a_robot_that_stood_still_change_nothing(options, frames, built):
    at_rest = [replace(frames[30], name=f'rest-{n}', stamp_ns=frames[30].stamp_ns + n * 1_000_000)
               for n in range(1, 30)]
    scene_map = Mapper(options, 'cpu', seed=1).build([*frames, *at_rest])
    assert scene_map.metadata['frames'] == 93 and scene_map.metadata['distinct_frames'] == 64
    # which of its pictures stands for the rest is no matter
    assert scene_map.metadata['check']['frames'] == built[0].metadata['check']['frames']
    with pytest.raises(ValueError, match='stood still: 30 posed frames show 1 view'):
        Mapper(options, 'cpu').build([frames[30], *at_rest])


@pytest.mark.parametrize('stage', STAGES)
def test_mapping_can_be_cancelled_at_every_stage(stage, options, frames):
    reached = []

    def report(name, fraction, text):
        reached.append(name)

    with pytest.raises(MappingCancelled, match=stage):
        Mapper(options, 'cpu').build(frames, report, lambda: stage in reached)
    assert reached.count(stage) == 1 and reached[-1] == stage


def test_few_frames_are_all_trained_on_and_the_check_says_so(options):
    scene_map = Mapper(options, 'cpu').build(wall_frames(MINIMUM_FRAMES, depth=False))
    check = scene_map.metadata['check']
    assert not check['held_out'] and check['frames'] == options.self_check
    assert scene_map.uncertainty.rgb.frames == 0 and scene_map.depth is None
    # a picture is compared with those of its own map all the same
    seen = [image_quality(working_image(frame.image, frame.camera)[0]).sharpness
            for frame in wall_frames(MINIMUM_FRAMES, depth=False)]
    assert scene_map.uncertainty.images.sharpness == pytest.approx(np.median(seen), rel=0.3)
    assert len(scene_map.views) == MINIMUM_FRAMES


def test_too_few_frames_are_refused(options):
    with pytest.raises(ValueError, match='9 posed frames are too few'):
        Mapper(options, 'cpu').build(wall_frames(9))


@pytest.mark.parametrize('pose, sentence', [
    (None, 'frame-003 has no pose'), (2 * np.eye(4), 'frame-003 is no rotation'),
    (np.full((4, 4), np.nan), 'frame-003 contains NaN')])
def test_a_frame_without_a_usable_pose_is_named(pose, sentence, options):
    frames = wall_frames(MINIMUM_FRAMES)
    frames[3] = replace(frames[3], map_from_cam=pose)
    with pytest.raises(ValueError, match=sentence):
        Mapper(options, 'cpu').build(frames)


def test_a_frame_of_another_size_than_its_camera_is_named(options):
    frames = wall_frames(MINIMUM_FRAMES)
    frames[5] = replace(frames[5], image=np.zeros((60, 80), np.uint8))
    with pytest.raises(ValueError, match='frame-005.*80x60'):
        Mapper(options, 'cpu').build(frames)
