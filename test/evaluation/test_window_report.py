# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Windows over a drive in the exact box: which have an answer, and figures that are theirs."""

import numpy as np
import pytest
from support.exact_scene import CAMERA
from support.robots.box_relocaliser import picture_of, reading_localiser
from support.worlds.box_room import Poverty, walk

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.evaluation.window_report import judge_windows, WindowAnswer, WindowReport
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.sequence.sequence_window import WindowOptions
from scene_reloc_ros.pipeline.tracking.odometry_gate import GateOptions

TRACKED = WindowOptions(odometry=GateOptions(
    drift_m_per_m=0.02, drift_rad_per_rad=0.02, drift_rad_per_m=0.005))


class Drive(Sequence):
    """Poor pictures of a walk through the box."""

    def __init__(self, poses, poverty, step_s):
        self._poses, self._poverty, self._step_s = poses, poverty, step_s

    @property
    def names(self):
        return [f'frame {number}' for number in range(len(self._poses))]

    @property
    def camera(self):
        return CAMERA

    def _read(self, index):
        return PosedImage(self.names[index], round(index * self._step_s * 1e9), picture_of(
            self._poses[index], self._poverty, index), CAMERA, self._poses[index])

    def _pose(self, index):
        return self._poses[index]


@pytest.mark.slow
def test_poor_frames_have_answers_together():
    drive = Drive(walk(14, turn_rad=0.12), Poverty(3.0, 0.13), 0.3)
    told = []
    report = judge_windows(reading_localiser(), TRACKED, drive,
                           on_progress=lambda share, name: told.append((share, name)))
    figures = report.summary()
    assert figures['frames'] == 14 and told[-1] == (1.0, 'frame 13')
    assert figures['accepted_alone'] < 7
    assert figures['windows'] == 5 and figures['answered'] >= 3  # the last ones are short
    assert figures['joined'] >= 1 and figures['gross'] == 0
    assert figures['median_translation_m'] < 0.05 and 0 < figures['nees_mean'] < 20
    assert 0.3 <= figures['median_seconds'] <= 2.0


def test_pictures_of_nothing_have_no_answer_and_no_figures():
    drive = Drive(walk(4), Poverty(1.0, 0.0), 0.5)
    figures = judge_windows(reading_localiser(), WindowOptions(1.0), drive).summary()
    assert figures['answered'] == figures['joined'] == figures['gross'] == 0
    assert figures['windows'] >= 1 and figures['nees_mean'] is None
    assert figures['median_translation_m'] is None


def test_no_more_than_ten_frames_a_second_are_taken():
    drive = Drive([np.eye(4)] * 31, Poverty(1.0, 0.0), 1 / 30)
    assert judge_windows(reading_localiser(), WindowOptions(0.5), drive).frames == 11


def test_a_gap_in_the_drive_ends_its_windows():
    """Four frames, and four a minute later: no window spans the gap."""
    class Torn(Drive):
        def _read(self, index):
            frame = super()._read(index)
            later_ns = 60 * 10 ** 9 * (index >= 4)
            return PosedImage(frame.name, frame.stamp_ns + later_ns, frame.image, CAMERA,
                              frame.map_from_cam)
    report = judge_windows(reading_localiser(), WindowOptions(1.0),
                           Torn(walk(8), Poverty(1.0, 0.0), 0.3))
    assert report.frames == 8 and len(report.windows) == 4


@pytest.mark.parametrize(('metres', 'degrees', 'gross'), [
    (0.1, 1.0, False), (0.3, 1.0, True), (0.1, 11.0, True), (np.inf, np.inf, True)])
def test_gross_answers_are_counted(metres, degrees, gross):
    report = WindowReport(2.0, 5, 0, [WindowAnswer(True, 1.0, metres, degrees, 1.0), None])
    figures = report.summary()
    assert figures['gross'] == gross and figures['answered'] == 1 and figures['windows'] == 2
