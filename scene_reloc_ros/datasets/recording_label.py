# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Label of a recording: what tells it from others, and the frame that its poses are in.

A map bears the label of what it was made of. So two maps are known to be in the same coordinates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Any
import uuid

from scene_reloc_ros.files.outputs import write_whole

_FILE = 'label.json'


@dataclass(frozen=True)
class RecordingLabel:
    """What is known of the poses of a recording; of an older one nothing is."""

    session: str = ''  # a number of its own, hexadecimal; '': not known
    map_frame: str = ''  # that its poses are in; '': not known

    @classmethod
    def of_map(cls, metadata: dict[str, Any]) -> RecordingLabel:
        """Return the label that the metadata of a map bear, an empty one where they have none."""
        return _label(metadata.get('recording'))

    @classmethod
    def read(cls, folder: str | Path) -> RecordingLabel:
        """Return the label of the recording in a folder, an empty one where it has none."""
        try:
            return _label(json.loads((Path(folder) / _FILE).read_text(encoding='utf-8')))
        except (OSError, ValueError):
            return cls()

    @classmethod
    def claim(cls, folder: str | Path, map_frame: str) -> RecordingLabel:
        """Return the label of a recording; one that has none gets it. OSError from the disk."""
        label = cls.read(folder)
        if not label.session:
            label = cls(uuid.uuid4().hex, map_frame)
            write_whole(Path(folder) / _FILE, json.dumps(asdict(label)))
        return label

    def metadata(self) -> dict[str, Any]:
        """Return what a map of the recording has in its metadata."""
        return {'recording': asdict(self)}

    def same_coordinates(self, other: RecordingLabel) -> bool:
        """Tell whether the poses of both are known to be in the same coordinates."""
        return bool(self.session) and self == other


def _label(fields: Any) -> RecordingLabel:
    """Return the label that plain values tell, an empty one where they are none."""
    if not isinstance(fields, dict):
        return RecordingLabel()
    session, map_frame = (fields.get(name) for name in ('session', 'map_frame'))
    if not (isinstance(session, str) and isinstance(map_frame, str)):
        return RecordingLabel()
    return RecordingLabel(session, map_frame)
