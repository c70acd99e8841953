# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Our recordings: TUM RGB-D layout with a camera.yaml, written so that a crash loses nothing.

rgb/ and depth/ hold PNG files (depth in 1/5000 m, so up to 13.1 m), named by their stamp.
rgb.txt and depth.txt hold 'stamp file', groundtruth.txt 'stamp tx ty tz qx qy qz qw', which is
map_from_cam of the optical frame. A frame's line in rgb.txt is written last: it commits the frame.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Sequence as Words
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
import math
import os
from pathlib import Path

import cv2
import numpy as np

from scene_reloc_ros.datasets.image_files import read_colour, read_depth
from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.stamped_lines import (
    append_line,
    drop_lines,
    finish_last_line,
    nearest,
    read_stamped_lines,
    stamp_text,
    sync_folder,
)
from scene_reloc_ros.geometry.camera import Camera
from scene_reloc_ros.geometry.camera_file import (
    read_camera,
    read_depth_range,
    write_camera,
)
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.geometry.poses import (
    checked_pose,
    pose_from_translation_quaternion,
    translation_quaternion_from_pose,
)

DEPTH_UNITS_PER_METRE = 5000  # as the TUM RGB-D tools expect
MAX_GAP_NS = 20_000_000  # an image takes the pose and depth nearest in time within 20 ms
_LARGEST_UNIT = 65535
_PNG_OPTIONS = (cv2.IMWRITE_PNG_COMPRESSION, 1)  # fast: a key frame must not wait for the disk
_PARTS = ('rgb', 'depth')  # folders of pictures
_IMAGES, _DEPTHS, _POSES = 'rgb.txt', 'depth.txt', 'groundtruth.txt'
_FIELDS = {_IMAGES: 1, _DEPTHS: 1, _POSES: 7}  # words after the stamp
_UNIT_LENGTH = 1e-3  # farthest that a quaternion is from it where a torn number does no harm


def is_recording(folder: str | Path) -> bool:
    """Tell whether the folder holds a recording, be it an empty one."""
    return (Path(folder) / _IMAGES).exists()


