# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the relocaliser about several views: the cameras of a rig, the last seconds."""

from __future__ import annotations

from dataclasses import dataclass
import re

from scene_reloc_ros.pipeline.sequence.joint_localiser import MOST_VIEWS
from scene_reloc_ros.pipeline.sequence.sequence_window import WindowOptions
from scene_reloc_ros.ros.node.parameter_fields import parameter, refuse_invalid
from scene_reloc_ros.ros.relocaliser.tracking_options import TrackingParameters

_WINDOW = WindowOptions()
_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')


@dataclass(frozen=True)
class SightParameters(TrackingParameters):
    """Every field is a ROS parameter of the node ``relocaliser``."""

    cameras: tuple[str, ...] = parameter(
        ('',), 'Names of the cameras of a rig, whose images of one instant are solved together; '
        'each has parameters of its own below its name. Empty: one camera, with the topics image '
        'and camera_info.', read_only=True)
    camera_slop: float = parameter(
        0.02, 'Largest difference between the stamps of images of a rig that are of one instant.',
        unit='s', limits=(0.0, 0.5), read_only=True)
    sequence_seconds: float = parameter(
        _WINDOW.seconds, 'Refused images of so long are joined through odometry until they are '
        'sure together, with tf_mode map_to_odom. 0: none are.', unit='s', limits=(0.0, 30.0))
    sequence_frames: int = parameter(
        _WINDOW.views, 'Most of them that are joined, the newest included; of a rig instants.',
        unit='images', limits=(2, MOST_VIEWS))

    def __post_init__(self) -> None:
        """Refuse values outside their ranges, and names that can be no topics."""
        super().__post_init__()
        names = self.rig
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(f'cameras has the name {name!r}; expected letters, digits and _, '
                                 'a letter first, as topics and parameters are named after it')
            if name in self.__dataclass_fields__:
                raise ValueError(f'cameras has the name {name!r}, which is that of a parameter; '
                                 'give the camera another')
        if len(set(names)) < len(names) or len(names) > MOST_VIEWS:
            raise ValueError(f'cameras is {list(names)}; expected different names, at most '
                             f'{MOST_VIEWS}')

    @property
    def rig(self) -> tuple[str, ...]:
        """Return the names of the cameras of a rig, none where there is one camera."""
        return () if self.cameras in ((), ('',)) else self.cameras


@dataclass(frozen=True)
class RigCameraParameters:
    """Every field is a ROS parameter of each camera of a rig, below its name."""

    image_topic: str = parameter(
        '', 'Its images; with image_transport compressed those on compressed below it. Empty: '
        'image_raw below the name of the camera.', read_only=True)
    camera_info_topic: str = parameter(
        '', 'Its calibration. Empty: camera_info beside its images.', read_only=True)
    depth_topic: str = parameter(
        '', 'Its depth with use_depth, registered to its images; with depth_transport that below '
        'it. Empty: it has none.', read_only=True)
    frame: str = parameter(
        '', 'Its optical frame. Empty: as in the header of its images.', read_only=True)

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        refuse_invalid(self)
