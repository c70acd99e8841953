# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Answers of several maps to one image: the one that is believed, or none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.localisation import LocalisationTrace
from scene_reloc_ros.uncertainty.rejection import Rejection


@dataclass(frozen=True)
class RivalOptions:
    """When another map explains an image about as well as the best one does."""

    share: float = 0.5  # of the best's score or probability that its own has, at least
    same_m: float = 0.5  # poses in one frame that are no farther apart are one, metres
    same_deg: float = 10.0  # and turned no more, degrees


@dataclass(frozen=True)
class MapAnswer:
    """What one map says of an image."""

    name: str
    scene_map: SceneMap
    trace: LocalisationTrace

    @property
    def worth(self) -> tuple[bool, float, float]:
        """Return what answers are compared by: larger is better."""
        found = self.trace.localisation
        return found.accepted, found.probability, self.score

    @property
    def score(self) -> float:
        """Return the solver's score of the pose, 0 without one."""
        return 0.0 if self.trace.result is None else self.trace.result.score

    def described(self) -> str:
        """Return its figures as a part of a sentence."""
        found = self.trace.localisation
        return (f'{self.name} ({found.inliers} of {found.cells} cells, right with probability '
                f'{found.probability:.2f})')


def chosen_answer(answers: Sequence[MapAnswer], options: RivalOptions) -> LocalisationTrace:
    """Return the best of some answers, at least one, refused where another is about as good.

    Maps that find the same place in the frame that they share do not speak against each other.
    """
    best = max(answers, key=lambda answer: answer.worth)  # the first, where several are alike
    trace = _named(best.trace, best.name)
    if not trace.localisation.accepted:
        return trace
    rivals = [answer for answer in answers if answer is not best
              and _explains(answer, best, options.share)]
    agreeing = [answer for answer in rivals if _agree(answer, best, options)]
    against = [answer for answer in rivals if answer not in agreeing]
    if against:
        return _undecided(trace, best, max(against, key=lambda answer: answer.worth))
    return replace(trace, localisation=replace(
        trace.localisation, agreeing=tuple(answer.name for answer in agreeing)))


def _named(trace: LocalisationTrace, name: str) -> LocalisationTrace:
    return replace(trace, localisation=replace(trace.localisation, map=name))


def _explains(other: MapAnswer, best: MapAnswer, share: float) -> bool:
    """Tell whether a map explains an image about as well as the best one.

    Scores count correspondences: they can be compared where the methods are the same.
    """
    if other.trace.pose is None:
        return False
    found, of_best = other.trace.localisation, best.trace.localisation
    same_method = other.scene_map.content.method == best.scene_map.content.method
    return (found.accepted or found.probability >= share * of_best.probability
            or (same_method and other.score >= share * best.score))


def _agree(one: MapAnswer, other: MapAnswer, options: RivalOptions) -> bool:
    """Tell whether two poses are one, of maps that lie in one frame."""
    if (one.scene_map.transform is None or other.scene_map.transform is None
            or one.trace.pose is None or other.trace.pose is None):
        return False
    metres, degrees = pose_errors(one.trace.pose.map_from_cam, other.trace.pose.map_from_cam)
    return float(metres) <= options.same_m and float(degrees) <= options.same_deg


def _undecided(trace: LocalisationTrace, best: MapAnswer, other: MapAnswer) -> LocalisationTrace:
    """Return an answer without its pose: one of two at best."""
    half = trace.localisation.probability / 2
    assert trace.pose is not None
    return replace(trace, pose=replace(trace.pose, probability=half), localisation=replace(
        trace.localisation, map_from_cam=None, covariance=None, probability=half,
        rejection=Rejection.UNDECIDED_MAP,
        detail=f'Maps {best.described()} and {other.described()}.'))
