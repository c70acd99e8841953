# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The picture of trust: whether errors are as large, and answers as probable, as stated."""

import numpy as np

from scene_reloc_ros.evaluation.figures import new_figure
from scene_reloc_ros.pipeline.map_report import NEES_95

_LARGEST_NEES = 30.0


def plot_trust(report, figures, path):
    """Draw NEES of accepted frames, reliability and acceptance; return the path.

    Args:
        report: EvaluationReport.
        figures: of ``trust_figures``.
        path: of the PNG.
    """
    figure = new_figure(14, 4.6)
    surprise, reliable, curve = figure.subplots(1, 3)
    _draw_nees(surprise, [r.nees for r in report.frames if r.nees is not None])
    _draw_reliability(reliable, figures['reliability'])
    _draw_curve(curve, figures['curve'])
    for axes in (surprise, reliable, curve):
        axes.grid(alpha=0.3)
    figure.savefig(path)
    return path


def _draw_nees(axes, values):
    edges = np.linspace(0, _LARGEST_NEES, 31)
    axes.hist(np.clip(values, 0, _LARGEST_NEES), edges, density=True, color='tab:blue', alpha=0.6,
              label=f'{len(values)} accepted frames')
    grid = np.linspace(0, _LARGEST_NEES, 200)
    axes.plot(grid, grid ** 2 * np.exp(-grid / 2) / 16, color='tab:orange',
              label='honest covariance (chi-square, 6)')
    axes.axvline(NEES_95, color='0.4', ls=':', label='95 % bound')
    axes.set(xlabel='squared error by its stated covariance (NEES)', ylabel='density',
             title='Are errors as large as stated?')
    axes.legend()


def _draw_reliability(axes, bins):
    axes.plot((0, 1), (0, 1), color='0.6', ls=':')
    stated, true = ([b[name] for b in bins] for name in ('probability', 'good'))
    axes.plot(stated, true, 'o-', color='tab:blue')
    for b in bins:
        axes.annotate(str(b['queries']), (b['probability'], b['good']), xytext=(4, -10),
                      textcoords='offset points', fontsize=8)
    axes.set(xlabel='stated probability', ylabel='share within 10 cm, 5 degrees',
             title='Is a probability what it says? (number of queries)', xlim=(-0.03, 1.03),
             ylim=(-0.03, 1.03))


def _draw_curve(axes, curve):
    false, kept = ([100 * (point[name] or 0) for point in curve]
                   for name in ('false_accept_rate', 'acceptance_of_good'))
    axes.plot(false, kept, 'o-', color='tab:blue')
    for point, x, y in zip(curve, false, kept):
        if point['probability'] in (0.01, 0.1, 0.5, 0.9, 0.99):
            axes.annotate(f'{point["probability"]:g}', (x, y), xytext=(5, -4),
                          textcoords='offset points', fontsize=8)
    axes.axvline(0.1, color='tab:red', ls=':', label='0.1 %')
    axes.set(xlabel='false accepts, % of all queries', ylabel='good answers accepted, %',
             title='What other bounds on the probability would do')
    axes.legend()
