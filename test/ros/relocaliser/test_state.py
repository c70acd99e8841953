# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""State of the relocaliser: searching, localised or lost, and who waits for it."""

from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.uncertainty.rejection import Rejection

LOST_AFTER = 3


def outcome(accepted):
    """Return what became of a frame."""
    return Outcome(1, None if accepted else Rejection.TOO_FEW_INLIERS, '')


def test_a_few_refused_frames_do_not_lose_a_robot_but_many_in_a_row_do():
    state = LocalisationState()
    assert state.label == 'searching'
    answers = []
    for accepted in (True, False, False, True, False, False, False, True):
        state.record(outcome(accepted), '', LOST_AFTER)
        answers.append(state.ready)
    assert answers == [True, True, True, True, True, True, False, True]


def test_a_lost_robot_is_not_one_that_was_never_localised():
    state = LocalisationState()
    state.record(outcome(True), '', LOST_AFTER)
    for _ in range(LOST_AFTER):
        state.record(outcome(False), '', LOST_AFTER)
    assert state.label == 'lost'
    state.reset()
    assert state.label == 'searching'


def test_a_request_ends_with_the_first_accepted_frame_and_counts_its_tries():
    state = LocalisationState()
    state.record(outcome(True), '', LOST_AFTER)
    request = state.request()
    assert not state.ready
    state.record(outcome(False), 'too few inliers', LOST_AFTER)
    assert not request.finished.is_set()
    state.record(outcome(True), '812 inliers', LOST_AFTER)
    state.record(outcome(False), 'not counted any more', LOST_AFTER)
    assert request.finished.is_set() and request.accepted
    assert request.outcome.startswith('localised after 2 tries')
    assert request.outcome.endswith('812 inliers')


def test_a_request_that_ran_out_of_time_says_why_the_last_try_failed():
    state = LocalisationState()
    request = state.request()
    state.record(outcome(False), 'too few inliers', LOST_AFTER)
    state.give_up(request)
    state.record(outcome(True), 'too late', LOST_AFTER)
    assert not request.accepted
    assert 'not localised after 1 tries' in request.outcome
    assert request.outcome.endswith('too few inliers')


def test_the_state_announces_a_first_fix_and_a_loss_once():
    state = LocalisationState()
    events = [state.record(outcome(accepted), '', LOST_AFTER)
              for accepted in (False, True, True, False, False, False, False, True)]
    assert events == [None, 'localised', None, None, None, 'lost', None, 'localised']
    assert state.refusals == {'too_few_inliers': 5}


def test_refusals_are_counted_by_their_code():
    state = LocalisationState()
    for rejection in (Rejection.TOO_DARK, Rejection.NO_MAP, Rejection.TOO_DARK):
        state.record(Outcome(1, rejection, ''), '', LOST_AFTER)
    kept_back = Outcome(1, None, '', admitted=False, odometry_missing=True)
    state.record(kept_back, '', LOST_AFTER)
    assert state.refusals == {'too_dark': 2, 'no_map': 1, 'no_odometry': 1}


def test_a_pose_without_odometry_is_accepted_unless_it_is_kept_back():
    assert (Outcome(1, None, '').reason, Outcome(1, None, '').accepted) == ('accepted', True)
    missing = Outcome(1, None, '', odometry_missing=True)
    assert (missing.reason, missing.accepted) == ('no_odometry', True)
    assert not Outcome(1, None, '', odometry_missing=True, admitted=False).accepted


def test_a_pose_that_is_given_up_for_another_reason_counts_refusals_anew():
    state = LocalisationState()
    assert not state.lose() and state.label == 'searching'
    state.record(outcome(True), '', LOST_AFTER)
    state.record(outcome(False), '', LOST_AFTER)
    assert state.lose() and state.label == 'lost' and not state.lose()
    state.record(outcome(True), '', LOST_AFTER)
    events = [state.record(outcome(False), '', LOST_AFTER) for _ in range(LOST_AFTER)]
    assert events == [None, None, 'lost']
