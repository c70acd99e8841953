# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A recording at a glance: figures of a walk that is known, rows for people, and a picture."""

from dataclasses import replace
import json

import cv2
import numpy as np
import pytest
from support.small_recording import CAMERA, small_frames

from scene_reloc_ros.cli.sequence_figures import sequence_figures, sequence_rows
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.evaluation.recording_plots import plot_recording
from scene_reloc_ros.evaluation.recording_report import plan_axes, report_recording
from scene_reloc_ros.pipeline.conventions.report import ConventionReport, Finding, Mistake

# a camera that looks along x of a map whose z is up
UPRIGHT = np.array(((0.0, 0, 1, 0), (-1, 0, 0, 0), (0, -1, 0, 1.2), (0, 0, 0, 1)))


class Frames(Sequence):
    """Frames of a list."""

    camera = CAMERA

    def __init__(self, frames):
        self._frames = frames

    @property
    def names(self):
        return [frame.name for frame in self._frames]

    def _read(self, index):
        if isinstance(self._frames[index].image, str):
            raise ValueError(self._frames[index].image)
        return self._frames[index]

    def _stamp_ns(self, index):
        return self._frames[index].stamp_ns

    def _pose(self, index):
        return self._frames[index].map_from_cam


def walk(count=12):
    """Return frames that go 10 cm aside each, all looking along x of the map."""
    frames = []
    for index, frame in enumerate(small_frames(count)):
        pose = UPRIGHT.copy()
        pose[1, 3] = 0.1 * index
        frames.append(replace(frame, map_from_cam=pose))
    return frames


@pytest.fixture(scope='module')
def report():
    frames = walk()
    frames[3] = replace(frames[3], map_from_cam=None)
    frames[5] = replace(frames[5], image='picture 5 is torn')
    frames[7] = replace(frames[7], depth_m=None)
    return report_recording(Frames(frames))


def test_frames_route_and_depth_are_what_was_recorded(report):
    assert (report.frames, report.posed, report.looked_at) == (12, 11, 12)
    assert report.faults == ('picture 5 is torn',)
    assert report.length_m == pytest.approx(1.1) and report.seconds == pytest.approx(1.1)
    assert report.depth.frames == pytest.approx(10 / 11) and report.depth.pixels == 1.0
    np.testing.assert_allclose(report.up, (0, 0, 1))
    assert sorted(report.sectors) == [0] * 7 + [11]


def test_level_axes_are_level_and_turn_right():
    up = np.array((0.6, 0.0, 0.8))
    axes = plan_axes(up)
    np.testing.assert_allclose(axes @ up, 0, atol=1e-12)
    np.testing.assert_allclose(np.cross(*axes), up, atol=1e-12)


def test_figures_are_plain_and_rows_say_the_same(report):
    figures = json.loads(json.dumps(sequence_figures('walk', report)))
    assert figures['sequence'] == 'walk' and figures['length_m'] == pytest.approx(1.1)
    assert figures['conventions']['findings'] == []
    text = '\n'.join(f'{name}: {value}' for name, value in sequence_rows('walk', report))
    assert 'frames: 12 in 1.1 s, 11 with a pose' in text
    assert 'unreadable: picture 5 is torn' in text
    assert 'looked into 1 of 8 directions' in text
    assert 'coverage: ' in text and 'record more here' in text


def test_what_is_wrong_stands_in_a_row_of_its_own(report):
    offset = Finding(Mistake.TIME_OFFSET, 'the clocks differ', 80.0)
    wrong = replace(report, conventions=ConventionReport(12, 20, 6.5, (offset,)))
    rows = sequence_rows('walk', wrong)
    assert ('wrong', 'the clocks differ') in rows
    assert 'by 6.5 pixels in the median' in rows[-1][1]


def test_a_picture_is_drawn(report, tmp_path):
    path = plot_recording(report, 'walk', tmp_path / 'plots')
    picture = cv2.imread(str(path))
    assert path.name == 'recording.png' and picture.shape[:2] == (1100, 1430)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 200


def test_a_recording_without_poses_is_told_and_drawn(tmp_path):
    report = report_recording(Frames([replace(frame, map_from_cam=None, depth_m=None)
                                      for frame in walk(3)]))
    rows = dict(sequence_rows('walk', report))
    assert rows['route'] == 'unknown: no frame has a pose' and rows['depth'] == 'none'
    assert json.dumps(report.as_dict()) and report.as_dict()['extent'] is None
    assert plot_recording(report, 'walk', tmp_path).exists()
