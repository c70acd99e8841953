# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The stamps of one stream of messages: which are believed, and when time has begun anew.

One wrong stamp is wrong for one message. That time has gone back is said by several messages in
a row, or by the clock itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import enum

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class StampOptions:
    """What is believed of stamps, in nanoseconds but for the count."""

    leap_ns: int = 10 * _SECOND  # farthest ahead of what is due that is believed at once
    back_ns: int = _SECOND  # a stream that has gone back less than this has not begun anew
    doubt_ns: int = _SECOND  # a leap beyond is believed, but taken back if the next denies it
    clock_step_ns: int = _SECOND // 2  # that a clock has gone back to have been set back
    agreeing: int = 3  # messages in a row that outweigh all before them, count


class StampVerdict(enum.Enum):
    """What a stamp says of its message."""

    BELIEVED = 'it follows the others'
    LATE = 'it is older than one before it'
    AHEAD = 'it is far ahead of the others'
    RESTART = 'time has gone back: what was before belongs to another time'


@dataclass(frozen=True)
class _Line:
    """Messages that follow one another, in nanoseconds but for the count."""

    first_ns: int  # stamp of the first
    begun_ns: int  # when it arrived
    stamp_ns: int  # of the newest
    received_ns: int
    on_clock: bool  # whether its stamp was near the clock when it arrived
    count: int = 1

    def followed_by(self, other: _Line, leap_ns: int) -> bool:
        """Tell whether a message may come after this line."""
        due_ns = self.stamp_ns + other.received_ns - self.received_ns
        return self.stamp_ns <= other.stamp_ns <= due_ns + leap_ns

    def with_next(self, other: _Line) -> _Line:
        """Return the line with one message more."""
        return replace(other, first_ns=self.first_ns, begun_ns=self.begun_ns,
                       count=self.count + 1)


class StampStream:
    """Judges stamp after stamp of one stream; it knows no ROS and reads no clock."""

    def __init__(self, options: StampOptions = StampOptions()) -> None:
        """Begin without a message."""
        self._options = options
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a clock that has told its own jump."""
        self._line: _Line | None = None  # what is believed
        self._before: _Line | None = None  # the same without its last message, where that leapt
        self._rival: _Line | None = None  # what was not, message after message
        self._clock_ns = 0  # the latest

    @property
    def newest_ns(self) -> int | None:
        """Return the newest stamp that is believed, None without one."""
        return None if self._line is None else self._line.stamp_ns

    def judge(self, stamp_ns: int, now_ns: int, received_ns: int) -> StampVerdict:
        """Return what to think of the next message.

        Args:
            stamp_ns: of the message.
            now_ns: of the clock that stamps should be of; 0: it is not known yet.
            received_ns: when it arrived, of a clock that never jumps.
        """
        near = now_ns > 0 and abs(now_ns - stamp_ns) <= self._options.leap_ns
        message = _Line(stamp_ns, received_ns, stamp_ns, received_ns, near)
        set_back = now_ns < self._clock_ns - self._options.clock_step_ns
        self._clock_ns = max(self._clock_ns, now_ns)
        line = self._line
        if line is None:
            ahead = 0 < now_ns < stamp_ns - self._options.leap_ns
            return self._outvoted(message) if ahead else self._believe(message)
        if set_back and stamp_ns < line.stamp_ns:
            return self._begin_anew(message, now_ns)
        if self._follows(line, message):
            leapt = stamp_ns - line.stamp_ns > (
                received_ns - line.received_ns + self._options.doubt_ns)
            sure = now_ns > 0 and abs(now_ns - stamp_ns) <= self._options.doubt_ns
            return self._believe(message, line, line if leapt and not sure else None)
        if self._before is not None and self._follows(self._before, message):
            return self._believe(message, self._before)  # the leap was one wrong stamp
        if line.count == 1 and near and not line.on_clock:
            return self._believe(message)  # the first of all was a wrong stamp
        return self._outvoted(message)

    def _follows(self, line: _Line, message: _Line) -> bool:
        """Tell whether a message continues a line, by itself or because the clock says so."""
        if message.on_clock and message.stamp_ns >= line.stamp_ns:
            return True
        return line.followed_by(message, self._options.leap_ns)

    def _believe(self, message: _Line, line: _Line | None = None,
                 before: _Line | None = None) -> StampVerdict:
        self._line = message if line is None else line.with_next(message)
        self._before, self._rival = before, None
        return StampVerdict.BELIEVED

    def _begin_anew(self, message: _Line, now_ns: int = 0) -> StampVerdict:
        self._line, self._before, self._rival = message, None, None
        self._clock_ns = now_ns
        return StampVerdict.RESTART

    def _outvoted(self, message: _Line) -> StampVerdict:
        """Refuse a message that the others contradict, unless it is one of several that agree."""
        rival, line = self._rival, self._line
        if rival is not None and rival.followed_by(message, self._options.leap_ns):
            rival = rival.with_next(message)
        else:
            rival = message
        self._rival = rival
        back_ns = 0 if line is None else line.stamp_ns - message.stamp_ns
        if rival.count < self._options.agreeing or self._is_queue(rival, back_ns):
            return StampVerdict.LATE if back_ns > 0 else StampVerdict.AHEAD
        if back_ns <= 0:
            return self._believe(message)
        if back_ns <= self._options.back_ns:
            return StampVerdict.LATE
        return self._begin_anew(message, self._clock_ns)

    def _is_queue(self, rival: _Line, back_ns: int) -> bool:
        """Tell whether messages are late only because something held them up.

        A queue is emptied faster than it was filled; a clock that was set back goes on at its
        pace. Of a stream that is not on the clock, as of a bag that is played fast, this tells
        nothing.
        """
        if self._line is None or not self._line.on_clock or not 0 < back_ns <= (
                self._options.leap_ns):
            return False
        return 2 * (rival.received_ns - rival.begun_ns) < rival.stamp_ns - rival.first_ns
