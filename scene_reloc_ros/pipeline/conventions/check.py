# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Check of the conventions of a recording: each known mistake beside things as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from scene_reloc_ros.datasets.time_shift import PoseTrack
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import checked_pose
from scene_reloc_ros.mapping.hold_out import pose_and_name, PosedFrames, stamp_ns
from scene_reloc_ros.mapping.progress import MappingCancelled, never
from scene_reloc_ros.pipeline.conventions.camera_alternatives import (
    camera_alternatives,
    CameraAlternative,
    sentence_of,
)
from scene_reloc_ros.pipeline.conventions.depth_registration import (
    depth_edges,
    DepthEdges,
    Registration,
    registration,
)
from scene_reloc_ros.pipeline.conventions.depth_scale import (
    depth_scale,
    DepthScale,
    RIGHT_RATIO_MENDED,
)
from scene_reloc_ros.pipeline.conventions.epipolar import (
    costs_of,
    gain_of,
    pair_costs,
    relative_poses,
    typical_px,
)
from scene_reloc_ros.pipeline.conventions.pose_alternatives import (
    pose_alternatives,
    PoseAlternative,
    refined,
)
from scene_reloc_ros.pipeline.conventions.report import ConventionReport, Finding, Mistake
from scene_reloc_ros.pipeline.conventions.time_offset import OffsetCosts, time_offset
from scene_reloc_ros.pipeline.conventions.view_pairs import (
    seen_frame,
    SeenFrame,
    view_pairs,
    ViewPairs,
)

ENOUGH_FRAMES = 40  # that are looked at, count
_LEAST_FRAMES, _LEAST_PAIRS = 8, 8
_STRETCHES, _STEP_S = 3, 0.1  # of a long recording, and the time between frames of one
_EDGED = 14  # frames whose depth is compared with their pictures
_DISAGREEING_PX = 10.0  # of matches, median: poses and pictures do not belong together
_AGREEING_PX = 4.0  # of an alternative that needs no turning to fit
_REFINED = 3  # alternatives that are turned to where they fit best
_LEAST_FACTOR = 1.08  # of a camera that is wrong
_TOLD_FACTOR, _TOLD_S = 1.25, 0.08  # of mistakes that would have been seen
_FRAMES_UNPOSED = 'fewer than {} frames can be read and have poses: no mistake can be told'
_STILL = ('the camera moved by {:.0f} pixels in the median between the frames: no mistake can be '
          'told before it moves and turns')
_BLANK = ('hardly any two frames share what can be recognised (texture, light, overlap): no '
          'mistake can be told')


@dataclass(frozen=True)
class _Looked:
    """Frames that were looked at, and all poses around them."""

    seen: list[SeenFrame]
    poses: np.ndarray  # (F, 4, 4) map_from_cam as given
    stamps_ns: np.ndarray  # (F,)
    runs: np.ndarray  # (F,) number of the stretch of each
    edges: list[DepthEdges]
    track: PoseTrack

    @property
    def span_s(self) -> float:
        """Return the time that the longest stretch spans, seconds."""
        return max(float(np.ptp(self.stamps_ns[self.runs == run])) / 1e9
                   for run in np.unique(self.runs))


@dataclass(frozen=True)
class _Meaning:
    """One way to read a recording: its poses and pairs as a mistake would have them."""

    poses: np.ndarray  # (F, 4, 4)
    pairs: ViewPairs
    costs: np.ndarray  # (P,); NaN where it says nothing
    finding: Finding | None = None
    tells_scale: bool = True  # False: where the camera is was fitted, which hides a scale

    def known(self) -> _Meaning:
        """Return it with the pairs that it says something of."""
        told = np.isfinite(self.costs)
        return replace(self, pairs=self.pairs.of(told), costs=self.costs[told])


