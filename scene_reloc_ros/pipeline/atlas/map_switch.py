# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""When the map in use changes: a single image is no proof that a robot has changed its place."""

from __future__ import annotations

from dataclasses import dataclass
import enum


@dataclass(frozen=True)
class SwitchOptions:
    """What it takes to change the map while localised."""

    agreeing: int = 3  # answers that name the other map, count
    window: int = 5  # newest answers among which they are looked for, count

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not 1 <= self.agreeing <= self.window:
            raise ValueError(f'{self.agreeing} of {self.window} answers change the map; expected '
                             'at least one, and no more than there are')


class Choice(enum.Enum):
    """What an answer means for the map in use."""

    STAY = 'stay'  # it is of that map
    WAIT = 'wait'  # it is of another one, and alone
    SWITCH = 'switch'  # it is of another one, which is in use from now on


class MapSwitch:
    """Which of several maps is in use; equal answers, equal choices."""

    def __init__(self, options: SwitchOptions = SwitchOptions(), active: str = '') -> None:
        """Begin with a map, '' for none."""
        self.options, self.active = options, active
        self._newest: list[str] = []

    def reset(self, active: str = '') -> None:
        """Forget all answers, and use this map."""
        self.active = active
        self._newest.clear()

    @property
    def votes(self) -> dict[str, int]:
        """Return how many of the newest answers name each map that is not in use."""
        others = [name for name in self._newest if name != self.active]
        return {name: others.count(name) for name in sorted(set(others))}

    def take(self, name: str, agreeing: tuple[str, ...], localised: bool) -> Choice:
        """Return what an accepted answer means.

        Args:
            name: of its map.
            agreeing: of other maps that found the same place.
            localised: whether a pose in the map in use is believed; without one there is nothing
                to hold on to.
        """
        if not localised:
            self._newest.clear()
        known = self.active if self.active in agreeing else name
        self._newest = [*self._newest, known][-self.options.window:]
        if known == self.active:
            return Choice.STAY
        if localised and self._newest.count(known) < self.options.agreeing:
            return Choice.WAIT
        self.reset(known)
        return Choice.SWITCH
