# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which poses of a trajectory are believed: what their source says of itself, and how they move.

One wrong pose is one that those around it deny. Where several go on elsewhere it is the
trajectory that jumped, as at a loop closure: the poses after it are as good as those before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
import numpy.typing as npt

from scene_reloc_ros.geometry.pose_error import pose_errors
from scene_reloc_ros.uncertainty.rejection import Reason

_SHORTEST_S = 1 / 30  # of a step: poses that are nearer in time are judged as if they were not
_USUAL_STEPS = 6.0  # a step is no jump where it is within so many times the median step
_OPEN_TRACKS = 8  # newest tracks that a pose may continue, count
_ROUNDING = 1e-9  # a variance that is negative by less is zero
_PLANAR = (2, 3, 4)  # z, roll and pitch: what a robot on wheels does not measure


class PoseDoubt(Reason):
    """Why the pose of a frame is not believed: the sentence for people, and the remedy."""

    POSE_OF_OTHER_FRAME = (
        'The pose is of another frame than the one that is asked for.',
        'Set map_frame and base_frame as the header and the child_frame_id of the poses say.')
    POSE_IMPOSSIBLE = (
        'The pose cannot be one: NaN, a quaternion without direction, or farther than any place.',
        'Repair what publishes the poses; frames beside such a pose are not kept.')
    POSE_UNCERTAIN = (
        'The source of the poses says that it does not know where it is.',
        'Let it find itself again; or raise pose_deviation_limit and pose_turn_deviation_limit.')
    POSE_JUMP = (
        'The pose is where no robot gets in that time.',
        'Nothing, where it passes: where the poses go on elsewhere they are kept again. Else '
        'check the poses, or raise pose_speed_limit and pose_turn_limit.')
    POSE_GAP = (
        'No pose is known near the stamp of the image, only before and after a gap.',
        'Publish the poses more often, or raise pose_gap_limit.')


class DoubtfulPose(ValueError):
    """A pose that is known and not believed: the reason, and the sentence that says why."""

    def __init__(self, doubt: PoseDoubt, detail: str) -> None:
        """Keep both; ``detail`` is the text of the exception."""
        super().__init__(detail)
        self.doubt, self.detail = doubt, detail


@dataclass(frozen=True)
class MotionBounds:
    """What no robot does, and how many poses outweigh one."""

    metres_s: float = 5.0  # fastest, metres per second; 0: any
    degrees_s: float = 360.0  # fastest turn, degrees per second; 0: any
    agreeing: int = 3  # poses that have to agree before they outweigh those before, count

    def allow(self, one: _Placed, other: _Placed) -> bool:
        """Tell whether a robot can be at two poses."""
        seconds = max(abs(other.stamp_ns - one.stamp_ns) * 1e-9, _SHORTEST_S)
        moved_m = math.dist(one.pose[:3, 3].tolist(), other.pose[:3, 3].tolist())
        cosine = (float(np.vdot(one.pose[:3, :3], other.pose[:3, :3])) - 1) / 2
        turned_deg = math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
        return (moved_m <= (self.metres_s or math.inf) * seconds
                and turned_deg <= (self.degrees_s or math.inf) * seconds)


@dataclass(frozen=True)
class _Placed:
    """One pose (4, 4), a_from_b in metres, and its stamp."""

    stamp_ns: int
    pose: np.ndarray

    def step_from(self, other: _Placed) -> str:
        """Return how far this is from another pose, for people."""
        moved_m, turned_deg = pose_errors(self.pose, other.pose)
        seconds = abs(self.stamp_ns - other.stamp_ns) * 1e-9
        return f'{moved_m:.3g} m and {turned_deg:.0f} degrees in {seconds:.2f} s'


@dataclass(frozen=True)
class PoseDecision:
    """What is thought of the newest pose."""

    believed: bool
    step: str = ''  # from the last pose that was believed, for people; of a jump only
    jumped: bool = False  # it is believed although no robot gets there from those before
    withdrawn: bool = False  # and those before were too few to have been right


