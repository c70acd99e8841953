# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""COLMAP as the oracle of our tracks and points, and as a peer by which maps are made."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from support.worlds.features import exact_views
from support.worlds.wall import best_errors, wall_frames
import torch

from scene_reloc_ros.mapping.progress import MappingProgress
from scene_reloc_ros.methods.matching.colmap import (
    Colmap,
    ColmapOptions,
    pycolmap,
    triangulated_by,
)
from scene_reloc_ros.methods.matching.feature_tracks import tracks_of
from scene_reloc_ros.methods.matching.triangulation import triangulate
from scene_reloc_ros.pipeline.mapper import Mapper

pytest.importorskip('pycolmap', reason='pycolmap has wheels for x86-64 only')


def test_points_are_where_colmap_has_them():
    views, points = exact_views(noise_px=0.5)
    observed, theirs = triangulated_by(pycolmap(), views, np.random.default_rng(0),
                                       MappingProgress())
    ours = triangulate(observed.tracks, torch.zeros(5).double()).points
    _, first = np.unique(observed.tracks.point.numpy(), return_index=True)
    truth = points[observed.feature[torch.from_numpy(first)]]  # views number features like points
    assert len(truth) > 100
    assert float((ours - theirs).norm(dim=1).median()) < 1e-3
    mine, peer = (float((found - truth).norm(dim=1).median()) for found in (ours, theirs))
    assert mine < 1.1 * peer < 0.02


def test_no_track_of_colmap_is_missed():
    views, points = exact_views(noise_px=0.5, wrong=20)
    theirs, _ = triangulated_by(pycolmap(), views, np.random.default_rng(0), MappingProgress())
    ours, _ = tracks_of(views, np.random.default_rng(0), MappingProgress())
    assert set(theirs.feature.tolist()) <= set(ours.feature.tolist())
    assert ours.tracks.count == len(points) - 20


@pytest.mark.slow
def test_a_map_by_colmap_answers_like_any():
    frames = wall_frames(38, blur=2.0)
    scene_map = Mapper(ColmapOptions(depth=False), 'cpu').build(  # too few for a check
        [frame for number, frame in enumerate(frames) if number % 2])
    assert scene_map.content.method == Colmap.name and scene_map.depth is None
    metres, degrees = best_errors(scene_map, frames[::2])
    assert np.median(metres) < 0.02 and metres.max() < 0.06 and degrees.max() < 1.5


@pytest.mark.slow
def test_a_process_that_has_imported_colmap_ends_without_a_stack_when_terminated():
    code = ('import time\nfrom scene_reloc_ros.methods.matching.colmap import pycolmap\n'
            'pycolmap()\nprint("ready", flush=True)\ntime.sleep(60)')
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (-signal.SIGTERM, '')
