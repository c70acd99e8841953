# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the relocaliser about its maps: which ones, and when another one is used."""

from __future__ import annotations

from dataclasses import dataclass

from scene_reloc_ros.pipeline.atlas.map_switch import SwitchOptions
from scene_reloc_ros.ros.node.camera_options import CameraParameters
from scene_reloc_ros.ros.node.parameter_fields import parameter, text_or_list

_SWITCH = SwitchOptions()


@dataclass(frozen=True)
class MapParameters(CameraParameters):
    """Every field is a ROS parameter of the node ``relocaliser``."""

    map: str | tuple[str, ...] = text_or_list(
        '', 'Scene map file; several as a list or with commas between, or a folder of maps. '
        'Empty: wait for ~/load_map or map_ready_topic.')
    map_ready_topic: str = parameter(
        '', 'Latched std_msgs/String topic with the path of a finished map, usually '
        '/mapper/map_ready; the map is swapped at once. Empty: follow none.', read_only=True)
    map_switch_agreeing: int = parameter(
        _SWITCH.agreeing, 'Of several maps: answers that have to name another one before it is '
        'used, while localised.', unit='frames', limits=(1, 100))
    map_switch_window: int = parameter(
        _SWITCH.window, 'Newest answers among which they are looked for.', unit='frames',
        limits=(1, 100))

    def __post_init__(self) -> None:
        """Refuse what names no map, and values that mean nothing."""
        super().__post_init__()
        named = (self.map,) if isinstance(self.map, str) else self.map
        if not isinstance(named, tuple) or not all(isinstance(one, str) for one in named):
            raise ValueError(f'parameter map is {self.map!r}; expected a path, or a list of paths')
        if self.map_switch_agreeing > self.map_switch_window:
            raise ValueError(f'map_switch_agreeing is {self.map_switch_agreeing}, '
                             f'map_switch_window {self.map_switch_window}; expected no more than '
                             'the window')

    @property
    def has_map(self) -> bool:
        """Tell whether ``map`` names one."""
        return bool(self.map if isinstance(self.map, str) else any(self.map))

    def switching(self) -> SwitchOptions:
        """Return the options of MapSwitch."""
        return SwitchOptions(self.map_switch_agreeing, self.map_switch_window)
