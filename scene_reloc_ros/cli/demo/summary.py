# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The figures of a demo: what the topics said beside the truth."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from scene_reloc_ros.cli.demo.plan import Bound
from scene_reloc_ros.geometry.pose_error import pose_errors, recall, RECALL_BOUNDS
from scene_reloc_ros.pipeline.frame_result import median


def demo_errors(frames: list[dict[str, Any]],
                key: str = 'map_from_cam') -> tuple[np.ndarray, np.ndarray]:
    """Return errors (N,) in metres and degrees of demo records; Inf where there is no pose.

    Args:
        frames: list of dicts with 'map_from_cam_true' and, under ``key``, a pose or None.
        key: 'map_from_cam' (of ~/pose) or 'map_from_cam_of_tf'.
    """
    missing = np.full((4, 4), np.nan)
    poses = np.array([missing if frame[key] is None else frame[key] for frame in frames])
    truths = np.array([frame['map_from_cam_true'] for frame in frames])
    found = np.isfinite(poses).all(axis=(1, 2))
    translation, rotation = np.full(len(frames), np.inf), np.full(len(frames), np.inf)
    if found.any():
        metres, degrees = pose_errors(poses[found], truths[found])
        translation[found], rotation[found] = metres.numpy(), degrees.numpy()
    return translation, rotation


def summarise_demo(results: dict[str, Any], bound: Bound) -> dict[str, Any]:
    """Return the figures of a demo.

    Args:
        results: what the conductor wrote; at least one frame.
        bound: with share, metres and degrees: when the robot counts as found.
    """
    frames = results['frames']
    translation, rotation = demo_errors(frames)
    accepted = np.isfinite(translation)
    share = recall(translation, rotation, (bound.metres, bound.degrees))
    latencies = [f['latency_ms'] for f in frames if f['latency_ms'] is not None] or [np.nan]
    reasons = Counter(frame['sentence'] for frame in frames)
    summary = {
        'frames': len(frames), 'accepted': int(accepted.sum()),
        'median_translation_m': median(translation[accepted]),
        'median_rotation_deg': median(rotation[accepted]),
        'latency_ms': {'median': float(np.median(latencies)),
                       'p95': float(np.percentile(latencies, 95))},
        'tf_deviation_m': _tf_deviation(frames), 'share': share,
        'found': bool(share >= bound.share), 'most_frequent_reason': reasons.most_common(1)[0][0]}
    summary.update({name: recall(translation, rotation, bounds)
                    for name, bounds in RECALL_BOUNDS.items()})
    return summary


def _tf_deviation(frames: list[dict[str, Any]]) -> float:
    """Return how far the positions of /tf and ~/pose are apart at most, in metres."""
    pairs = [(frame['map_from_cam'], frame['map_from_cam_of_tf']) for frame in frames]
    distances = [np.linalg.norm(np.array(topic)[:3, 3] - np.array(tf)[:3, 3])
                 for topic, tf in pairs if topic is not None and tf is not None]
    return float(max(distances, default=float('nan')))
