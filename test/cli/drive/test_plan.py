# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What is driven: parts of a sequence without a break."""

import numpy as np
import pytest
from support.small_recording import CAMERA, STEP_M

from scene_reloc_ros.cli.drive.plan import parts_of
from scene_reloc_ros.datasets.posed_sequence import Sequence


class Route(Sequence):
    """Poses alone: where the robot was along x, None where that is not known."""

    def __init__(self, places):
        self._places = places
        self._names = [str(number) for number in range(len(places))]

    @property
    def names(self):
        """Return numbers."""
        return self._names

    @property
    def camera(self):
        """Return any."""
        return CAMERA

    def _read(self, index):
        raise AssertionError('no image is asked for')

    def _pose(self, index):
        if self._places[index] is None:
            return None
        pose = np.eye(4)
        pose[0, 3] = self._places[index]
        return pose


def steps(count, first=0.0):
    """Return places along x."""
    return [first + STEP_M * number for number in range(count)]


@pytest.mark.parametrize('places, firsts', [
    (steps(30), [0, 10, 20]),
    (steps(26), [0, 10, 20]),  # six of ten are enough
    (steps(25), [0, 10]),
    (steps(13) + steps(20, 50.0), [0, 13, 23]),  # nothing goes over the break
    ([None] * 3 + steps(10) + [None] + steps(10), [3, 14])])
def test_a_part_goes_over_no_break_and_is_long_enough(places, firsts):
    assert parts_of(Route(places), 10) == firsts


@pytest.mark.parametrize('places', [steps(12), [None] * 40, []])
def test_a_sequence_without_two_parts_is_refused_by_a_sentence(places):
    with pytest.raises(ValueError, match=r'parts of 10 frames .*give a longer one'):
        parts_of(Route(places), 10)
