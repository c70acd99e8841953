# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What a view says in words and colours of the state of the relocaliser."""

from __future__ import annotations

from dataclasses import dataclass
import math
import textwrap
from typing import Any, Optional

import numpy as np

from scene_reloc_ros.ros.relocaliser.outcome import Outcome

Colour = tuple[int, int, int]  # red, green, blue, 0 to 255

_COLOURS: dict[str, Colour] = {
    'localised': (70, 220, 90), 'degraded': (250, 220, 60), 'relocalising': (255, 160, 40),
    'searching': (255, 160, 40), 'lost': (255, 80, 70), 'no_map': (255, 80, 70)}
_OTHER: Colour = (200, 200, 200)
_LONGEST = 120  # of a sentence, characters


@dataclass(frozen=True)
class Caption:
    """State and reason for people; ASCII, which every font has."""

    state: str
    reason: str
    colour: Colour

    def lines(self, width: int) -> list[str]:
        """Return the lines of the reason, each of at most ``width`` characters."""
        return textwrap.wrap(self.reason, width)


def caption_of(status: dict[str, Any], outcome: Optional[Outcome]) -> Caption:
    """Return the Caption of the fields of ~/status and of the outcome that they are about."""
    state = status['state']
    if outcome is not None and outcome.accepted:
        reason = _accepted(outcome)
    elif outcome is not None and outcome.rejection is not None:
        reason = outcome.rejection.sentence
    else:
        reason = status['sentence']
    plain = reason.encode('ascii', 'replace').decode()
    return Caption(state.replace('_', ' '), textwrap.shorten(plain, _LONGEST, placeholder=' ...'),
                   _COLOURS.get(state, _OTHER))


def _accepted(outcome: Outcome) -> str:
    """Return how many points agree and how exact the camera's pose is, one standard deviation."""
    found = outcome.localisation
    assert found is not None
    text = f'{found.inliers} of {found.cells} points agree'
    if found.covariance is None:
        return text
    variances = np.maximum(np.diag(found.covariance), 0)
    metres, radians = math.sqrt(variances[:3].sum()), math.sqrt(variances[3:].sum())
    return f'{text}, +- {100 * metres:.1f} cm, {math.degrees(radians):.2f} degrees'
