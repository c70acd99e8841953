# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which of the loaded maps the poses of the relocaliser are of, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from std_msgs.msg import String

from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.atlas.map_files import map_name
from scene_reloc_ros.pipeline.atlas.map_switch import Choice, MapSwitch
from scene_reloc_ros.ros.node.qos import LATCHED, overridable
from scene_reloc_ros.ros.relocaliser.frame_localisation import FrameLocaliser
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.services import RelocalisingNode
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.uncertainty.rejection import Rejection


class ActiveMap:
    """Holds on to one map until several answers name another; all under the lock of the node."""

    def __init__(self, node: RelocalisingNode, state: LocalisationState) -> None:
        """Serve ``node``, without a map.

        Args:
            node: that forgets its pose where a map of another frame comes into use.
            state: of its localisation.
        """
        self._node, self._state = node, state
        self._switch = MapSwitch()
        self._localiser: Optional[FrameLocaliser] = None
        self._names: tuple[str, ...] = ()
        self.listed = ''  # paths of the maps, as ``map_files`` takes them
        self._told: Optional[str] = None

    def configure(self) -> None:
        """Publish, until the node is cleaned up."""
        self._publisher = self._node.create_lifecycle_publisher(
            String, '~/active_map', LATCHED, qos_overriding_options=overridable())
        self._node.closers.callback(self._node.destroy_lifecycle_publisher, self._publisher)
        self._told = None

    def use(self, localiser: Optional[FrameLocaliser], files: Sequence[Path]) -> bool:
        """Take other maps, or none; tells whether the pose of before holds in the new one.

        It does where both are of one recording: the gate then judges what the new map answers by
        the pose that is known, as it does from image to image. The pose is confirmed, or several
        answers that agree with one another deny it. Depth that maps cannot use is told.
        """
        before = self._scene
        self._localiser, self._names = localiser, tuple(map_name(file) for file in files)
        self.listed = ', '.join(map(str, files))
        self._switch.reset(self._names[0] if len(self._names) == 1 else '')
        if localiser is not None and self._node.options.use_depth:
            if (reason := localiser.depth_unavailable()) is not None:
                self._node.get_logger().warning(f'depth is not used: {reason}')
        return _same_recording(before, self._scene)

    def tell(self) -> Optional[SceneMap]:
        """Return the map in use; its name, '' of none, is published where it is another."""
        if self._publisher.is_activated and self._told != self._switch.active:
            self._told = self._switch.active
            self._publisher.publish(String(data=self._told))
        return self._scene

    @property
    def _scene(self) -> Optional[SceneMap]:
        """Return the map in use, None without one."""
        if self._localiser is None or not self._switch.active:
            return None
        return (self._localiser.scene_map if len(self._names) == 1
                else self._localiser.scene_map_of(self._switch.active))

    def examine(self, outcome: Outcome) -> Outcome:
        """Return an outcome, refused where it is of another map and alone with that.

        Where another map comes into use whose frame is another, the pose is forgotten first.
        """
        found = outcome.localisation
        if not outcome.accepted or found is None or len(self._names) < 2:
            return outcome
        before, old = self._switch.active, self._scene
        self._switch.options = self._node.options.switching()
        choice = self._switch.take(found.map, found.agreeing, self._state.ready)
        if choice is Choice.WAIT:
            return self._refused(outcome)
        if choice is Choice.SWITCH:
            self._node.get_logger().info(f'map {self._switch.active} is in use'
                                         + (f' in place of {before}' if before else ''))
            if not (old and _shares_frame(old, self._scene)):
                self._node.forget()
        return outcome

    def fields(self, outcome: Optional[Outcome]) -> dict[str, Any]:
        """Return what ~/status says of this."""
        found = outcome.localisation if outcome else None
        of_image = found.map if found and len(self._names) > 1 else self._switch.active
        return {'map': self.listed, 'maps': list(self._names), 'map_votes': self._switch.votes,
                'active_map': self._switch.active or None,
                'image_map': (of_image or None) if found else None}

    def _refused(self, outcome: Outcome) -> Outcome:
        found = outcome.localisation
        assert found is not None
        options = self._switch.options
        count = self._switch.votes.get(found.map, 0)
        return replace(outcome, rejection=Rejection.OTHER_MAP, admitted=False, sentence=(
            f'{Rejection.OTHER_MAP.sentence} {count} of {options.agreeing} answers among the '
            f'newest {options.window} name {found.map}; {self._switch.active} is in use.'))


def _shares_frame(old: SceneMap, new: Optional[SceneMap]) -> bool:
    """Tell whether poses in two maps are of one frame."""
    return old.transform is not None and new is not None and new.transform is not None


def _same_recording(old: Optional[SceneMap], new: Optional[SceneMap]) -> bool:
    """Tell whether both maps are known to be of one recording, and so in the same coordinates."""
    return old is not None and new is not None and RecordingLabel.of_map(
        old.metadata).same_coordinates(RecordingLabel.of_map(new.metadata))


def loaded_sentence(listed: str, goes_on: bool) -> str:
    """Return what is said of maps that were loaded, and of the pose that was known before."""
    left = ('it is of the same recording as the one before: the pose is kept, and its answers are '
            'held against that') if goes_on else 'the pose is forgotten'
    return f'map {listed} is loaded; {left}'
