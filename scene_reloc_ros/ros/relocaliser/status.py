# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What ~/status and /diagnostics of the relocaliser say, as fields and as a sentence."""

from __future__ import annotations

from dataclasses import asdict
import math
from typing import Any, Optional

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np

from scene_reloc_ros.ros.node.worker import LatestSlot
from scene_reloc_ros.ros.relocaliser.outcome import Outcome
from scene_reloc_ros.ros.relocaliser.state import LocalisationState


def status_fields(state: LocalisationState, slot: LatestSlot, reason: str, sentence: str,
                  outcome: Optional[Outcome], now_ns: int) -> dict[str, Any]:
    """Return the fields of ~/status.

    Args:
        state: of the node.
        slot: of the images.
        reason: reason code.
        sentence: what it means and what to do.
        outcome: of the frame, or None where the status is about no frame.
        now_ns: present time; it gives the age of the image.
    """
    localisation = outcome.localisation if outcome else None
    fields: dict[str, Any] = {
        'stamp_ns': outcome.stamp_ns if outcome else None, 'state': state.label,
        'reason': reason, 'sentence': sentence, 'delay_ms': None,
        'frames': state.frames, 'accepted': state.accepted,
        'received': slot.received, 'dropped': slot.dropped, 'lost': 0,
        'jumps': state.jumps, 'refusals': dict(state.refusals), 'event': None,
        'camera': None, 'cameras': None, 'joined': None, 'probability': None,
        'map': '', 'maps': [], 'active_map': None, 'image_map': None, 'map_votes': {},
        'mode': '', 'tracking': '', 'doubt': None, 'hint': None,
        'inliers': 0, 'cells': 0, 'latency_ms': None, 'solver': None, 'device': None}
    if outcome is not None and outcome.stamp_ns:
        fields['delay_ms'] = round((now_ns - outcome.stamp_ns) * 1e-6, 2)
    if localisation is not None:
        fields.update(inliers=int(localisation.inliers), cells=int(localisation.cells),
                      probability=round(float(localisation.probability), 4),
                      latency_ms=round(float(localisation.latency_ms), 2),
                      solver=localisation.solver, device=str(localisation.device))
        if localisation.joined is not None:
            fields['joined'] = asdict(localisation.joined)
    return fields


def figures_of(outcome: Outcome) -> str:
    """Return the sentence of an outcome, with the standard deviation of an accepted pose."""
    covariance = outcome.base_covariance
    if not outcome.accepted or covariance is None:
        return outcome.sentence
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    return (f'{outcome.sentence} (standard deviation {100 * np.linalg.norm(deviation[:3]):.1f} '
            f'cm, {math.degrees(np.linalg.norm(deviation[3:])):.2f} degrees)')


def used(map_path: str, device: object, map_ready_topic: str) -> list[str]:
    """Return map, device and what is waited for, as the node says at its start."""
    followed = f' or publish its path on {map_ready_topic}' if map_ready_topic else ''
    waits = 'images' if map_path else f'a map: set the parameter map, call ~/load_map{followed}'
    return [f'map {map_path or "none"}', f'device {device}', f'waits for {waits}']


def fill_diagnosis(status: DiagnosticStatus, state: LocalisationState,
                   fields: dict[str, Any]) -> None:
    """Fill a status of /diagnostics.

    Args:
        status: of the diagnostic updater.
        state: of the node.
        fields: of the newest ~/status.
    """
    ready = state.ready
    absent = [sentence for sentence in (fields.get('cameras') or {}).values() if sentence]
    if fields.get('camera'):
        status.summary(DiagnosticStatus.WARN, f'the camera: {fields["camera"]}')
    elif ready and fields.get('doubt'):
        status.summary(DiagnosticStatus.WARN, f'localised, but {fields["doubt"]}')
    elif ready and absent:
        status.summary(DiagnosticStatus.WARN, f'localised without all cameras: {absent[0]}')
    elif ready:
        status.summary(DiagnosticStatus.OK, 'localised')
    else:
        status.summary(DiagnosticStatus.WARN, fields.get('sentence', 'no image yet'))
    for key, value in {**fields, **state.recent.fields()}.items():
        status.add(key, str(value))
