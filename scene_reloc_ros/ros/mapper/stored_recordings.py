# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Recordings that lie in the folder of a mapper: their names, and which of them goes on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
import time
from typing import Optional

from scene_reloc_ros.datasets.recording import is_recording, RecordingSequence
from scene_reloc_ros.datasets.recording_label import RecordingLabel
from scene_reloc_ros.files.outputs import full_path

RECORDINGS, MAPS = 'recordings', 'maps'  # folders of a mapper
_NAMED = 10  # recordings that a sentence names
_INDEX = 'rgb.txt'  # written with every key frame


def recording_of(root: Path, name: str) -> Path:
    """Return the folder of a recording."""
    return root / RECORDINGS / name


def map_of(root: Path, name: str) -> Path:
    """Return the file of the map that a recording becomes."""
    return root / MAPS / f'{name}.safetensors'


def fresh_name(root: Path) -> str:
    """Return a name that no recording has, of the present time."""
    name = time.strftime('%Y%m%d-%H%M%S')
    names = chain((name,), (f'{name}-{number}' for number in count(1)))
    return next(name for name in names if not recording_of(root, name).exists())


def claimed_name(root: Path, name: str) -> str:
    """Make the folder of a new recording; return its name, another one where that is taken."""
    (root / RECORDINGS).mkdir(parents=True, exist_ok=True)
    while True:
        try:
            recording_of(root, name).mkdir()
            return name
        except FileExistsError:
            name = fresh_name(root)


def refuse_other_frame(recording: Path, map_frame: str) -> None:
    """Raise ValueError where the poses of a recording are in another frame."""
    known = RecordingLabel.read(recording).map_frame
    if known not in ('', map_frame):
        raise ValueError(f'recording {recording} is in frame {known!r}, the parameter map_frame '
                         f'is {map_frame!r}; set it to {known!r}, or call ~/start for a new '
                         'recording')


@dataclass(frozen=True)
class StoredRecording:
    """One that lies there."""

    name: str
    keyframes: int
    mapped: bool  # whether its map is newer than its last key frame
    changed_s: float  # when that came, seconds since 1970
    fault: str = ''  # why it cannot be read

    @property
    def sentence(self) -> str:
        """What is worth knowing of it."""
        if self.fault:
            return f'{self.name} (cannot be read: {self.fault})'
        return f'{self.name} ({self.keyframes} key frames, {"" if self.mapped else "no "}map)'


def stored_recordings(folder: str) -> list[StoredRecording]:
    """Return the recordings with key frames in the folder of a mapper, the newest first."""
    root = full_path(folder)
    try:
        names = [place.name for place in (root / RECORDINGS).iterdir() if is_recording(place)]
    except OSError:  # nothing was ever recorded there
        return []
    found = filter(None, (_stored(root, name) for name in names))
    return sorted(found, key=lambda one: one.changed_s, reverse=True)


def _stored(root: Path, name: str) -> Optional[StoredRecording]:
    """Return what a recording is, None where it has nothing in it or has gone."""
    place, map_path = recording_of(root, name), map_of(root, name)
    try:
        changed_s = (place / _INDEX).stat().st_mtime
        mapped = map_path.is_file() and map_path.stat().st_mtime >= changed_s
        if not (place / _INDEX).stat().st_size:
            return None
        return StoredRecording(name, len(RecordingSequence(place)), mapped, changed_s)
    except ValueError as error:
        return StoredRecording(name, 0, mapped, changed_s, str(error))
    except OSError:
        return None


def described(folder: str) -> str:
    """Return a sentence on the recordings in the folder of a mapper."""
    found = stored_recordings(folder)
    place = full_path(folder) / RECORDINGS
    if not found:
        return f'there are no recordings in {place}; call ~/start'
    return f'{_count(found)} in {place}: {_listed(found)}'


def recording_to_resume(folder: str, name: str) -> str:
    """Return the name of a recording that can go on; ValueError says why there is none.

    Args:
        folder: of the mapper.
        name: that is asked for; '': the newest that has no map, or the newest of all.
    """
    found = stored_recordings(folder)
    place = full_path(folder) / RECORDINGS
    if not found:
        raise ValueError(f'there are no recordings in {place}; call ~/start')
    if name:
        for one in found:
            if one.name == name and one.fault:
                raise ValueError(f'recording {one.sentence}')
            if one.name == name:
                return name
        raise ValueError(f'parameter session is {name!r}, which is not in {place}; there is '
                         f'{_listed(found)}')
    whole = [one for one in found if not one.fault]
    if not whole:
        raise ValueError(f'no recording in {place} can be read: {_listed(found)}')
    return next((one for one in whole if not one.mapped), whole[0]).name


def left_from_before(folder: str) -> str:
    """Return what to do with a recording that waits for its map, '' where there is none."""
    waiting = [one for one in stored_recordings(folder) if not (one.mapped or one.fault)]
    if not waiting:
        return ''
    return (f'; from before there is recording {waiting[0].sentence}: call ~/resume to go on '
            'with it, or set the parameter session to its name and call ~/train; ~/recordings '
            'lists all')


def _count(found: list[StoredRecording]) -> str:
    return f'{len(found)} recording{"s" * (len(found) > 1)}'


def _listed(found: list[StoredRecording]) -> str:
    more = f' and {len(found) - _NAMED} more' if len(found) > _NAMED else ''
    return ', '.join(one.sentence for one in found[:_NAMED]) + more