def check_conventions(frames: PosedFrames,
                      cancelled: Callable[[], bool] = never) -> ConventionReport:
    """Return what is wrong with poses, camera, depth or clock of frames, as far as they show it.

    Features of neighbouring frames are matched without poses. A mistake is named where poses,
    camera or clock as it would have them explain the matches clearly better than they are; the
    unit of depth is told by what poses triangulate, its registration by its edges.

    Args:
        frames: posed images of one camera in the order of time, with depth or without. Of many
            some stretches are looked at.
        cancelled: asked now and then; MappingCancelled is raised when it answers True.
    """
    looked = _looked_at(frames, cancelled)
    if looked is None:
        return ConventionReport(len(frames), 0, None,
                                untold=_FRAMES_UNPOSED.format(_LEAST_FRAMES))
    pairs = view_pairs(looked.seen, looked.runs)
    _end_where(cancelled)
    count = len(looked.seen)
    if len(pairs) < _LEAST_PAIRS:
        untold = _BLANK if np.isnan(pairs.moved_px) else _STILL.format(pairs.moved_px)
        return _with_depth(ConventionReport(count, len(pairs), None, untold=untold), looked, None)
    given = _Meaning(looked.poses, pairs, costs_of(looked.poses, pairs))
    best = _best_meaning(given, looked).known()
    error_px = typical_px(given.costs)
    report = ConventionReport(count, len(pairs), error_px, right=_right(best, looked))
    if best.finding is not None:
        report = replace(report, findings=(best.finding,))
    elif error_px > _DISAGREEING_PX:
        report = replace(report, findings=(_unexplained(error_px),))
    return _with_depth(report, looked, best)


