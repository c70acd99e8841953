# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""One mapping session: key frames on disk, from the first ~/start to a map or ~/discard."""

from pathlib import Path
import shutil
import threading
import time

from scene_reloc_ros.datasets.recording import RecordingWriter
from scene_reloc_ros.geometry.posed_image import PosedImage
from scene_reloc_ros.ros.mapper.key_frames import KeyFrameSelection


class MappingSession:
    """Writes the key frames of a session into a recording."""

    def __init__(self, folder):
        """Choose where recording and map go; nothing is written before the first key frame.

        Args:
            folder: that holds recordings/ and maps/.
        """
        root = Path(folder).expanduser()
        name = time.strftime('%Y%m%d-%H%M%S')
        taken = sum(1 for _ in root.glob(f'recordings/{name}*'))
        self.name = f'{name}-{taken}' if taken else name
        self.recording = root / 'recordings' / self.name
        self.map_path = root / 'maps' / f'{self.name}.safetensors'
        self.poses = []  # map_from_cam of the key frames
        self._selection = KeyFrameSelection()
        self._writer = None
        self._lock = threading.Lock()

    def __len__(self):
        """Return the number of key frames on disk."""
        return len(self.poses)

    def offer(self, frame, options):
        """Write a PosedImage if it is a key frame; tells whether it was.

        Raises ValueError in one sentence where the frame cannot be recorded; the session stays
        usable.
        """
        with self._lock:
            if not self._selection.wants(frame.stamp_ns, frame.map_from_cam, options):
                return False
            if self._writer is None:
                self._writer = self._open_writer(frame)
            self._writer.append(frame)
            self._selection.keep(frame.stamp_ns, frame.map_from_cam)
            self.poses.append(frame.map_from_cam)
            return True

    def discard(self):
        """Delete the recording; returns how many key frames it had."""
        with self._lock:
            count = len(self.poses)
            if self._writer is not None:
                shutil.rmtree(self.recording)
            self._writer, self.poses = None, []
            return count

    def _open_writer(self, frame: PosedImage):
        try:
            return RecordingWriter(self.recording, frame.camera)
        except OSError as error:
            raise ValueError(f'recording {self.recording} cannot be written '
                             f'({error.strerror}); set the parameter folder') from error
