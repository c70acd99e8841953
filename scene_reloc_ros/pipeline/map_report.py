# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How good a map is, in figures and in words, and what to record more of."""

from collections import Counter

import numpy as np

from scene_reloc_ros.geometry.chi_square import nees, NEES_95
from scene_reloc_ros.geometry.pose_error import recall, RECALL_BOUNDS

_GOOD, _FAIR = 0.9, 0.7  # share of the frames that are accepted and within 10 cm, 5 degrees
_NAMED = 3  # places where to record more


def validation_summary(answers, blocks):
    """Return the figures of the Answers to some mapping frames as a dict of plain values.

    Args:
        answers: one for each frame, block after block.
        blocks: index arrays of held-out frames; empty where the map was trained on the frames.
    """
    accepted = np.array([a.attempt.localisation.accepted for a in answers])
    translation = np.where(accepted, [a.translation_m for a in answers], np.inf)
    rotation = np.where(accepted, [a.rotation_deg for a in answers], np.inf)
    surprises = [nees(a.attempt.best.map_from_cam, a.attempt.best.covariance,
                      a.frame.map_from_cam) for a in answers if a.attempt.localisation.accepted]
    return {
        'held_out': bool(blocks), 'frames': len(answers), 'blocks': len(blocks),
        'accepted': int(accepted.sum()),
        'median_translation_m': _median(translation[accepted]),
        'median_rotation_deg': _median(rotation[accepted]),
        **{name: recall(translation, rotation, bounds) for name, bounds in RECALL_BOUNDS.items()},
        'nees_mean': float(np.mean(surprises)) if surprises else None,
        'nees_within_95': float(np.mean(np.array(surprises) < NEES_95)) if surprises else None,
        'rejections': dict(Counter(a.attempt.localisation.rejection.name.lower() for a in answers
                                   if not a.attempt.localisation.accepted)),
        **_verdict(answers, blocks, (translation <= 0.10) & (rotation <= 5.0))}


def quality_sentence(check):
    """Return one sentence on the quality of a map, of its ``validation_summary``."""
    what = 'held-out' if check['held_out'] else 'mapping'
    sentence = (f'its quality is {check["quality"]}: {check["recall_10cm_5deg"]:.0%} of '
                f'{check["frames"]} {what} frames within 10 cm, 5 degrees')
    return f'{sentence}; {check["advice"]}' if check['advice'] else sentence


def _verdict(answers, blocks, good):
    """Return the quality of the map, and one sentence on what to do about it."""
    share = float(np.mean(good))
    if not blocks:
        quality = 'unknown' if share >= _GOOD else 'poor'
        return {'quality': quality, 'advice': 'too few frames to hold some out: record 60 or '
                'more, so that the map can tell how good it is'}
    if share >= _GOOD:
        return {'quality': 'good', 'advice': ''}
    return {'quality': 'fair' if share >= _FAIR else 'poor',
            'advice': _advice(answers, blocks, good)}


def _advice(answers, blocks, good):
    """Name the places whose held-out frames were answered worst."""
    ends = np.cumsum([len(block) for block in blocks])
    parts = [np.arange(end - len(block), end) for end, block in zip(ends, blocks)]
    shares = [float(np.mean(good[part])) for part in parts]
    places = []
    for number in np.argsort(shares)[:_NAMED]:
        if shares[number] >= _GOOD:
            continue
        frames = [answers[index].frame for index in parts[number]]
        x, y, z = np.mean([frame.map_from_cam[:3, 3] for frame in frames], 0)
        places.append(f'({x:.1f}, {y:.1f}, {z:.1f}) m, frames {frames[0].name} to '
                      f'{frames[-1].name}')
    return 'record more views, slowly and from several sides, around ' + '; '.join(places)


def _median(values):
    return float(np.median(values)) if len(values) else None