class PoseMonitor:
    """Judges pose after pose as they come."""

    def __init__(self, bounds: MotionBounds = MotionBounds()) -> None:
        """Begin without a pose; ``bounds`` may be set anew at any time."""
        self.bounds = bounds
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a clock that was set back."""
        self._last: _Placed | None = None
        self._run = 0  # poses that agree, up to the last one
        self._rivals: list[_Placed] = []  # they agree with one another, and not with the last one

    def test(self, stamp_ns: int, pose: np.ndarray) -> PoseDecision:
        """Return the PoseDecision on the next pose (4, 4), a_from_b in metres."""
        placed = _Placed(stamp_ns, np.asarray(pose, np.float64))
        last, bounds = self._last, self.bounds
        if last is None:
            return self._believe(placed)
        possible = bounds.allow(last, placed)
        agree = bool(self._rivals) and bounds.allow(self._rivals[-1], placed)
        votes = 1 + agree * len(self._rivals)
        outvoted = agree and self._run < min(votes, bounds.agreeing)  # the start was wrong
        if possible and not outvoted:
            return self._believe(placed)
        self._rivals = [*(self._rivals if agree else ()), placed]
        step = placed.step_from(last)
        if votes < bounds.agreeing and not possible:
            return PoseDecision(False, step)
        withdrawn, self._run = self._run < bounds.agreeing, votes - 1
        return replace(self._believe(placed), step=step, jumped=True, withdrawn=withdrawn)

    def _believe(self, placed: _Placed) -> PoseDecision:
        self._last, self._rivals = placed, []
        self._run += 1
        return PoseDecision(True)


@dataclass(frozen=True)
class Coherence:
    """Which poses of a whole trajectory are believed."""

    believed: np.ndarray  # (F,) bool
    jumps: int  # how often those that are believed go on elsewhere


def coherent_poses(stamps_ns: Sequence[int], poses: np.ndarray,
                   bounds: MotionBounds = MotionBounds()) -> Coherence:
    """Return the Coherence of a trajectory, in whatever order it is listed.

    Poses are gathered into tracks that a robot could follow; a track of fewer than
    ``bounds.agreeing`` poses is wrong. A step is no jump where most steps are nearly as large: a
    list of photographs, or stamps that count frames, say nothing of speed.

    Args:
        stamps_ns: F stamps.
        poses: (F, 4, 4) a_from_b, metres.
        bounds: of the motion.
    """
    order = sorted(range(len(poses)), key=lambda index: stamps_ns[index])
    placed = [_Placed(int(stamps_ns[index]), np.asarray(poses[index], np.float64))
              for index in order]
    bounds = _with_usual_steps(placed, bounds)
    tracks: list[list[int]] = []
    for number, one in enumerate(placed):
        _extend(tracks, number, [track for track in tracks[-_OPEN_TRACKS:]
                                 if bounds.allow(placed[track[-1]], one)])
    kept = [track for track in tracks if len(track) >= bounds.agreeing]
    believed = np.zeros(len(poses), bool)
    for track in kept or tracks:  # where nothing agrees, nothing tells what is wrong
        believed[[order[number] for number in track]] = True
    return Coherence(believed, max(0, len(kept) - 1))


def _extend(tracks: list[list[int]], number: int, open_to_it: list[list[int]]) -> None:
    """Put a pose at the end of the longest track that it may continue; the newest tracks last."""
    if not open_to_it:
        tracks.append([number])
        return
    longest = max(open_to_it, key=len)
    longest.append(number)
    tracks.sort(key=lambda track: track[-1])


def _with_usual_steps(placed: Sequence[_Placed], bounds: MotionBounds) -> MotionBounds:
    """Return bounds that allow for what most steps of a trajectory are like."""
    if len(placed) < 2:
        return bounds
    poses = np.stack([one.pose for one in placed])
    stamps = np.array([one.stamp_ns for one in placed], dtype=np.int64)
    seconds = np.maximum(np.diff(stamps) * 1e-9, _SHORTEST_S)
    moved_m, turned_deg = (part.numpy() for part in pose_errors(poses[1:], poses[:-1]))
    usual_m_s, usual_deg_s = (_USUAL_STEPS * float(np.median(steps / seconds))
                              for steps in (moved_m, turned_deg))
    return replace(bounds, metres_s=bounds.metres_s and max(bounds.metres_s, usual_m_s),
                   degrees_s=bounds.degrees_s and max(bounds.degrees_s, usual_deg_s))


def doubtful_covariance(covariance: npt.ArrayLike, most_m: float, most_deg: float) -> str:
    """Return what a pose's covariance says against it, '' where it says nothing.

    z, roll and pitch may all three be as uncertain as they like: wheels do not measure them. All
    zeros say nothing either way.

    Args:
        covariance: (36,) or (6, 6) of x, y, z (m) and rotations about x, y, z (rad).
        most_m: largest standard deviation of the position, metres; 0: any.
        most_deg: largest standard deviation of the rotation, degrees; 0: any.
    """
    matrix = np.asarray(covariance, np.float64).reshape(6, 6)
    variances = np.diag(matrix)
    if np.isnan(matrix).any():
        return 'its covariance contains NaN'
    if variances.min() < -_ROUNDING:
        return f'its covariance has a negative variance ({variances.min():.3g})'
    deviations = np.sqrt(np.maximum(variances, 0))
    bounds = np.repeat([most_m or math.inf, math.radians(most_deg) or math.inf], 3)
    beyond = deviations > bounds
    if beyond[list(_PLANAR)].all():
        beyond[list(_PLANAR)] = False
    if not beyond.any():
        return ''
    axis = int(np.argmax(beyond))
    worst = (f'{deviations[axis]:.3g} m' if axis < 3
             else f'{math.degrees(deviations[axis]):.3g} degrees')
    return f'its covariance says that it is lost (standard deviation {worst})'
