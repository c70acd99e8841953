# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the relocaliser says of a frame, of the node, and on /diagnostics."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from support.exact_relocaliser import ExactLocaliser, image_with_pose
from support.robot import CAMERA

from scene_reloc_ros.ros.compat.diagnostic_updater import DiagnosticStatusWrapper
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.node.worker import LatestSlot
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.ros.relocaliser.status import figures_of, fill_diagnosis, status_fields
from scene_reloc_ros.uncertainty.rejection import Rejection

STAMP_NS = 5_000_000_000


def found():
    """Return the outcome of an image with a pose."""
    localisation = ExactLocaliser().localise(image_with_pose(np.eye(4)), CAMERA)
    return Outcome(STAMP_NS, None, localisation.detail, 'camera', localisation=localisation,
                   map_from_base=np.eye(4),
                   base_covariance=np.diag([9e-4, 0.0, 16e-4, 0.0, 0.0, 0.0]))


def state(ready):
    """Return the state of a node that is localised, or not."""
    made = LocalisationState()
    made.ready = ready
    return made


def test_the_status_of_a_frame_tells_its_figures_and_its_delay():
    outcome = found()
    fields = status_fields(LocalisationState(), LatestSlot(), outcome.reason, outcome.sentence,
                           outcome, STAMP_NS + 12_340_000)
    assert (fields['reason'], fields['stamp_ns'], fields['delay_ms']) == (
        'accepted', STAMP_NS, 12.34)
    assert (fields['inliers'], fields['cells'], fields['state']) == (2, 48, 'searching')


def test_the_status_of_the_node_is_about_no_frame():
    fields = status_fields(LocalisationState(), LatestSlot(), StatusReason.NO_IMAGE.code, 'none',
                           None, STAMP_NS)
    assert fields['reason'] == 'no_image'
    assert fields['stamp_ns'] is None and fields['delay_ms'] is None


def test_the_reasons_of_a_status_are_no_rejections_and_have_a_remedy():
    assert {reason.code for reason in StatusReason} == {
        'accepted', 'no_odometry', 'no_image', 'frame_failed', 'worker_died', 'map_loaded',
        'map_unloaded', 'images_lost', 'hint_refused'}
    assert not {reason.code for reason in StatusReason} & {reason.code for reason in Rejection}
    assert all(reason.sentence and reason.remedy for reason in StatusReason)


def test_an_accepted_pose_is_said_with_its_standard_deviation():
    assert figures_of(found()).endswith('(standard deviation 5.0 cm, 0.00 degrees)')
    assert figures_of(Outcome(STAMP_NS, Rejection.TOO_DARK, 'dark')) == 'dark'


def test_a_robot_that_is_not_localised_is_a_warning_with_the_reason():
    status = DiagnosticStatusWrapper()
    fill_diagnosis(status, state(False), {'sentence': 'no map is loaded'})
    assert (status.level, status.message) == (DiagnosticStatus.WARN, 'no map is loaded')
    assert status.values[0].key == 'sentence'
    fill_diagnosis(status, state(True), {})
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'localised')


def test_a_camera_that_is_calibrated_wrongly_is_a_warning_though_the_robot_is_localised():
    status = DiagnosticStatusWrapper()
    fill_diagnosis(status, state(True), {'sentence': 'accepted',
                                         'camera': 'the focal length is off'})
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'the camera: the focal length is off'
    fill_diagnosis(status, state(True), {'sentence': 'accepted', 'camera': None})
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'localised')


def test_a_pose_that_has_become_doubtful_is_a_warning_though_the_robot_is_localised():
    status = DiagnosticStatusWrapper()
    fill_diagnosis(status, state(True), {'sentence': 'accepted', 'doubt': 'no image for 5 s'})
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'localised, but no image for 5 s'
    fill_diagnosis(status, state(False), {'sentence': 'no image for 65 s',
                                          'doubt': 'no image for 5 s'})
    assert (status.level, status.message) == (DiagnosticStatus.WARN, 'no image for 65 s')


def test_diagnostics_tell_the_answers_of_the_last_minute_by_reason_and_how_long_they_took():
    answers = LocalisationState()
    for _ in range(3):
        answers.record(found(), 'found', 10)
    answers.record(Outcome(STAMP_NS, Rejection.TOO_DARK, 'dark'), 'dark', 10)
    answers.refuse('zero_stamp')
    status = DiagnosticStatusWrapper()
    fill_diagnosis(status, answers, {'sentence': 'found'})
    values = {entry.key: entry.value for entry in status.values}
    assert values['minute_images'] == '5'
    assert values['minute_reasons'] == "{'accepted': 3, 'too_dark': 1, 'zero_stamp': 1}"
    assert values['latency_ms_p50'] == values['latency_ms_p95'] == '1.5'
