# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""From rendered frames to a map file and back to poses, through the command line."""

from dataclasses import replace
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.camera_refinement import CameraRefinement, CameraRefinementOptions
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.network.encoder import Encoder
from scene_reloc_ros.network.weights import encoder_hash, save_encoder
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.ambiguity import voxels_of
from scene_reloc_ros.uncertainty.rejection import Rejection

ROUTE = 'simulated:survey?frames=300'
LAP = 64  # frames of the route that are mapped


@pytest.fixture(scope='module')
def localiser(mapped):
    return Localiser(SceneMap.load(mapped / 'room.map'), device='cpu')


def test_the_map_is_small_and_knows_how_it_was_made(mapped):
    figures = json.loads((mapped / 'map.json').read_text())
    assert figures['frames'] == LAP
    assert figures['map_bytes'] == (mapped / 'room.map').stat().st_size < 4.5e6
    check = figures['check']
    assert check['held_out'] and check['blocks'] >= 5 and check['frames'] < LAP / 4
    assert check['recall_10cm_5deg'] > 0.5


def test_a_map_is_judged_on_frames_that_it_was_not_trained_on(mapped, capsys):
    assert main(['info', str(mapped / 'room.map')]) == 0
    text = capsys.readouterr().out
    assert 'kept from training' in text and 'is honest' in text and 'quality' in text
    table = SceneMap.load(mapped / 'room.map').uncertainty
    assert table.rgb.frames >= 6 and table.rgbd.frames >= 6 and table.acceptance.frames >= 6
    assert len(SceneMap.load(mapped / 'room.map').views) == LAP - json.loads(
        (mapped / 'map.json').read_text())['check']['frames']


def test_pictures_of_other_places_are_refused_and_counted(mapped, capsys):
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--trust', '12',
                 '--json', str(mapped / 'trust.json')]) == 0
    figures = json.loads((mapped / 'trust.json').read_text())
    kinds = figures['trust']['kinds']
    assert set(kinds) == {'clean', 'light', 'blur', 'noise', 'otherroom', 'procedural',
                          'mirrored', 'shuffled'}
    strangers = [kinds[kind] for kind in ('otherroom', 'procedural', 'mirrored', 'shuffled')]
    assert [part['queries'] for part in strangers] == [3] * 4
    assert sum(part['accepted'] for part in strangers) == 0
    assert figures['acceptance_of_good'] > 0.7
    assert 'accepted with a gross error' in capsys.readouterr().out


def test_evaluate_writes_the_figures_that_others_rely_on(mapped, capsys):
    code = main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--json', str(mapped / 'eval.json'),
                 '--plots', str(mapped / 'plots')])
    figures = json.loads((mapped / 'eval.json').read_text())
    assert code == 0
    assert {'frames', 'accepted', 'median_translation_m', 'median_rotation_deg',
            'recall_2cm_2deg', 'recall_5cm_5deg', 'recall_10cm_5deg', 'latency_ms', 'solver',
            'device', 'map_bytes'} <= set(figures)
    assert figures['frames'] == LAP // 8
    assert {'nees_mean', 'nees_within_95', 'false_accept_rate', 'acceptance_of_good'} <= set(
        figures)
    assert (mapped / 'plots' / 'trust.png').is_file()
    assert figures['median_translation_m'] < 0.10
    assert set(figures['latency_ms']) == {'median', 'p95'}
    assert (mapped / 'plots' / 'errors.png').is_file()
    assert 'median error' in capsys.readouterr().out


def test_evaluate_in_other_light_says_what_that_costs(mapped, capsys):
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--perturb', 'light',
                 '--json', str(mapped / 'light.json')]) == 0
    figures = json.loads((mapped / 'light.json').read_text())
    clean = json.loads((mapped / 'eval.json').read_text())
    assert figures['perturb'] == 'light'
    assert figures['unperturbed']['median_translation_m'] == clean['median_translation_m']
    assert figures['median_translation_m'] != clean['median_translation_m']
    assert 'points lost' in capsys.readouterr().out


def test_a_map_says_what_it_found_of_the_calibration(mapped, capsys):
    """The rendered camera is exact: nothing may be found that the prior calls unusual."""
    figures = json.loads((mapped / 'map.json').read_text())
    unusual = 2 * CameraRefinementOptions().expected  # this map is trained for seconds only
    assert figures['calibration']['fx'] == pytest.approx(525, rel=unusual)
    assert figures['calibration']['fy'] == pytest.approx(525, rel=unusual)
    assert main(['info', str(mapped / 'room.map')]) == 0
    assert 'as mapping found them' in capsys.readouterr().out