class RecordingWriter:
    """Appends posed images to a recording; each is on disk before ``append`` returns."""

    def __init__(self, folder: str | Path, camera: Camera) -> None:
        """Begin a recording in ``folder``, or go on with the one of the same camera there."""
        self._folder = Path(folder)
        self._camera = camera
        for part in _PARTS:
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._claim_camera()
        for name in (_DEPTHS, _POSES, _IMAGES):
            path = self._folder / name
            path.touch()
            finish_last_line(path, _FIELDS[name], lambda words: _is_whole(words, self._folder))
        sync_folder(self._folder)
        with suppress(OSError):  # these may be new too, and may be of somebody else
            for folder in self._folder.absolute().parents[:2]:
                sync_folder(folder)
        self._note_stamps()
        self._bytes = sum(entry.stat().st_size for part in _PARTS
                          for entry in os.scandir(self._folder / part))

    def __len__(self) -> int:
        """Return the number of frames on disk."""
        return self._count

    @property
    def size_bytes(self) -> int:
        """Return what the pictures take on disk, bytes."""
        return self._bytes

    def append(self, frame: PosedImage) -> None:
        """Write a ``PosedImage`` (stamp_ns, image, map_from_cam, depth_m or None) durably.

        Raises OSError where the disk does not take it, and ValueError where the stamp does not
        follow the last one, the
        pose is missing or no rotation, or image or depth have another size than the camera. It
        stays usable, and nothing of the frame stays.
        """
        stamp = stamp_text(frame.stamp_ns)
        self._check(frame, stamp)
        if frame.map_from_cam is None:
            raise ValueError(f'frame {stamp} has no pose; only posed images can be recorded')
        map_from_cam = checked_pose(frame.map_from_cam, f'frame {stamp}')
        depth = None if frame.depth_m is None else _depth_units(frame.depth_m)
        with self._all_or_nothing(stamp):
            self._write_png(f'rgb/{stamp}.png', frame.image)
            if depth is not None:
                self._write_png(f'depth/{stamp}.png', depth)
                append_line(self._folder / _DEPTHS, f'{stamp} depth/{stamp}.png')
            translation, quaternion = translation_quaternion_from_pose(map_from_cam)
            numbers = ' '.join(f'{value:.9f}' for value in (*translation, *quaternion))
            append_line(self._folder / _POSES, f'{stamp} {numbers}')
            append_line(self._folder / _IMAGES, f'{stamp} rgb/{stamp}.png')
        self._last_ns = frame.stamp_ns
        self._count += 1
        self._bytes += sum(path.stat().st_size for path in self._pictures(stamp))

    def remove(self, stamps_ns: Collection[int]) -> None:
        """Take the frames of some stamps back; OSError where the disk does not allow that."""
        for name in (_IMAGES, _POSES, _DEPTHS):  # the line in rgb.txt is what commits a frame
            drop_lines(self._folder / name, stamps_ns)
        self._note_stamps()
        for stamp_ns in stamps_ns:
            for path in self._pictures(stamp_text(stamp_ns)):
                self._bytes -= path.stat().st_size
                path.unlink()

    def _note_stamps(self) -> None:
        images = _read_lines(self._folder, _IMAGES)
        self._count, self._last_ns = len(images), max(images, default=-1)

    def _pictures(self, stamp: str) -> list[Path]:
        """Return the files of a frame that are there."""
        paths = (self._folder / part / f'{stamp}.png' for part in _PARTS)
        return [path for path in paths if path.is_file()]

    @contextmanager
    def _all_or_nothing(self, stamp: str) -> Iterator[None]:
        """Take back what a frame has written where the disk does not take all of it."""
        sizes = {name: os.path.getsize(self._folder / name) for name in (_DEPTHS, _POSES)}
        try:
            yield
        except OSError:
            with suppress(OSError):  # where the folder has gone there is nothing to take back
                for path in self._pictures(stamp):
                    path.unlink()
                for name, size in sizes.items():
                    os.truncate(self._folder / name, size)
            raise

    def _check(self, frame: PosedImage, stamp: str) -> None:
        if frame.stamp_ns <= self._last_ns:
            raise ValueError(f'stamp {stamp} does not come after {stamp_text(self._last_ns)}, the '
                             'last one recorded; begin a new recording when time jumps back')
        image = np.asarray(frame.image)
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise ValueError(f'image of frame {stamp} is {image.dtype} of shape {image.shape}; '
                             'expected 8-bit BGR or grey')
        for name, array in (('image', image), ('depth', frame.depth_m)):
            if array is None:
                continue
            height, width = np.shape(array)[:2]
            if (height, width) != (self._camera.height, self._camera.width):
                raise ValueError(
                    f'{name} of frame {stamp} is {width}x{height}, the camera '
                    f'{self._camera.width}x{self._camera.height}; record one camera as it is')

    def _claim_camera(self) -> None:
        path = self._folder / 'camera.yaml'
        if not path.exists():
            fresh = path.with_suffix('.yaml.new')
            write_camera(fresh, self._camera)
            read_camera(fresh)  # what cannot be read again must not be recorded
            with fresh.open() as stream:
                os.fsync(stream.fileno())
            fresh.replace(path)
        elif read_camera(path) != self._camera:
            raise ValueError(f'recording {self._folder} was made with another camera; choose '
                             'another folder')

    def _write_png(self, name: str, image: np.ndarray) -> None:
        done, content = cv2.imencode('.png', image, _PNG_OPTIONS)
        if not done:
            raise ValueError(f'image {name} of shape {np.shape(image)} cannot be written as PNG')
        path = self._folder / name
        with path.open('wb') as stream:
            stream.write(content.tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(path.parent)


class RecordingSequence(Sequence):
    """A recording, ours or a TUM RGB-D sequence with a camera.yaml put beside it."""

    def __init__(self, folder: str | Path, rectified: bool = False) -> None:
        """List the frames of ``folder``; ValueError where there is none or no camera.yaml.

        Args:
            folder: of the recording; poses and depths are looked at when they are asked for.
            rectified: see ``read_camera``.
        """
        self._folder = Path(folder)
        images = _read_lines(self._folder, _IMAGES)
        if not images:
            raise ValueError(f'recording {folder} has no frames; record again and check that the '
                             'image, camera_info and pose topics arrive')
        self._camera = read_camera(self._folder / 'camera.yaml', rectified)
        self._stated = read_depth_range(self._folder / 'camera.yaml')
        self._images, self._stamps_ns = images, sorted(images)
        self._names = [Path(images[stamp][0]).stem for stamp in self._stamps_ns]

    @property
    def names(self) -> list[str]:
        """Frame names: the image files without folder and suffix."""
        return list(self._names)

    @property
    def camera(self) -> Camera:
        """The camera of camera.yaml."""
        return self._camera

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._names)

    @cached_property
    def _depths(self) -> dict[int, list[str]]:
        return dict(sorted(_read_lines(self._folder, _DEPTHS).items()))

    @cached_property
    def _poses(self) -> dict[int, list[str]]:
        return dict(sorted(_read_lines(self._folder, _POSES).items()))

    @cached_property
    def _depth_stamps(self) -> list[int]:
        return list(self._depths)

    @cached_property
    def _pose_stamps(self) -> list[int]:
        return list(self._poses)

    def _read(self, index: int) -> PosedImage:
        return replace(self._query(index, True), map_from_cam=self._pose(index))

    def _query(self, index: int, with_depth: bool) -> PosedImage:
        stamp_ns = self._stamps_ns[index]
        depth_ns = nearest(self._depth_stamps, stamp_ns, MAX_GAP_NS) if with_depth else None
        depth_m = None
        if depth_ns is not None:
            depth_m = read_depth(self._folder / self._depths[depth_ns][0], self._camera,
                                 DEPTH_UNITS_PER_METRE, self._stated)
        image = read_colour(self._folder / self._images[stamp_ns][0], self._camera)
        return PosedImage(self._names[index], stamp_ns, image, self._camera, None, depth_m)

    def _stamp_ns(self, index: int) -> int:
        return self._stamps_ns[index]

    def _pose(self, index: int) -> np.ndarray | None:
        pose_ns = nearest(self._pose_stamps, self._stamps_ns[index], MAX_GAP_NS)
        if pose_ns is None:
            return None
        name = f'{self._names[index]} in {self._folder / _POSES}'
        try:
            numbers = [float(word) for word in self._poses[pose_ns]]
            pose = pose_from_translation_quaternion(numbers[:3], numbers[3:])
        except ValueError as error:
            raise ValueError(f'pose of {name} is no pose ({error})') from error
        return checked_pose(pose, name)


def _read_lines(folder: Path, name: str) -> dict[int, list[str]]:
    return read_stamped_lines(folder / name, _FIELDS[name], lambda words: _is_whole(words, folder))


def _is_whole(words: Words[str], folder: Path) -> bool:
    """Tell whether a last line is not torn: it ends in a file that is there, or in a pose.

    A pose is torn where its last number has fewer decimals than the others, and that matters.
    """
    if len(words) <= _FIELDS[_POSES]:
        return (folder / words[1]).is_file()
    *others, last = (len(word.partition('.')[2]) for word in words[1:8])
    try:
        length = math.hypot(*(float(word) for word in words[4:8]))
    except ValueError:
        return False
    return last >= min(others) or abs(length - 1) < _UNIT_LENGTH


def _depth_units(depth_m: np.ndarray) -> np.ndarray:
    """Metres to 16-bit units; what is unknown, not finite or too far for 16 bits becomes 0."""
    depth = np.nan_to_num(np.asarray(depth_m, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    units = np.rint(depth * DEPTH_UNITS_PER_METRE)
    return np.where((units < 1) | (units > _LARGEST_UNIT), 0, units).astype(np.uint16)
