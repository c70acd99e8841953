# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Choice of key frames: by motion, by what the picture shows, and by the room that there is."""

from dataclasses import replace
import math

import cv2
import numpy as np
import pytest
from support.small_recording import sharp_frames

from scene_reloc_ros.ros.bridge.camera_frame import InputRejection
from scene_reloc_ros.ros.dataset_player.simulated_odometry import pose_of_rpy
from scene_reloc_ros.ros.mapper.frame_choice import (
    KeyFrameSelection,
    PictureCheck,
    RecordingBound,
    room_for,
)
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions

OPTIONS = MapperNodeOptions()


@pytest.mark.parametrize('position, yaw_deg, stamp_s, wanted', [
    ((0.049, 0, 0), 0.0, 2.0, False), ((0.051, 0, 0), 0.0, 2.0, True),
    ((0, 0, 0), 2.9, 2.0, False), ((0, 0, 0), 3.1, 2.0, True), ((1, 0, 0), 90.0, 0.4, False)])
def test_a_key_frame_has_moved_or_turned_enough_and_is_late_enough(
        position, yaw_deg, stamp_s, wanted):
    options = MapperNodeOptions(key_frame_interval=0.5)
    selection = KeyFrameSelection()
    assert selection.wants(0, np.eye(4), options)
    selection.keep(0, np.eye(4))
    pose = pose_of_rpy(position, (0, 0, math.radians(yaw_deg)))
    assert selection.wants(int(stamp_s * 1e9), pose, options) is wanted


def test_the_least_interval_does_not_hold_for_a_clock_that_went_back():
    options = MapperNodeOptions(key_frame_interval=0.5)
    selection = KeyFrameSelection()
    selection.keep(10_000_000_000, np.eye(4))
    assert selection.wants(1_000_000_000, pose_of_rpy((1, 0, 0), (0, 0, 0)), options)


def blurred(frame, sigma_px):
    """Return a frame whose camera was not in focus."""
    return replace(frame, image=cv2.GaussianBlur(frame.image, (0, 0), sigma_px))


def smeared(frame, pixels):
    """Return a frame whose camera turned while it was exposed, some pixels right and down."""
    return replace(frame, image=cv2.blur(cv2.blur(frame.image, (pixels[0], 1)), (1, pixels[1])))


def said(frames, options=OPTIONS):
    """Return for each frame: K, or the code of what was said against it."""
    check, codes = PictureCheck(), []
    for frame in frames:
        try:
            check.refuse_poor(frame, options)
            codes.append('K')
        except InputRejection as error:
            codes.append(error.rejection.code)
    return codes


@pytest.mark.parametrize('spoil', [
    lambda frame: blurred(frame, 4.0), lambda frame: smeared(frame, (25, 1)),
    lambda frame: smeared(frame, (1, 9)), lambda frame: smeared(frame, (9, 9))])
def test_a_blurred_picture_among_sharp_ones_is_refused_and_the_next_is_not(spoil):
    frames = sharp_frames(12)
    for index in (6, 9, 10):
        frames[index] = spoil(frames[index])
    expected = ['K'] * 12
    for index in (6, 9, 10):
        expected[index] = 'too_blurred'
    assert said(frames) == expected
    assert said(frames, replace(OPTIONS, blur_limit=0.0)) == ['K'] * 12


def test_a_place_without_fine_detail_is_no_blur_for_long():
    frames = sharp_frames(40)
    frames[20:] = [blurred(frame, 4.0) for frame in frames[20:]]
    codes = said(frames)
    assert codes[:20] == ['K'] * 20 and codes[20] == 'too_blurred'
    assert codes[28:] == ['K'] * 12
    assert said([blurred(frame, 4.0) for frame in frames[:20]]) == ['K'] * 20


@pytest.mark.parametrize('image, code', [
    (lambda image: image // 12, 'too_dark'), (lambda image: image * 0, 'too_dark'),
    (lambda image: np.where(np.arange(160)[:, None] < 100, 255, image), 'too_bright')])
def test_a_picture_that_shows_nothing_for_its_exposure_is_refused(image, code):
    frames = sharp_frames(8)
    frames[3] = replace(frames[3], image=image(frames[3].image).astype(np.uint8))
    assert said(frames) == ['K'] * 3 + [code] + ['K'] * 4
    assert said(frames, replace(OPTIONS, check_exposure=False)) == ['K'] * 8


def line(count, step_m=0.1):
    """Return poses along x."""
    return [pose_of_rpy((step_m * index, 0, 0), (0, 0, 0)) for index in range(count)]


def test_below_its_bound_a_recording_takes_everything():
    bound, poses = RecordingBound(), line(19)
    assert bound.superfluous(poses, 20) == [] and bound.thinned == 0
    assert bound.takes(poses[3], poses, 20)


def test_at_its_bound_a_recording_gives_up_neighbours_and_takes_what_is_new():
    bound, poses = RecordingBound(), [*line(15, 0.05), *line(30, 1.0)[20:25]]
    going = bound.superfluous(poses, 20)
    assert len(going) == bound.thinned == 1 and going[0] < 15
    left = [pose for number, pose in enumerate(poses) if number not in going]
    assert not bound.takes(pose_of_rpy((0.26, 0.0, 0), (0, 0, 0)), left, 20)
    assert bound.takes(pose_of_rpy((40.0, 0, 0), (0, 0, 0)), left, 20)
    assert bound.takes(pose_of_rpy((0.26, 0, 0), (0, 0, 1.0)), left, 20)
    assert bound.takes(left[0], left[:10], 20)  # room again


@pytest.mark.parametrize('count, size_mb, bounds, most', [
    (50, 10.0, {}, 10_000), (50, 10.0, {'max_frames': 0}, 99_999),
    (50, 10.0, {'max_disk_mb': 20.0}, 99), (50, 10.0, {'max_frames': 60}, 60),
    (50, 10.0, {'max_frames': 0, 'max_disk_mb': 0.0}, math.inf),
    (0, 0.0, {'max_disk_mb': 20.0}, 10_000)])
def test_the_tighter_bound_says_how_many_key_frames_there_is_room_for(
        count, size_mb, bounds, most):
    assert room_for(count, int(size_mb * 1e6), replace(OPTIONS, **bounds)) == most
