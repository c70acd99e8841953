# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Records of a comparison whose errors are known."""

import numpy as np

_ANSWERS = {'solver': 'reference', 'device': 'cpu', 'machine': 'a machine', 'nees_mean': 6.1,
            'encoder': 'small', 'weights_bytes': 2e6, 'libraries': [], 'query_depth': False,
            'peak_bytes': 6e8, 'mapping_seconds': 240.0, 'fit_seconds': 90.0}


def frame(index, error_m, accepted=True, error_deg=1.0, nearest=(0.3, 14.0)):
    """Return a frame record; an error of None is no pose."""
    true = [2 * np.sin(index / 9), 0.1, 2 * np.cos(index / 9)]
    return {'name': f'frame-{index:06d}', 'true_position': true,
            'position': None if error_m is None else [true[0] + error_m, *true[1:]],
            'error_m': error_m, 'error_deg': None if error_m is None else error_deg,
            'accepted': accepted and error_m is not None,
            'reason': None if accepted and error_m is not None else 'too_few_inliers',
            'probability': 0.9 if accepted else 0.1, 'nees': 6.0, 'latency_ms': 100.0,
            'nearest_m': nearest[0], 'nearest_deg': nearest[1]}


def trust(frames):
    """Return figures of trust in the layout of ``trust_figures``."""
    wrong = sum(f['accepted'] and f['error_m'] > 0.25 for f in frames)
    good = [f for f in frames if f['error_m'] is not None and f['error_m'] <= 0.10]
    kept = sum(f['accepted'] for f in good) / len(good) if good else None
    curve = [{'probability': bound, 'false_accept_rate': wrong / len(frames) * (1 - bound),
              'acceptance_of_good': kept and kept * (1 - bound ** 4)}
             for bound in (0.01, 0.1, 0.5, 0.9, 0.99)]
    return {'queries': len(frames), 'false_accepts': wrong, 'acceptance_of_good': kept,
            'false_accept_rate': wrong / len(frames), 'curve': curve}


def record(name, frames, seed=0, **changes):
    """Return the record of a method; changes replace fields of mapping and answers."""
    mapping = {'seconds': 240.0, 'fit_s': 90.0, 'peak_bytes': 1.5e9, 'wall_s': 250.0}
    mapping.update({key: changes.pop(key) for key in list(changes) if key in mapping})
    answers = {**_ANSWERS, 'frames': frames, 'trust': trust(frames), 'map_bytes': 2.5e6,
               'mapped_with_depth': True, 'latency_ms': {'median': 100.0, 'p95': 130.0},
               'views': [[2 * np.sin(a), 0.0, 2 * np.cos(a)] for a in np.linspace(0, 6, 40)],
               **changes}
    return {'name': name, 'method': name, 'seed': seed, 'failure': None, 'mapping': mapping,
            'answers': answers, 'arguments': {'mapping': []}}


def failed(name, sentence='forest needs scikit-learn', seed=0):
    """Return the record of a method that failed."""
    return {'name': name, 'method': name, 'seed': seed, 'failure': sentence, 'mapping': None,
            'answers': None, 'arguments': {'mapping': []}}


def several(count=110):
    """Return records of many methods, as a real comparison has them."""
    rng = np.random.default_rng(0)
    far = rng.uniform(0.05, 0.5, count)
    records = []
    for index, (name, median, size, seconds) in enumerate((
            ('ace', 0.02, 2.5e6, 260), ('cells', 0.03, 8.3e6, 25), ('reference', 0.04, 2e5, 2),
            ('retrieval', 0.3, 3e6, 12), ('sift', 0.035, 1.2e7, 70),
            ('hierarchical', 0.033, 2.2e7, 80))):
        errors = median * rng.lognormal(0, 0.6, count) * (1 + (name == 'retrieval') * 2 * far)
        missing = rng.uniform(size=count) < 0.03 * index
        frames = [frame(i, None if missing[i] else float(errors[i]), bool(errors[i] < 0.2), 1.5,
                        (float(far[i]), 20 * float(far[i]))) for i in range(count)]
        records.append(record(name, frames, map_bytes=size, seconds=seconds,
                              mapped_with_depth=name not in ('retrieval', 'sift'),
                              encoder=None if name in ('sift', 'hierarchical') else 'small'))
    return [*records, failed('forest')]
