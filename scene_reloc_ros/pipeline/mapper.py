# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Mapper: posed frames in, a scene map out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
import torch

from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.cloud.colours import cloud_colours
from scene_reloc_ros.mapping.distinct_frames import stamps_of, training_frames
from scene_reloc_ros.mapping.feature_buffer import mapping_poses
from scene_reloc_ros.mapping.generators import MappingGenerators
from scene_reloc_ros.mapping.hold_out import (
    folds_of,
    FrameSubset,
    guards_of,
    held_out_blocks,
    PosedFrames,
)
from scene_reloc_ros.mapping.parallax import ray_deviation
from scene_reloc_ros.mapping.presets import PRESETS
from scene_reloc_ros.mapping.progress import (
    Deadline,
    MappingCancelled,
    MappingProgress,
    never,
    Report,
    silent,
    TooLittleTime,
)
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.methods.local_frames import LocalFrames
from scene_reloc_ros.methods.method import Fitted, Growing, LocalisationMethod, MethodOptions
from scene_reloc_ros.methods.registry import method_class, method_of_map
from scene_reloc_ros.network.device import on_device
from scene_reloc_ros.network.preprocessing import working_focal_px, working_image
from scene_reloc_ros.network.weights import encoder_hash
from scene_reloc_ros.pipeline.believed_frames import usable_frames
from scene_reloc_ros.pipeline.frame_result import FrameResult, localise_frames
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.pipeline.map_report import validation_summary, with_parallax
from scene_reloc_ros.pipeline.map_validation import Fold, MapValidation, STAGE
from scene_reloc_ros.pipeline.part_choice import Choice, PartChoice
from scene_reloc_ros.pipeline.time_plan import (
    cut_short,
    overrun,
    refuse_what_is_over,
    reserve_s,
    too_few_minutes,
)
from scene_reloc_ros.uncertainty.acceptance import uncalibrated
from scene_reloc_ros.uncertainty.image_quality import image_quality, image_statistics
from scene_reloc_ros.uncertainty.pose_plausibility import MotionBounds

_BOUNDS = MotionBounds()
_AGAIN = 1.3  # of the time that a map took, with which another one is made, count
_LEAST_CHECKED = 4  # frames of a map that has none to hold out, count

__all__ = ['Mapper', 'MappingCancelled']


