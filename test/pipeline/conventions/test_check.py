# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The check on pictures: each mistake by its name, nothing in what is clean or cannot tell."""

from dataclasses import replace

import numpy as np
import pytest

from scene_reloc_ros.datasets.open_sequence import open_sequence
from scene_reloc_ros.datasets.planted_mistakes import KeptFrames, MistakenSequence, PLANTS
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.pipeline.conventions.check import check_conventions
from scene_reloc_ros.pipeline.conventions.report import ConventionReport, Finding, Mistake

CAMERA = Camera(320, 240, 260.0, 260.0, 159.5, 119.5)
SPARED, FRAMES = 6, 24


@pytest.fixture(scope='module')
def room():
    """Return frames of the simulated room, with some around them."""
    return KeptFrames(open_sequence('simulated:survey?seed=3'),
                      range(40, 40 + FRAMES + 2 * SPARED))


@pytest.fixture(scope='module')
def kitchen(redkitchen):
    """Return recorded frames, with some around them."""
    return KeptFrames(open_sequence(redkitchen), range(100, 100 + 40 + 2 * SPARED))


def middle_of(sequence):
    """Return the frames that are looked at, as a recording that has no others."""
    return [sequence[index] for index in range(SPARED, len(sequence) - SPARED)]


def found_in(frames):
    return [finding.mistake.value for finding in check_conventions(frames).findings]


def without_depth(frames):
    return [replace(frame, depth_m=None) for frame in frames]


@pytest.mark.slow
def test_nothing_is_wrong_with_a_clean_recording(room):
    report = check_conventions(middle_of(room))
    assert report.findings == () and report.error_px < 1.0
    assert report.sentence.startswith(f'nothing wrong seen in {FRAMES} frames')
    assert {Mistake.INVERTED_POSES, Mistake.WRONG_AXES, Mistake.WRONG_SCALE} <= set(report.right)


@pytest.mark.slow
@pytest.mark.parametrize('mistake', sorted(PLANTS))
def test_a_planted_mistake_is_named(room, mistake):
    assert found_in(middle_of(MistakenSequence(room, mistake, seed=2))) == [mistake]


@pytest.mark.slow
@pytest.mark.parametrize('mistake', sorted(set(PLANTS) - {'wrong_scale', 'unregistered_depth'}))
def test_no_depth_is_needed_for_what_poses_and_pictures_tell(room, mistake):
    frames = without_depth(middle_of(MistakenSequence(room, mistake, seed=1)))
    report = check_conventions(frames)
    assert [finding.mistake.value for finding in report.findings] == [mistake]
    assert {Mistake.WRONG_SCALE, Mistake.UNREGISTERED_DEPTH} <= set(report.unknown)


@pytest.mark.slow
def test_nothing_is_wrong_with_recorded_frames(kitchen):
    assert found_in(middle_of(kitchen)) == []


@pytest.mark.slow
@pytest.mark.parametrize('mistake', ['inverted_poses', 'wrong_frame', 'time_offset'])
def test_a_mistake_in_recorded_frames_is_named(kitchen, mistake):
    assert found_in(middle_of(MistakenSequence(kitchen, mistake))) == [mistake]


@pytest.mark.slow
def test_a_time_offset_is_found_within_ten_milliseconds(room):
    planted = MistakenSequence(room, 'time_offset', seed=4)
    report = check_conventions(middle_of(planted))
    assert report.time_offset_s == pytest.approx(-planted.plant.offset_s, abs=0.01)


def blank(count, value=120):
    """Return frames of a camera that moves before nothing."""
    frames = []
    for index in range(count):
        pose = np.eye(4)
        pose[0, 3] = 0.05 * index
        frames.append(PosedImage(f'f{index}', index * 33_000_000,
                                 np.full((240, 320), value, np.uint8), CAMERA, pose))
    return frames


def test_blank_pictures_tell_nothing_and_say_so():
    report = check_conventions(blank(12))
    assert report.findings == () and report.right == () and report.error_px is None
    assert 'hardly any two frames share what can be recognised' in report.sentence


def test_a_camera_that_stands_still_tells_nothing_and_says_so():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 64), np.uint8).repeat(5, 0).repeat(5, 1)
    report = check_conventions([replace(frame, image=image) for frame in blank(10)])
    assert report.findings == ()
    assert 'no mistake can be told before it moves and turns' in report.sentence


@pytest.mark.parametrize('frames', [[], blank(3), [replace(frame, map_from_cam=None)
                                                   for frame in blank(12)]])
def test_too_few_frames_with_poses_tell_nothing_and_say_so(frames):
    report = check_conventions(frames)
    assert report.findings == () and 'fewer than 8 frames' in report.sentence


def test_broken_poses_and_pictures_cost_their_own_frames():
    frames = blank(12)
    frames[2] = replace(frames[2], map_from_cam=np.full((4, 4), np.nan))
    frames[3] = replace(frames[3], image=np.zeros((10, 10), np.uint8))
    frames[4] = replace(frames[4], depth_m=np.full((240, 320), np.nan, np.float32))
    assert check_conventions(frames).frames == 10


def test_the_report_says_what_is_wrong_and_what_to_do():
    offset = Finding(Mistake.TIME_OFFSET, 'the poses are late', 80.0)
    report = ConventionReport(40, 90, 6.0, (offset,), right=(Mistake.WRONG_SCALE,))
    assert report.sentence == 'the poses are late' and report.time_offset_s == 0.08
    said = report.as_dict()
    assert said['findings'] == [{'mistake': 'time_offset', 'sentence': 'the poses are late',
                                 'value': 80.0}]
    assert 'wrong_scale' not in said['unknown'] and 'inverted_poses' in said['unknown']