def _end_where(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise MappingCancelled


def _looked_at(frames: PosedFrames, cancelled: Callable[[], bool]) -> _Looked | None:
    """Return some frames that can be read, None for too few."""
    posed = dict(_posed(frames))
    indices, runs = _stretches(np.array(sorted(posed), int),
                               np.array([posed[index][0] for index in sorted(posed)], np.int64))
    kept, seen, edges = [], [], []
    for place, index in enumerate(indices):
        _end_where(cancelled)
        try:
            frame = frames[int(index)]
            seen.append(seen_frame(frame))
        except ValueError:
            continue  # what reads a sequence names such frames
        kept.append(place)
        edges += _edges_of(frame, place, len(indices))
    if len(kept) < _LEAST_FRAMES or len({one.camera for one in seen}) > 1:
        return None
    stamps = np.array([posed[int(indices[place])][0] for place in kept], np.int64)
    poses = np.stack([posed[int(indices[place])][1] for place in kept])
    return _Looked(seen, poses, stamps, runs[kept], edges,
                   PoseTrack.of(dict(posed.values())))


def _posed(frames: PosedFrames) -> Iterator[tuple[int, tuple[int, np.ndarray]]]:
    """Yield the number of each frame that has a pose, its stamp and the pose."""
    for index in range(len(frames)):
        try:
            pose, name = pose_and_name(frames, index)
            if pose is not None:
                yield index, (stamp_ns(frames, index), checked_pose(pose, name))
        except ValueError:
            continue  # a pose that is none is named elsewhere


def _stretches(indices: np.ndarray, stamps_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the frames (N,) to look at, and the stretch of each, beginning with 0."""
    if len(indices) <= ENOUGH_FRAMES:
        return indices, np.zeros(len(indices), int)
    length = ENOUGH_FRAMES // _STRETCHES
    step_s = float(np.median(np.diff(stamps_ns))) / 1e9
    stride = int(np.clip(round(_STEP_S / max(step_s, 1e-3)), 1, len(indices) // ENOUGH_FRAMES))
    starts = np.linspace(0, len(indices) - length * stride, _STRETCHES).astype(int)
    places = starts[:, None] + stride * np.arange(length)
    return indices[places.reshape(-1)], np.repeat(np.arange(_STRETCHES), length)


def _edges_of(frame: PosedImage, place: int, count: int) -> list[DepthEdges]:
    """Return the edges of a frame's depth in a list, an empty one where it is not asked for."""
    if place % max(1, count // _EDGED):
        return []
    found = depth_edges(frame)
    return [] if found is None else [found]


def _best_meaning(given: _Meaning, looked: _Looked) -> _Meaning:
    """Return the meaning that explains the pairs best, the given one unless another is clear."""
    found = [*_of_poses(given), *_of_camera(given), *_of_time(given, looked)]
    gains = [(gain_of(one.costs, given.costs, given.pairs), one) for one in found]
    clear = [(gain.mean, one) for gain, one in gains if gain.clear]
    return max(clear, key=lambda gained: gained[0], default=(0.0, given))[1]


def _of_poses(given: _Meaning) -> list[_Meaning]:
    """Return the meanings of poses that fit best, turned a little where none fits as it is."""
    found = [_meaning_of(one, given) for one in pose_alternatives()]
    order = sorted(range(len(found)), key=lambda number: float(found[number].costs.mean()))
    if typical_px(given.costs) < _AGREEING_PX or (
            typical_px(found[order[0]].costs) < _AGREEING_PX):
        return [found[order[0]]]
    alternatives = pose_alternatives()
    return [found[order[0]], *(
        _meaning_of(refined(alternatives[number], given.poses, given.pairs), given)
        for number in order[:_REFINED])]


def _meaning_of(alternative: PoseAlternative, given: _Meaning) -> _Meaning:
    poses = alternative.of(given.poses)
    return _Meaning(poses, given.pairs, costs_of(poses, given.pairs),
                    Finding(alternative.mistake, alternative.sentence),
                    not alternative.given_from_cam[:3, 3].any())


def _of_camera(given: _Meaning) -> list[_Meaning]:
    relative = relative_poses(given.poses, given.pairs)
    return [_Meaning(given.poses, camera.of(given.pairs), costs,
                     Finding(camera.mistake, sentence_of(camera, given.pairs), camera.factor))
            for camera, costs in camera_alternatives(relative, given.pairs)
            if not 1 / _LEAST_FACTOR < camera.factor < _LEAST_FACTOR]


def _of_time(given: _Meaning, looked: _Looked) -> list[_Meaning]:
    offset = time_offset(OffsetCosts(looked.track, looked.stamps_ns, given.pairs), looked.span_s)
    if offset is None or not offset.clear:
        return []
    poses = looked.track.at(looked.stamps_ns + round(offset.seconds * 1e9))[0]
    return [_Meaning(poses, given.pairs, offset.costs,
                     Finding(Mistake.TIME_OFFSET, offset.sentence, 1000 * offset.seconds))]


def _right(best: _Meaning, looked: _Looked) -> tuple[Mistake, ...]:
    """Return the mistakes of poses, camera and clock that the pairs deny.

    Args:
        best: meaning of the recording; what it says to be wrong is not right.
        looked: frames.
    """
    tried = _other_costs(best, looked)
    denied = {mistake: True for mistake, _ in tried}
    for mistake, costs in tried:
        denied[mistake] &= gain_of(best.costs, costs, best.pairs).clear
    wrong = best.finding and best.finding.mistake
    return tuple(mistake for mistake in Mistake if denied.get(mistake) and mistake is not wrong)


def _other_costs(best: _Meaning, looked: _Looked) -> list[tuple[Mistake, np.ndarray]]:
    """Return the costs (P,) that each mistake of a size worth naming would have."""
    pairs = best.pairs
    relative = relative_poses(best.poses, pairs)
    tried = [(one.mistake, costs_of(one.of(best.poses), pairs)) for one in pose_alternatives()]
    for mistake in (Mistake.WRONG_CAMERA, Mistake.SCALED_CAMERA):
        for factor in (_TOLD_FACTOR, 1 / _TOLD_FACTOR):
            seen = CameraAlternative(mistake, factor).of(pairs)
            tried.append((mistake, pair_costs(relative, seen)))
    if best.finding is None:  # of poses as they are
        offsets = OffsetCosts(looked.track, looked.stamps_ns, pairs)
        tried += [(Mistake.TIME_OFFSET, offsets.at(seconds)) for seconds in (_TOLD_S, -_TOLD_S)]
    return tried


def _unexplained(error_px: float) -> Finding:
    return Finding(Mistake.UNEXPLAINED, f'poses and pictures disagree by {error_px:.0f} pixels in '
                   'the median, and no known mistake explains it: poses may be noisy, or of '
                   'another recording')


def _with_depth(report: ConventionReport, looked: _Looked,
                best: _Meaning | None) -> ConventionReport:
    """Return a report with what depth says, of poses that explain the pictures."""
    scale: DepthScale | None = None
    if best is not None and best.tells_scale:
        scale = depth_scale(relative_poses(best.poses, best.pairs), best.pairs)
        if scale is not None and best.finding is not None:
            scale = replace(scale, right=RIGHT_RATIO_MENDED)
    edges: Registration | None = registration(looked.edges)
    findings, right = list(report.findings), list(report.right)
    if scale is not None and scale.wrong:
        findings.append(Finding(Mistake.WRONG_SCALE, scale.sentence, scale.ratio))
    elif scale is not None:
        right.append(Mistake.WRONG_SCALE)
    if edges is not None and edges.wrong:
        findings.append(Finding(Mistake.UNREGISTERED_DEPTH, edges.sentence, edges.moved_px))
    elif edges is not None and edges.right:
        right.append(Mistake.UNREGISTERED_DEPTH)
    return replace(report, findings=tuple(findings), right=tuple(right))
