# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The demo as a user starts it: three nodes and a conductor in processes of their own."""

import json
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
from support.small_recording import write_small_recording
import torch

pytestmark = pytest.mark.ros
ROOT = Path(__file__).resolve().parents[3]
QUERIES = range(102, 202, 10)


def run_demo(*arguments):
    """Run the demo and return exit code and output."""
    path = os.pathsep.join((str(ROOT), os.environ.get('PYTHONPATH', '')))
    finished = subprocess.run(
        [sys.executable, '-m', 'scene_reloc_ros.cli.main', 'demo', *map(str, arguments)],
        env={**os.environ, 'PYTHONPATH': path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=600, check=False)
    return finished.returncode, finished.stdout


@pytest.fixture
def easy_sequence(redkitchen, tmp_path):
    """Return frames of redkitchen whose second route lies between the mapped frames."""
    folder = tmp_path / 'sequence'
    folder.mkdir()
    (folder / 'camera.yaml').symlink_to(redkitchen / 'camera.yaml')
    for route, indices in {'map': range(0, 320, 4), 'validation': QUERIES}.items():
        names = [f'frame-{index:06d}' for index in indices]
        (folder / f'{route}.txt').write_text('\n'.join(names) + '\n')
        for name in names:
            for part in ('color.jpg', 'depth.png', 'pose.txt'):
                file = folder / f'{name}.{part}'
                if not file.exists():
                    file.symlink_to(redkitchen / file.name)
    return folder


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.real_data
def test_the_pose_arrives_on_tf_and_on_its_topic_in_the_right_frame_at_the_right_stamp(
        easy_sequence, tmp_path):
    out = tmp_path / 'out'
    code, output = run_demo('--sequence', easy_sequence, '--out', out, '--preset', 'fast',
                            '--minutes', '1')
    assert code in (0, 1), output
    frames = json.loads((out / 'results.json').read_text())['frames']
    assert [f['name'] for f in frames] == [f'frame-{k:06d}' for k in QUERIES]
    assert all(f['reason'] != 'no_answer' for f in frames)
    accepted = [f for f in frames if f['accepted']]
    assert len(accepted) >= 5, output
    for frame in accepted:
        np.testing.assert_allclose(frame['map_from_cam_of_tf'], frame['map_from_cam'], atol=1e-6)
    errors = [np.linalg.norm(np.subtract(f['map_from_cam'], f['map_from_cam_true'])[:3, 3])
              for f in accepted]
    assert np.median(errors) < 0.15
    assert (out / 'demo.png').stat().st_size > 50_000
    assert 'asked for at least 50% of the frames within 10 cm and 5 degrees' in output
    for log in out.glob('*.log'):
        assert 'Traceback' not in log.read_text()


def test_a_training_that_cannot_run_ends_the_demo_with_its_sentence(tmp_path):
    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU, so asking for one is no error')
    write_small_recording(tmp_path / 'sequence', 15)
    code, output = run_demo('--sequence', tmp_path / 'sequence', '--device', 'cuda',
                            '--out', tmp_path / 'out')
    assert code == 2
    assert output.splitlines()[-1].startswith('scene_reloc demo: ')
    assert 'device cuda was asked for' in output
    assert 'Traceback' not in output
