# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``localise``."""

import cv2
import numpy as np
from support.mapped_room import LAP, ROUTE

from scene_reloc_ros.cli.main import main
from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.geometry.camera_file import write_camera


def damaged_copy(folder, torn, count=9):
    """Write frames of the room as a 7-Scenes folder: poses and depths, and some images, torn."""
    frames = open_sequence(ROUTE)
    folder.mkdir()
    write_camera(folder / 'camera.yaml', frames.camera)
    for number in range(count):
        frame = frames[number]
        stem = folder / f'frame-{number:06d}'
        cv2.imwrite(f'{stem}.color.png', frame.image)
        stem.with_suffix('.pose.txt').write_text('-inf ' * 16)
        stem.with_suffix('.depth.png').write_bytes(b'torn')
    for number in torn:
        (folder / f'frame-{number:06d}.color.png').write_bytes(b'torn')
    return folder


def test_neither_poses_nor_depths_are_needed_and_a_torn_picture_costs_itself(
        mapped, tmp_path, capsys):
    out = tmp_path / 'poses.tum'
    folder = damaged_copy(tmp_path / 'torn', (3, 5))
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--out', str(out)]) == 0
    said = capsys.readouterr().out
    assert len(np.loadtxt(out)) >= 5
    assert said.count('left out: image') == 2 and 'frame-000003.color.png' in said


def test_too_many_torn_pictures_are_an_error_and_the_rest_is_kept(mapped, tmp_path, capsys):
    out = tmp_path / 'poses.tum'
    folder = damaged_copy(tmp_path / 'torn', range(1, 9))
    assert main(['localise', str(mapped / 'room.map'), str(folder), '--out', str(out)]) == 2
    assert 'and 3 more' in capsys.readouterr().out
    assert out.read_text().startswith('# stamp tx ty tz')


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
