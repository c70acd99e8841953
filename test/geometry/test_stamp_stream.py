# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Stamps of a stream: one wrong one spoils one message, several or the clock tell a restart."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from scene_reloc_ros.geometry.stamp_stream import StampOptions, StampStream, StampVerdict

SECOND = 1_000_000_000
DAY = 86_400.0
NOW = 1_700_000_000.0  # of a clock, seconds
ANOTHER_YEAR = 1_300_000_000.0  # of a bag that is played without its clock


def verdicts(messages):
    """Return the initials of what is thought of (stamp, clock, arrival) in seconds."""
    stream = StampStream()
    return ''.join(stream.judge(*(round(part * SECOND) for part in message)).name[0]
                   for message in messages)


def live(stamps, period=0.1, begin=NOW):
    """Return messages that arrive one a period, stamped so many seconds from the begin."""
    return [(begin + stamp, begin + i * period, i * period) for i, stamp in enumerate(stamps)]


def played(stamps, period=0.1):
    """Return messages of a bag whose stamps have nothing to do with the clock."""
    return [(ANOTHER_YEAR + stamp, NOW + i * period, i * period)
            for i, stamp in enumerate(stamps)]


@pytest.mark.parametrize('name, messages, expected', [
    ('in order', live([0, 0.1, 0.2, 0.3]), 'BBBB'),
    ('the same stamp twice', live([0, 0, 0.1]), 'BBB'),
    ('one a day ahead', live([0, 0.1, DAY, 0.3, 0.4]), 'BBABB'),
    ('one a day back', live([0, 0.1, -DAY, 0.3, 0.4]), 'BBLBB'),
    ('one of zero', live([0, 0.1, -NOW, 0.3]), 'BBLB'),
    ('one two seconds ahead, which the next denies', live([0, 0.1, 2.2, 0.3, 0.4]), 'BBBBB'),
    ('one a second late', live([1, 1.1, 0.1, 1.3], begin=NOW), 'BBLB'),
    ('wrong ones of a day ahead and back in turn', live([0, DAY, -DAY, DAY, -DAY, 0.5]),
     'BALALB'),
    ('the first a day ahead', live([DAY, 0.1, 0.2]), 'ABB'),
    ('the first a day back', live([-DAY, 0.1, 0.2]), 'BBB'),
    ('a pause of an hour', [(NOW, NOW, 0.0), (NOW + 3600, NOW + 3600, 3600.0)], 'BB'),
    ('an hour of sleep that monotonic time misses',
     [(NOW, NOW, 0.0), (NOW + 3600, NOW + 3600, 0.1)], 'BB'),
    ('a queue of late ones over wifi, sent at once',
     live([2, 2.1]) + [(NOW + 0.5 + i / 10, NOW + 2.2, 0.2 + i / 500) for i in range(6)]
     + [(NOW + 2.3, NOW + 2.4, 0.4)], 'BBLLLLLLB'),
    ('the clock of the camera alone is set back by 5 s', live([10, 10.1, 5.2, 5.3, 5.4, 5.5]),
     'BBLLRB'),
    ('the clock of the camera alone is set back by an hour',
     live([0, 0.1, -3600, -3599.9, -3599.8, -3599.7]), 'BBLLRB'),
    ('the clock of all is set back by a minute',
     [(NOW, NOW, 0.0), (NOW - 59.9, NOW - 59.9, 0.1), (NOW - 59.8, NOW - 59.8, 0.2)], 'BRB'),
    ('the clock is set back, and one message is still of before',
     [(NOW, NOW, 0.0), (NOW + 0.1, NOW - 60, 0.1), (NOW - 59.8, NOW - 59.8, 0.2)], 'BBR'),
    ('a bag that loops', played([*(i / 10 for i in range(300)), 0, 0.1, 0.2, 0.3]),
     'B' * 300 + 'LLRB'),
    ('a bag that is played a hundred times as fast, and loops',
     played([*(float(i) for i in range(40)), 0, 1, 2, 3], period=0.01), 'B' * 40 + 'LLRB'),
    ('a bag from which an hour is left out', played([0, 0.1, 3600, 3600.1, 3600.2, 3600.3]),
     'BBAABB'),
    ('one a day ahead in a bag', played([0, 0.1, DAY, 0.3]), 'BBAB'),
    ('no clock yet', [(5.0, 0.0, 0.0), (5.1, 0.0, 0.1), (DAY, 0.0, 0.2), (5.3, 0.0, 0.3)],
     'BBAB'),
    ('a clock that is years behind', [(NOW + i / 10, 100 + i / 10, i / 10) for i in range(5)],
     'AABBB'),
    ('a bag after which the camera runs', played([0, 0.1]) + live([0.3, 0.4, 0.5]), 'BBBBB'),
])
def test_of_streams(name, messages, expected):
    assert verdicts(messages) == expected, name


def test_three_that_went_back_by_less_than_a_second_are_late_and_nothing_else():
    assert verdicts(live([1, 1.1, 0.4, 0.5, 0.6, 1.2])) == 'BBLLLB'


def test_after_a_reset_any_time_is_believed_at_once():
    stream = StampStream()
    stream.judge(100 * SECOND, 0, 0)
    assert stream.newest_ns == 100 * SECOND
    stream.reset()
    assert stream.newest_ns is None
    assert stream.judge(SECOND, 0, 1) is StampVerdict.BELIEVED


WRONG = st.one_of(st.integers(-40 * 365 * 86_400, -2), st.integers(11, 40 * 365 * 86_400))


@given(st.lists(st.tuples(st.integers(2, 20), WRONG), max_size=5), st.booleans())
def test_single_wrong_stamps_never_cost_another_message(pieces, on_clock):
    """Between any two wrong stamps come at least two right ones."""
    begin = round((NOW if on_clock else ANOTHER_YEAR) * SECOND)
    clock, stream, index, right = round(NOW * SECOND), StampStream(), 0, []
    for length, wrong_s in [*pieces, (3, None)]:
        for k in range(length + (wrong_s is not None)):
            offset = wrong_s * SECOND if k == length else 0
            at = index * SECOND // 10
            verdict = stream.judge(begin + at + offset, clock + at, at)
            if not offset:
                right.append(verdict)
            else:
                assert verdict in (StampVerdict.LATE, StampVerdict.AHEAD)
            index += 1
    assert set(right) == {StampVerdict.BELIEVED}


@given(st.lists(st.tuples(*[st.integers(0, 2 ** 63 - 1)] * 3)))
def test_nothing_that_can_be_stamped_raises(messages):
    stream = StampStream(StampOptions())
    for message in messages:
        assert stream.judge(*message) in StampVerdict