def test_a_map_keeps_to_its_encoder(mapped, tmp_path, capsys):
    """Another file under the same name is another encoder, and that is said."""
    torch.manual_seed(0)
    other = tmp_path / 'mine.safetensors'
    save_encoder(other, Encoder(), 'random')
    scene_map = replace(SceneMap.load(mapped / 'room.map'), encoder_name=str(other))
    with pytest.raises(ValueError, match='was made with encoder .*mine.safetensors'):
        Localiser(scene_map)
    scene_map = replace(scene_map, encoder_hash=encoder_hash(str(other)))
    assert Localiser(scene_map, device='cpu').encoder.channels == 256


def test_what_mapping_learnt_of_its_camera_says_nothing_of_another(mapped, localiser):
    frame = open_sequence(ROUTE)[1]
    shifted = Localiser(replace(localiser.scene_map,
                                correction=CameraRefinement((0.05, 0.0, 0.0, 0.0, 0.0))),
                        device='cpu')
    # the best pose, believed or not: with rays so wrong it may rightly be refused
    plain, turned = (which.trace(frame.image, frame.camera).pose
                     for which in (localiser, shifted))
    assert pose_errors(turned.map_from_cam, plain.map_from_cam)[1] > 1.0
    other = replace(frame.camera, fx=1.02 * frame.camera.fx, fy=1.02 * frame.camera.fy)
    plain, turned = (which.trace(frame.image, other).pose for which in (localiser, shifted))
    assert np.array_equal(plain.map_from_cam, turned.map_from_cam)


def test_localise_writes_a_trajectory_of_the_true_poses(mapped):
    out = mapped / 'poses.tum'
    assert main(['localise', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'between.txt'), '--out', str(out)]) == 0
    rows = np.loadtxt(out)
    frames = open_sequence(ROUTE)
    truth = {f'{frames[i].stamp_ns / 1e9:.6f}': frames.map_from_cam(i) for i in range(1, LAP, 8)}
    assert len(rows) >= 3
    distances = [np.linalg.norm(row[1:4] - truth[f'{row[0]:.6f}'][:3, 3]) for row in rows]
    assert np.median(distances) < 0.10


def test_info_says_what_is_in_a_map(mapped, capsys):
    assert main(['info', str(mapped / 'room.map')]) == 0
    text = capsys.readouterr().out
    assert 'encoder' in text and 'small' in text and f'{LAP}, cameras moved' in text


def test_the_same_image_gives_the_same_pose_and_a_positive_covariance(localiser):
    frame = open_sequence(ROUTE)[10]
    first, second = (localiser.localise(frame.image, frame.camera) for _ in range(2))
    assert first.accepted
    assert np.array_equal(first.map_from_cam, second.map_from_cam)
    assert np.linalg.eigvalsh(first.covariance).min() > 0
    assert np.allclose(first.covariance, first.covariance.T)
    assert len(first.inlier_pixels) == len(first.inlier_points) == first.inliers <= first.cells


def test_inlier_points_project_onto_inlier_pixels(localiser):
    frame = open_sequence(ROUTE)[10]
    found = localiser.localise(frame.image, frame.camera)
    cam_from_map = np.linalg.inv(found.map_from_cam)
    seen = found.inlier_points @ cam_from_map[:3, :3].T + cam_from_map[:3, 3]
    given = torch.from_numpy(frame.camera.rays(found.inlier_pixels)[:, :2]).float()
    rays = localiser.scene_map.correction(given).numpy()
    error = np.linalg.norm(seen[:, :2] / seen[:, 2:] - rays, axis=1) * frame.camera.focal
    assert error.max() <= 10.01


def test_a_larger_image_of_the_same_view_gives_the_same_pose(localiser):
    frame = open_sequence(ROUTE)[10]
    doubled = frame.image.repeat(2, 0).repeat(2, 1)
    found = localiser.localise(doubled, frame.camera.scaled(1280, 960))
    small = localiser.localise(frame.image, frame.camera)
    translation, rotation = pose_errors(found.map_from_cam, small.map_from_cam)
    assert float(translation) < 0.01 and float(rotation) < 0.2
    assert found.inlier_pixels[:, 0].max() > 640


@pytest.mark.parametrize('kind', ['black', 'noise', 'tiny'])
def test_an_image_of_nothing_is_refused_with_a_reason(localiser, kind):
    size = (48, 64) if kind == 'tiny' else (480, 640)
    rng = np.random.default_rng(0)
    image = np.zeros(size, np.uint8) if kind == 'black' else rng.integers(
        0, 256, size, dtype=np.uint8)
    camera = Camera(size[1], size[0], 525, 525, 320, 240)
    found = localiser.localise(image, camera)
    assert not found.accepted and isinstance(found.rejection, Rejection)
    assert found.map_from_cam is None and found.covariance is None
    assert found.rejection.sentence.endswith('.')


