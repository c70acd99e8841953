# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The supervisor, event by event: phases, what is held, and which images are wanted."""

from pathlib import Path
import re

from hypothesis import given
from hypothesis import strategies as st
import pytest

from scene_reloc_ros.pipeline.tracking.loss import Loss, LossReason
from scene_reloc_ros.pipeline.tracking.supervisor import (
    Event,
    MODES,
    Phase,
    Supervisor,
    SupervisorOptions,
    TRANSITIONS,
)

PAGE = Path(__file__).resolve().parents[3] / 'docs' / 'relocaliser.md'
EVERY_IMAGE = SupervisorOptions()
GONE = Loss(LossReason.ODOMETRY_JUMP, 'odometry has jumped by 9 m')
BEGIN, END, TRY, POSE, LOSS, DOUBT, SIGHT, FORGET, GIVE_UP = Event


def after(*events, options=EVERY_IMAGE):
    """Return a supervisor that has seen events, one a second."""
    supervisor = Supervisor(options)
    for second, event in enumerate(events):
        supervisor.handle(event, float(second))
    return supervisor


@pytest.mark.parametrize('events, phase', [
    ((), 'unconfigured'),
    ((POSE,), 'unconfigured'),
    ((TRY,), 'unconfigured'),
    ((LOSS,), 'unconfigured'),
    ((BEGIN,), 'lost'),
    ((BEGIN, BEGIN), 'lost'),
    ((BEGIN, TRY), 'relocalising'),
    ((BEGIN, TRY, LOSS), 'relocalising'),
    ((BEGIN, TRY, DOUBT), 'lost'),
    ((BEGIN, TRY, GIVE_UP), 'lost'),
    ((BEGIN, TRY, SIGHT), 'relocalising'),
    ((BEGIN, TRY, POSE), 'localised'),
    ((BEGIN, TRY, POSE, TRY), 'localised'),
    ((BEGIN, TRY, POSE, GIVE_UP), 'localised'),
    ((BEGIN, TRY, POSE, DOUBT), 'degraded'),
    ((BEGIN, TRY, POSE, DOUBT, TRY), 'degraded'),
    ((BEGIN, TRY, POSE, DOUBT, POSE), 'localised'),
    ((BEGIN, TRY, POSE, DOUBT, SIGHT), 'localised'),
    ((BEGIN, TRY, POSE, DOUBT, LOSS), 'lost'),
    ((BEGIN, TRY, POSE, LOSS), 'lost'),
    ((BEGIN, TRY, POSE, LOSS, DOUBT), 'lost'),
    ((BEGIN, TRY, POSE, LOSS, TRY, POSE), 'localised'),
    ((BEGIN, TRY, POSE, FORGET), 'lost'),
    ((BEGIN, TRY, POSE, END), 'unconfigured'),
    ((BEGIN, TRY, POSE, END, POSE), 'unconfigured'),
])
def test_events_lead_to_a_phase(events, phase):
    assert after(*events).phase.value == phase


def test_the_table_says_nothing_twice_and_every_phase_can_be_reached_and_left():
    assert all(before is not then for (before, _), then in TRANSITIONS.items())
    assert {before for before, _ in TRANSITIONS} == set(Phase) == set(TRANSITIONS.values())


def test_the_drawing_in_the_documents_is_the_table():
    drawn = {(Phase(before), Event(event)): Phase(then) for before, event, then in re.findall(
        r'^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|', PAGE.read_text('utf-8'), re.M)}
    assert drawn == TRANSITIONS


@given(st.lists(st.sampled_from(Event), max_size=40), st.sampled_from(MODES))
def test_whatever_happens_a_robot_is_localised_by_a_pose_alone(events, mode):
    supervisor = Supervisor(SupervisorOptions(mode))
    for second, event in enumerate(events):
        before = supervisor.localised
        changed = supervisor.handle(event, float(second), GONE if event is LOSS else None)
        assert not supervisor.localised or before or event is POSE
        assert event not in (LOSS, FORGET, END) or not supervisor.localised
        assert changed or before == supervisor.localised


def test_the_cause_of_a_loss_is_told_until_a_pose_is_found():
    supervisor = after(BEGIN, POSE)
    assert supervisor.handle(LOSS, 5.0, GONE)
    supervisor.handle(TRY, 6.0)
    assert supervisor.cause is GONE
    supervisor.handle(POSE, 7.0)
    assert supervisor.cause is None


