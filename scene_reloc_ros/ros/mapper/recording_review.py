# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Review of a recording while it is made: conventions and coverage, in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecyclePublisher
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from scene_reloc_ros.datasets.posed_sequence import Sequence
from scene_reloc_ros.datasets.recording import RecordingSequence
from scene_reloc_ros.mapping.progress import MappingCancelled
from scene_reloc_ros.pipeline.conventions.check import check_conventions, ENOUGH_FRAMES
from scene_reloc_ros.pipeline.conventions.report import ConventionReport
from scene_reloc_ros.pipeline.coverage.coverage_grid import CoverageGrid
from scene_reloc_ros.ros.mapper.coverage_markers import coverage_markers
from scene_reloc_ros.ros.mapper.recorder import Recorder
from scene_reloc_ros.ros.node.lifecycle_node import ConfiguredLifecycleNode
from scene_reloc_ros.ros.node.qos import LATCHED, overridable
from scene_reloc_ros.ros.node.threads import guarded_thread, sentence_of

_LARGEST_CHECK = 16 * ENOUGH_FRAMES  # key frames after which nothing new is asked
_EVERY = 5  # key frames after which coverage is shown again


class RecordingReview:
    """Looks at the key frames on disk while more come; one thread at a time."""

    def __init__(self, node: ConfiguredLifecycleNode, recorder: Recorder) -> None:
        """Take the node that publishes and warns, and whose session is looked at."""
        self._node, self._recorder = node, recorder
        self._publisher: Optional[LifecyclePublisher] = None  # while configured
        self._thread: Optional[threading.Thread] = None
        self._forget('')

    def _forget(self, path: str) -> None:
        self._path = path  # of the recording that is known
        self._grid = CoverageGrid()
        self._frames_known, self._next_check = 0, ENOUGH_FRAMES
        self.report: Optional[ConventionReport] = None
        self._shares: Optional[dict[str, float]] = None

    def configure(self) -> None:
        """Create the topic."""
        self._publisher = self._node.create_lifecycle_publisher(
            MarkerArray, '~/coverage', LATCHED, qos_overriding_options=overridable())

    def destroy(self) -> None:
        """Wait for what is looked at, and free the topic."""
        publisher, self._publisher = self._publisher, None
        if self._thread is not None:
            self._thread.join()
        if publisher is not None:
            self._node.destroy_lifecycle_publisher(publisher)

    def watch(self) -> None:
        """Begin to look where there are news; never waits. Call it once a second."""
        if self._thread is not None and self._thread.is_alive():
            return
        path, count = self._recorder.path, self._recorder.keyframes
        if path != self._path or count < self._frames_known:  # another one, or taken back
            self._forget(path)
        if count >= self._frames_known + _EVERY or (count and self._due(count)):
            self._thread = guarded_thread(lambda: self._look(path), 'review of the recording',
                                          self._failed)
            self._thread.start()

    def _due(self, count: int) -> bool:
        return self._next_check <= min(count, _LARGEST_CHECK)

    def _look(self, path: str) -> None:
        frames = RecordingSequence(path)
        for index in range(self._frames_known, len(frames)):
            self._add(frames, index)
            self._frames_known = index + 1
            if self._publisher is None:
                return
        self._show()
        if self._due(len(frames)):
            self._check(frames)

    def _add(self, frames: Sequence, index: int) -> None:
        try:
            frame = frames[index]
        except ValueError:
            return  # a frame that cannot be read is named when it is mapped
        if frame.map_from_cam is not None:
            self._grid.add(frame)

    def _check(self, frames: Sequence) -> None:
        """Check the conventions; again with twice the frames, as long as something is untold."""
        report = check_conventions(frames, cancelled=lambda: self._publisher is None)
        self._next_check = 2 * len(frames) if report.unknown else _LARGEST_CHECK + 1
        new = report.findings and (self.report is None or not self.report.findings)
        self.report = report
        if new:
            self._node.get_logger().warning(f'key frames: {report.sentence}')

    def _show(self) -> None:
        publisher, coverage = self._publisher, self._grid.coverage()
        self._shares = coverage.shares
        if publisher is not None:
            header = Header(frame_id=self._node.options.map_frame,
                            stamp=self._node.get_clock().now().to_msg())
            publisher.publish(coverage_markers(coverage, header))

    def _failed(self, error: Exception) -> None:
        """Tell what could not be looked at; recording goes on."""
        if isinstance(error, MappingCancelled):
            return
        self._node.get_logger().warning(
            f'the recording could not be looked at: {sentence_of(error)}',
            throttle_duration_sec=30.0)

    def fields(self) -> dict[str, Any]:
        """Return what ~/status says of it."""
        return {'conventions': None if self.report is None else self.report.as_dict(),
                'coverage': self._shares}

    def warn(self, status: DiagnosticStatus) -> None:
        """Add to a status of /diagnostics what is wrong with the recording."""
        if self.report is not None and self.report.findings:
            status.summary(max(status.level, DiagnosticStatus.WARN),
                           f'{status.message}; {self.report.sentence}')