def test_a_camera_that_sees_at_quite_another_scale_is_refused(localiser):
    frame = open_sequence(ROUTE)[10]
    zoomed = replace(frame.camera, fx=2 * frame.camera.fx, fy=2 * frame.camera.fy)
    found = localiser.localise(frame.image, zoomed)
    assert found.rejection is Rejection.WRONG_CAMERA and found.map_from_cam is None


@pytest.mark.parametrize(('change', 'reason'), [
    (lambda image: image // 40, Rejection.TOO_DARK),
    (lambda image: np.full_like(image, 255), Rejection.TOO_BRIGHT)])
def test_a_picture_that_shows_nothing_says_why(localiser, change, reason):
    frame = open_sequence(ROUTE)[10]
    found = localiser.localise(change(frame.image), frame.camera)
    assert found.rejection is reason and found.probability < 0.5


def test_a_map_without_calibration_states_larger_errors(localiser):
    frame = open_sequence(ROUTE)[10]
    bare = Localiser(replace(localiser.scene_map, calibration=None), device='cpu')
    here, there = (which.trace(frame.image, frame.camera).pose for which in (localiser, bare))
    assert np.trace(there.covariance) > 1.5 * np.trace(here.covariance)


def test_points_that_another_place_looks_like_prove_nothing(localiser):
    frame = open_sequence(ROUTE)[10]
    found = localiser.localise(frame.image, frame.camera)
    assert found.accepted and found.probability > 0.5
    twin = Localiser(replace(localiser.scene_map, ambiguous=voxels_of(
        torch.from_numpy(found.inlier_points))), device='cpu')
    refused = twin.localise(frame.image, frame.camera)
    assert refused.rejection is Rejection.AMBIGUOUS and refused.map_from_cam is None
    assert refused.probability <= 0.5


def test_a_map_of_another_encoder_is_refused(mapped):
    scene_map = SceneMap.load(mapped / 'room.map')
    object.__setattr__(scene_map, 'encoder_hash', 'f' * 16)
    with pytest.raises(ValueError, match='made with encoder small f+.*map again'):
        Localiser(scene_map, device='cpu')


BAD_INPUT = {
    'missing folder': (['map', 'nowhere', '--out', 'x.map'], 'nowhere'),
    'missing list': (['map', ROUTE, '--frames', 'no.txt', '--out', 'x.map'], 'no.txt'),
    'missing map': (['evaluate', 'no.map', ROUTE], 'no.map does not exist'),
    'missing output folder': (['map', ROUTE, '--out', 'no/x.map'], 'folder no'),
    'negative minutes': (['map', ROUTE, '--minutes', '-1', '--out', 'x.map'], 'minutes is -1'),
    'no such room': (['map', 'simulated:cellar', '--out', 'x.map'], 'cellar'),
    'too few frames': (['map', 'simulated:survey?frames=3', '--out', 'x.map'], 'too few'),
    'no such encoder': (['map', ROUTE, '--encoder', 'huge', '--out', 'x.map'],
                        "'huge' is neither"),
    'no pairs': (['bench', 'encoder', '--pairs', '0'], 'at least 1 pair'),
    'bench of nothing': (['bench', '--problems', '0'], 'at least 1'),
}
if not torch.cuda.is_available():
    BAD_INPUT['no GPU'] = (['map', ROUTE, '--device', 'cuda', '--out', 'x.map'], 'CUDA')


@pytest.mark.parametrize('case', BAD_INPUT)
def test_bad_input_is_one_sentence_and_no_traceback(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments, sentence = BAD_INPUT[case]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err.strip().splitlines()[-1]
    assert 'Traceback' not in captured.err
    assert not list(tmp_path.iterdir())


def test_a_list_that_names_an_absent_frame_is_refused(mapped, capsys):
    (mapped / 'absent.txt').write_text('frame-x\n')
    assert main(['evaluate', str(mapped / 'room.map'), ROUTE, '--frames',
                 str(mapped / 'absent.txt')]) == 2
    assert 'frame-x' in capsys.readouterr().err


def test_a_truncated_map_is_refused(mapped, capsys):
    cut = mapped / 'cut.map'
    cut.write_bytes((mapped / 'room.map').read_bytes()[:5000])
    assert main(['info', str(cut)]) == 2
    assert 'cut.map is truncated' in capsys.readouterr().err


def test_the_program_stands_alone_and_names_its_commands():
    shown = subprocess.run([sys.executable, '-m', 'scene_reloc_ros.cli.main', '--help'],
                           capture_output=True, text=True)
    assert shown.returncode == 0
    for command in ('demo', 'map', 'localise', 'evaluate', 'info', 'bench', 'pretrain', 'doctor'):
        assert command in shown.stdout
    assert main([]) == 2


def test_doctor_finds_what_this_machine_has(capsys):
    main(['doctor'])
    lines = capsys.readouterr().out.splitlines()
    assert any('torch' in line and 'solver reference' in line for line in lines)
    assert any('encoder' in line and 'ok' in line for line in lines)