def test_a_source_that_says_lost_is_believed_until_it_takes_it_back():
    supervisor = after(BEGIN, POSE)
    assert supervisor.hold('tracking_ok', GONE, 3.0)
    assert not supervisor.hold('tracking_ok', GONE, 3.1)
    assert supervisor.held is GONE
    assert not supervisor.handle(POSE, 4.0) and not supervisor.localised
    supervisor.hold('diagnostics', GONE, 5.0)
    supervisor.release('tracking_ok')
    assert not supervisor.handle(POSE, 6.0)
    supervisor.release('diagnostics')
    supervisor.release('diagnostics')
    assert supervisor.handle(POSE, 7.0) and supervisor.localised


@pytest.mark.parametrize('event, later', [
    (LOSS, True), (FORGET, True), (END, True), (POSE, False), (TRY, False), (DOUBT, False)])
def test_what_ends_a_pose_begins_an_epoch_even_while_searching(event, later):
    for events in ((BEGIN, TRY), (BEGIN, POSE)):
        supervisor = after(*events)
        epoch = supervisor.epoch
        supervisor.handle(event, 9.0)
        assert (supervisor.epoch > epoch) is later


@pytest.mark.parametrize('mode, events, wanted', [
    ('continuous', (), True), ('on_loss', (), True), ('on_request', (), True),
    ('continuous', (BEGIN,), True), ('on_loss', (BEGIN,), True), ('on_request', (BEGIN,), False),
    ('continuous', (BEGIN, TRY), True), ('on_loss', (BEGIN, TRY), True),
    ('continuous', (BEGIN, POSE), True), ('on_loss', (BEGIN, POSE), False),
    ('on_request', (BEGIN, POSE), False),
    ('continuous', (BEGIN, POSE, DOUBT), True), ('on_loss', (BEGIN, POSE, DOUBT), True),
    ('on_request', (BEGIN, POSE, DOUBT), False),
    ('on_loss', (BEGIN, POSE, LOSS), True), ('on_request', (BEGIN, POSE, LOSS), False)])
def test_the_mode_says_which_images_are_worth_the_work(mode, events, wanted):
    assert after(*events, options=SupervisorOptions(mode)).wants(100.0) is wanted


@given(st.lists(st.sampled_from(Event), max_size=20), st.sampled_from(MODES), st.booleans())
def test_the_node_rests_as_long_as_no_image_is_wanted_until_something_happens(
        events, mode, requested):
    supervisor = after(*events, options=SupervisorOptions(mode, step=2))
    if requested:
        supervisor.request(200.0)
    unconfigured = supervisor.phase is Phase.UNCONFIGURED
    wanted = [supervisor.wants(100.0 + second) for second in range(3)]
    assert supervisor.rests(100.0) == (not unconfigured and not any(wanted))
    assert mode != 'continuous' or not supervisor.rests(100.0)


def test_a_request_is_tried_for_until_its_time_is_over_or_a_pose_is_found():
    supervisor = after(BEGIN, options=SupervisorOptions('on_request'))
    supervisor.request(10.0)
    assert supervisor.wants(9.0)
    supervisor.handle(TRY, 9.0)
    assert not supervisor.tick(9.5)
    assert supervisor.tick(10.0) and supervisor.phase is Phase.LOST
    assert not supervisor.wants(10.1)
    supervisor.request(20.0)
    supervisor.handle(TRY, 11.0)
    supervisor.handle(POSE, 12.0)
    assert not supervisor.wants(12.1) and not supervisor.tick(30.0)


def test_every_third_image_is_localised_while_all_is_well_and_every_one_while_lost():
    supervisor = after(BEGIN, POSE, options=SupervisorOptions(step=3))
    assert [supervisor.wants(float(second)) for second in range(7)] == [
        False, False, True, False, False, True, False]
    supervisor.handle(LOSS, 8.0)
    assert all(supervisor.wants(float(second)) for second in range(9, 12))


@pytest.mark.parametrize('rate_hz, wanted', [(0.0, 30), (30.0, 30), (2.0, 6), (0.5, 2)])
def test_images_are_localised_no_more_often_than_the_rate_says(rate_hz, wanted):
    supervisor = Supervisor(SupervisorOptions(rate_hz=rate_hz))
    supervisor.handle(BEGIN, 0.0)
    supervisor.handle(POSE, 0.0)
    assert sum(supervisor.wants(0.1 * (tenth + 1) + 1e-9) for tenth in range(30)) in (
        wanted, wanted - 1)


@pytest.mark.parametrize('fields, words', [
    ({'mode': 'always'}, 'expected one of continuous, on_loss, on_request'),
    ({'step': 0}, 'every 0th image'), ({'rate_hz': -1.0}, 'at -1.0 per second'),
    ({'rate_hz': float('nan')}, 'nan per second')])
def test_options_that_mean_nothing_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        SupervisorOptions(**fields)


def test_every_loss_has_a_sentence_and_a_remedy():
    assert all(reason.sentence and reason.remedy for reason in LossReason)
