# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""CameraWatch: a localiser of a stream of one camera, which notices what is wrong with it.

A single image says little of a calibration; the views of a stream together do. A camera that
hangs upside down is found by turning the pictures that could not be localised as they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.geometry.turning import (
    turned_camera,
    turned_from_upright,
    turned_image,
    turned_pixels,
)
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.atlas.atlas import Atlas
from scene_reloc_ros.pipeline.calibration_sentence import calibration_sentence
from scene_reloc_ros.pipeline.camera_check import CameraMemory
from scene_reloc_ros.pipeline.localisation import Localisation, LocalisationTrace
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.calibration import CameraDoubt
from scene_reloc_ros.uncertainty.rejection import Rejection

_SURE = 0.99  # probability of a wrong calibration from which on it is told
_STILL_SURE = 0.5  # and below which it is no longer
_VIEWS = 2.0  # independent ones, before anything is told
_REFUSED = 5  # images in a row that a camera which was localised may be refused before a trial
_PAUSE = 12  # refused images after the trial of every turn
_TURNED_SURE = 0.9  # least probability of a pose in a turned picture, the first time
_TURNS = (2, 1, 3)  # quarters clockwise, in the order of their trial
_ANGLES = {1: '90 degrees anticlockwise', 2: '180 degrees', 3: '90 degrees clockwise'}
# What a turned camera may look like; a dark picture is dark whichever way up it is.
_MAYBE_TURNED = frozenset((
    Rejection.NO_SIMILAR_VIEW, Rejection.NO_CONSENSUS, Rejection.TOO_FEW_INLIERS,
    Rejection.AMBIGUOUS, Rejection.UNDETERMINED, Rejection.CONCENTRATED, Rejection.OUTSIDE_MAP))