class Mapper:
    """Makes scene maps by the method that its options belong to."""

    def __init__(self, options: MethodOptions = PRESETS['standard'], device: str = 'auto',
                 seed: int = 0, bounds: MotionBounds = _BOUNDS):
        """Make the method; ValueError or RuntimeError where its network or device is missing."""
        self.options, self.seed, self.bounds = options, seed, bounds
        make = method_class(options.method)
        self.device: torch.device
        self.method: LocalisationMethod
        self.device, self.method = on_device(
            device, lambda chosen: (chosen, make(options, chosen)))

    def build(self, frames: PosedFrames, on_progress: Report = silent,
              cancelled: Callable[[], bool] = never, began_s: float | None = None) -> SceneMap:
        """Return the SceneMap of posed frames.

        Frames whose poses cannot be believed are left out and named. Some blocks of frames are
        held out, so that the map can tell how good it is where it has not looked; a method that
        grows without training gets them afterwards.

        Args:
            frames: posed images, read one at a time, in any order; of a Sequence those that cannot
                be read, or have no pose, are left out and told in the metadata.
            on_progress: called with (stage, fraction in [0, 1], text).
            cancelled: asked now and then; MappingCancelled is raised when it answers True.
            began_s: when the time that ``minutes`` bounds began, of ``time.monotonic``; None: now.

        Raises ValueError for too few frames, poses of which many cannot be believed, images that
        do not fit their camera, or a bound on the time that makes no map.
        """
        progress = MappingProgress(on_progress, cancelled,
                                   Deadline(60 * self.options.minutes, began_s))
        try:
            refuse_what_is_over(progress)
            usable = usable_frames(frames, self.options.depth, self.bounds,
                                   self.method.needs.frames, progress)
            scene_map, check = self._build(usable.frames, progress)
        except TooLittleTime as error:
            raise ValueError(too_few_minutes(self.options.minutes, error)) from error
        colours = cloud_colours(scene_map, usable.frames, progress)
        return replace(scene_map, origin=usable.frames.origin, colours=colours, metadata={
            **scene_map.metadata, 'check': check, **usable.figures,
            'overrun': overrun(progress), 'mapping_seconds': progress.deadline.elapsed_s})

    def _build(self, frames: LocalFrames,
               progress: MappingProgress) -> tuple[SceneMap, dict[str, Any]]:
        """Return the map of frames in coordinates of its own, and the figures of its check."""
        generators = MappingGenerators.from_seed(self.seed)
        folds = self._folds(frames, generators, progress)
        if len(folds) == 1:
            scene_map = folds[0].scene_map
        else:
            scene_map = self._map(frames, np.arange(len(frames)), generators, self._fit_progress(
                progress, sum(len(fold.held_out) for fold in folds)))[0]
        choice = self._choice(folds, frames, progress)
        if choice is not None:
            scene_map = choice.of(scene_map)
            folds = [replace(fold, scene_map=choice.of(fold.scene_map)) for fold in folds]
        scene_map, check = _with_parallax(*self._validated(scene_map, frames, folds, progress,
                                                           generators))
        if isinstance(self.method, Growing) and len(folds) == 1:
            grown = self._grown(scene_map, frames, folds[0], progress)
            scene_map = grown or self._anew(scene_map, frames, folds[0], choice, (
                generators, progress))
        return scene_map, check

    def _grown(self, scene_map: SceneMap, frames: LocalFrames, fold: Fold,
               progress: MappingProgress) -> SceneMap | None:
        """Return a checked map with the frames that it was made without, None where it takes none.

        Where there is no depth, one frame alone has no points to bring.
        """
        assert isinstance(self.method, Growing)
        grown = self.method.add(scene_map, FrameSubset(frames, fold.spared(len(frames))), progress)
        return grown if scene_map.depth or len(grown.views) > len(scene_map.views) else None

    def _anew(self, scene_map: SceneMap, frames: LocalFrames, fold: Fold, choice: Choice | None,
              means: tuple[MappingGenerators, MappingProgress]) -> SceneMap:
        """Return a checked map made anew of all frames, itself where there is no time for that."""
        generators, progress = means
        if progress.deadline.left_s < _AGAIN * fold.seconds:
            return scene_map
        anew = self._map(frames, np.arange(len(frames)), generators, progress)[0]
        anew = anew if choice is None else choice.of(anew)
        return replace(anew, uncertainty=scene_map.uncertainty, ambiguous=scene_map.ambiguous)

    def _fit_progress(self, progress: MappingProgress, held_out: int) -> MappingProgress:
        """Return the progress of fits, which leaves a reserve for what follows them."""
        return replace(progress, reserve_s=reserve_s(
            progress.deadline.seconds, held_out, self.method.chooses_parts))

    def _choice(self, folds: list[Fold], frames: LocalFrames,
                progress: MappingProgress) -> Choice | None:
        """Return the parts that held-out frames ask for, where they are asked."""
        if not folds or not self.method.chooses_parts:
            return None
        return PartChoice(self.device, self.seed).run(
            [(fold.scene_map, FrameSubset(frames, fold.held_out)) for fold in folds], progress)

    def _folds(self, frames: LocalFrames, generators: MappingGenerators,
               progress: MappingProgress) -> list[Fold]:
        """Return maps with the frames that validate them; none where frames are too few.

        Of many frames some are spared, and those beside them where the map takes them afterwards;
        of few none, but a method that needs no training makes several maps.
        """
        poses, stamps = invert_pose(mapping_poses(frames)).numpy(), stamps_of(frames)
        blocks = held_out_blocks(poses)
        every = [blocks] if blocks else (
            folds_of(len(frames)) if isinstance(self.method, Growing) else [])
        folds = []
        progress = self._fit_progress(progress, sum(
            len(block) for held_out in every for block in held_out))
        for number, held_out in enumerate(every):
            kept = training_frames(poses, stamps, np.concatenate(held_out))
            if blocks and isinstance(self.method, Growing):
                kept = np.setdiff1d(kept, guards_of(poses, blocks))
            began_s = progress.deadline.elapsed_s
            of_fold = progress if blocks else progress.within(
                progress.left_s / (len(every) + 1 - number))
            scene_map, candidates = self._map(frames, kept, generators, of_fold)
            folds.append(Fold(scene_map, held_out, candidates, kept,
                              progress.deadline.elapsed_s - began_s))
        return folds

    def _map(self, frames: LocalFrames, kept: np.ndarray, generators: MappingGenerators,
             progress: MappingProgress) -> tuple[SceneMap, np.ndarray]:
        """Return the map of some frames, and which of them may show a place like another."""
        fitted = self.method.fit(FrameSubset(frames, kept), generators, progress)
        return self._assemble(frames, fitted), kept[fitted.alias_candidates]

    def _assemble(self, frames: LocalFrames, fitted: Fitted) -> SceneMap:
        camera = frames[0].camera
        positions = (invert_pose(mapping_poses(frames))[:, :3, 3]
                     + torch.tensor(frames.origin, dtype=torch.float64))
        metadata = {'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
                    'method': self.method.name, 'seed': self.seed,
                    'device': str(self.device), **fitted.metadata,
                    'calibration': fitted.correction.described(camera),
                    'extent': [positions.amin(0).tolist(), positions.amax(0).tolist()],
                    'options': asdict(self.options)}
        return SceneMap(
            content=fitted.content, encoder_name=fitted.encoder, camera=camera,
            encoder_hash=encoder_hash(fitted.encoder) if fitted.encoder else '',
            views=fitted.views, cloud=fitted.cloud, correction=fitted.correction,
            metadata=metadata, depth=fitted.depth)

    def _validated(self, scene_map: SceneMap, frames: LocalFrames, folds: list[Fold],
                   progress: MappingProgress, generators: MappingGenerators,
                   ) -> tuple[SceneMap, dict[str, Any]]:
        """Return the map with its uncertainty model, and the figures of its check.

        Without held-out frames some of the mapping frames are localised: what a map cannot do
        there it cannot do at all.
        """
        if folds:
            found = MapValidation([self._localiser(fold.scene_map) for fold in folds], folds,
                                  frames, progress, generators.validation).run()
            depth = found.depth.of(scene_map.depth) if found.depth else scene_map.depth
            scene_map = replace(scene_map, uncertainty=found.uncertainty,
                                ambiguous=found.ambiguous, depth=depth)
            return scene_map, {
                **validation_summary(found.results, found.blocks, frames.origin,
                                     cut_short(scene_map.metadata)),
                'maps': len(folds), 'with_depth': found.with_depth}
        chosen = np.unique(np.linspace(0, len(frames) - 1, self.options.self_check).round())
        some = FrameSubset(frames, chosen)
        scene_map = self._with_image_statistics(scene_map, some)
        localiser = self._localiser(scene_map)
        progress(STAGE, 0.0, f'0 of {len(chosen)} pictures')
        results: list[FrameResult] = []
        for result in localise_frames(
                localiser, some, localiser.observer.observes_depth,
                on_progress=lambda fraction, name: progress(STAGE, fraction, name)):
            results.append(result)
            if progress.deadline.passed and len(results) >= _LEAST_CHECKED:
                break
        summary = validation_summary(results, [], cut_short=cut_short(scene_map.metadata))
        return scene_map, {**summary, 'maps': 0,
                           'with_depth': localiser.observer.observes_depth}

    def _with_image_statistics(self, scene_map: SceneMap, frames: PosedFrames) -> SceneMap:
        """Return a map that nothing is known of but what its pictures look like."""
        qualities = [image_quality(working_image(frame.image, frame.camera)[0])
                     for frame in (frames[number] for number in range(len(frames)))]
        return replace(scene_map, uncertainty=replace(
            uncalibrated(method_of_map(scene_map).family), images=image_statistics(qualities)))

    def _localiser(self, scene_map: SceneMap) -> Localiser:
        return Localiser(scene_map, device=str(self.device), seed=self.seed)


def _with_parallax(scene_map: SceneMap, check: dict[str, Any]) -> tuple[SceneMap, dict[str, Any]]:
    """Return map and check with how well its views tell distances, where no depth does."""
    if scene_map.depth is not None or scene_map.uncertainty is None:
        return scene_map, check
    deviation = ray_deviation(scene_map.views, scene_map.cloud, working_focal_px(scene_map.camera))
    return (replace(scene_map, uncertainty=replace(scene_map.uncertainty,
                                                   ray_deviation=deviation)),
            with_parallax(check, deviation))
