# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""When another map comes into use: N of M answers while localised, the next one while not."""

from hypothesis import given, strategies
import pytest

from scene_reloc_ros.pipeline.atlas.map_switch import Choice, MapSwitch, SwitchOptions

STAY, WAIT, SWITCH = Choice.STAY, Choice.WAIT, Choice.SWITCH
THREE_OF_FIVE = SwitchOptions()


def choices(answers, options=THREE_OF_FIVE, active='a', localised=True):
    """Return what a row of answers, a letter each, means one by one, and the switch after it."""
    switch = MapSwitch(options, active)
    return [switch.take(name, (), localised) for name in answers], switch


@pytest.mark.parametrize('answers, expected, active', [
    ('aab', [STAY, STAY, WAIT], 'a'),
    ('bbb', [WAIT, WAIT, SWITCH], 'b'),
    ('abab', [STAY, WAIT, STAY, WAIT], 'a'),
    ('babab', [WAIT, STAY, WAIT, STAY, SWITCH], 'b'),
    ('baabab', [WAIT, STAY, STAY, WAIT, STAY, WAIT], 'a'),  # the first is too old
    ('bcbcb', [WAIT, WAIT, WAIT, WAIT, SWITCH], 'b'),
    ('bbbaaa', [WAIT, WAIT, SWITCH, WAIT, WAIT, SWITCH], 'a'),
])
def test_a_row_of_answers_changes_the_map_where_three_of_five_agree(answers, expected, active):
    found, switch = choices(answers)
    assert found == expected and switch.active == active


def test_without_a_pose_there_is_nothing_to_hold_on_to():
    found, switch = choices('babb', localised=False)
    assert found == [SWITCH, SWITCH, SWITCH, STAY] and switch.active == 'b'
    assert switch.votes == {}


def test_the_first_answer_brings_its_map_into_use():
    found, switch = choices('c', active='')
    assert found == [WAIT]  # localised without a map in use: there is no such state in a node
    assert MapSwitch().take('c', (), False) is SWITCH


def test_an_answer_that_the_map_in_use_agrees_with_is_no_vote_against_it():
    switch = MapSwitch(active='a')
    assert [switch.take('b', ('a',), True) for _ in range(9)] == [STAY] * 9
    assert switch.votes == {}
    assert switch.take('b', ('c',), True) is WAIT and switch.votes == {'b': 1}


def test_votes_from_before_a_loss_do_not_count_after_it():
    switch = MapSwitch(active='a')
    assert [switch.take('b', (), True) for _ in range(2)] == [WAIT, WAIT]
    assert switch.take('a', (), False) is STAY  # found again
    assert [switch.take('b', (), True) for _ in range(3)] == [WAIT, WAIT, SWITCH]


@given(strategies.text('ab', max_size=40), strategies.integers(1, 6), strategies.integers(0, 6))
def test_no_map_comes_into_use_that_fewer_than_n_of_the_newest_m_answers_name(answers, n, more):
    switch, options = MapSwitch(active='a'), SwitchOptions(n, n + more)
    switch.options = options
    for number, name in enumerate(answers):
        if switch.take(name, (), True) is SWITCH:
            assert answers[max(0, number + 1 - options.window):number + 1].count(name) >= n
            assert switch.active == name


@pytest.mark.parametrize('agreeing, window', [(0, 5), (6, 5), (-1, -1)])
def test_counts_that_mean_nothing_are_refused(agreeing, window):
    with pytest.raises(ValueError, match='answers change the map'):
        SwitchOptions(agreeing, window)