class CameraWatch:
    """Localises the images of one camera in their order, and says what is wrong with it.

    Poses are never corrected by what is found: their covariances say it.
    """

    def __init__(self, localiser: Localiser | Atlas) -> None:
        """Watch nothing yet.

        Args:
            localiser: answers each image, in one map or several; it keeps no state.
        """
        self.localiser = localiser
        self.turned = 0  # quarters clockwise that the pictures need to stand upright
        self._reset(None)

    def _reset(self, camera: Camera | None) -> None:
        self._camera, self._memory = camera, CameraMemory()
        self._doubt: CameraDoubt | None = None
        self._told = False
        self.turned, self._trials = 0, 0
        self._refused = _REFUSED  # in a row

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on what is wrong with the camera, none where nothing is known to be."""
        parts = []
        if self.turned:
            parts.append(f'the pictures are turned by {_ANGLES[self.turned]} against those of the '
                         'map; nothing has to be done, poses are those of the camera as it is '
                         'mounted, but upright pictures are localised faster and better')
        if self._told and self._doubt is not None and self._camera is not None:
            upright = turned_from_upright(self.turned)[:2, :2].T
            parts.append(calibration_sentence(self._camera, self._doubt.turned(upright),
                                              self.localiser.scene_map.camera))
        return tuple(parts)

    @property
    def device(self) -> torch.device:
        """Where the localiser's networks run."""
        return self.localiser.device

    @property
    def scene_map(self) -> SceneMap:
        """The map that it localises in, of several the first."""
        return self.localiser.scene_map

    def scene_map_of(self, name: str) -> SceneMap:
        """Return the map that an answer names in its field ``map``."""
        if isinstance(self.localiser, Atlas):
            return self.localiser.scene_map_of(name)
        return self.localiser.scene_map

    def depth_unavailable(self) -> str | None:
        """Return why depth cannot be used with this map, or None where it can."""
        return self.localiser.depth_unavailable()

    def warm_up(self, camera: Camera) -> None:
        """Run one blank image through the localiser."""
        self.localiser.warm_up(camera)

    def localise(self, image: np.ndarray, camera: Camera,
                 depth_m: np.ndarray | None = None) -> Localisation:
        """Return the Localisation of the next image, see ``trace``."""
        return self.trace(image, camera, depth_m).localisation

    def trace(self, image: np.ndarray, camera: Camera,
              depth_m: np.ndarray | None = None) -> LocalisationTrace:
        """Return the LocalisationTrace of the next image.

        Args:
            image, camera, depth_m: see ``Localiser.localise``. Another camera than before is a
                new one: what was known is forgotten.
        """
        if camera != self._camera:
            self._reset(camera)
        found = self._turned_trace(image, camera, depth_m, self.turned)
        turn = self._next_turn(found.localisation.rejection)
        if turn is not None:
            other = self._turned_trace(image, camera, depth_m, turn)
            if _found_turned(other):
                self.turned, self._refused, found = turn, 0, other
                self._memory, self._told = CameraMemory(), False
        self._remember(found)
        return found

    def _next_turn(self, rejection: Rejection | None) -> int | None:
        """Return the turn to try now, None for none: now and then where nothing is found."""
        if rejection is None:
            self._refused = 0
        if rejection not in _MAYBE_TURNED:
            return None
        self._refused += 1
        others = [turn for turn in (*_TURNS, 0) if turn != self.turned]
        if self._refused <= _REFUSED:
            return None
        number = self._trials % (len(others) + _PAUSE)
        self._trials += 1
        return others[number] if number < len(others) else None

    def _turned_trace(self, image: np.ndarray, camera: Camera, depth_m: np.ndarray | None,
                      quarters: int) -> LocalisationTrace:
        """Return the trace of an image that is turned first, as that of the untouched one."""
        memory = self._memory if quarters == self.turned else CameraMemory()
        if not quarters:
            return self.localiser.trace(image, camera, depth_m, memory)
        camera = turned_camera(camera, quarters)
        return _upright(self.localiser.trace(
            turned_image(image, quarters), camera,
            None if depth_m is None else turned_image(depth_m, quarters), memory), camera)

    def _remember(self, found: LocalisationTrace) -> None:
        """Learn from an answer that is right, whether it is exact enough or not."""
        rejection = found.localisation.rejection
        if (found.finding is None or found.pose is None or found.result is None
                or rejection not in (None, Rejection.UNCERTAIN, Rejection.MISCALIBRATED)):
            return
        # in the map's own coordinates, as the query that is compared with it
        self._memory.add(found.finding, invert_pose(found.result.cam_from_map.cpu()).numpy())
        self._doubt = found.finding.doubt
        if self._memory.knowledge.views >= _VIEWS:
            self._told = self._doubt.probability > (_STILL_SURE if self._told else _SURE)


def _found_turned(trace: LocalisationTrace) -> bool:
    """Tell whether a turned picture was localised, more surely than one that stands upright."""
    found = trace.localisation
    return found.accepted and found.probability >= _TURNED_SURE


def _upright(trace: LocalisationTrace, camera: Camera) -> LocalisationTrace:
    """Return the trace of a turned picture as that of the picture that came; not its query."""
    turn = turned_from_upright(camera.turned)
    pose, result = trace.pose, trace.result
    if result is not None:
        back = torch.from_numpy(turn.T)
        both = torch.block_diag(back[:3, :3], back[:3, :3])
        result = replace(result, cam_from_map=back.to(result.cam_from_map) @ result.cam_from_map,
                         information=both.to(result.information) @ result.information
                         @ both.T.to(result.information))
    return LocalisationTrace(
        upright_localisation(trace.localisation, camera),
        None if pose is None else replace(pose, map_from_cam=pose.map_from_cam @ turn), result,
        trace.finding, trace.query)


def upright_localisation(found: Localisation, camera: Camera) -> Localisation:
    """Return the Localisation of a turned picture as that of the picture that came.

    Position and covariance are those of the same point, about the axes of the map; the pose alone
    is that of the camera as it is mounted.

    Args:
        found: of the turned picture.
        camera: of it, of ``turned_camera``.
    """
    return replace(found, map_from_cam=None if found.map_from_cam is None
                   else found.map_from_cam @ turned_from_upright(camera.turned),
                   inlier_pixels=turned_pixels(found.inlier_pixels, camera))
