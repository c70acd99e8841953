# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fit the general acceptance model of a family on maps of several places and print it.

Usage: python scripts/fit_acceptance.py MAP SEQUENCE[,FRAMES] [...] [--negatives N] [--plot FILE]

Right and wrong answers come from the frames, their perturbed forms and pictures of other places.
The result goes into GENERAL_MODELS of uncertainty/acceptance.py. For each place (all maps of one
sequence) the model of all other places is tried on it, so that one sees what it is worth in a new
one; --plot draws how often it is right there when it says so.
"""

import argparse
from pathlib import Path
import sys

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scene_reloc_ros.cli.terminal import ProgressBars
from scene_reloc_ros.datasets.negative_frames import NegativeFrames
from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list
from scene_reloc_ros.datasets.perturbed_sequence import PERTURBATIONS, PerturbedSequence
from scene_reloc_ros.evaluation.plots import new_figure, save_figure
from scene_reloc_ros.mapping.scene_map import SceneMap
from scene_reloc_ros.pipeline.frame_result import FrameResult
from scene_reloc_ros.pipeline.localiser import Localiser
from scene_reloc_ros.uncertainty.acceptance import (
    fit_acceptance,
    GENERAL_MODELS,
    probability_right,
)
from scene_reloc_ros.uncertainty.model import AcceptanceModel

_BINS, _LEAST_OF_BIN = 5, 5  # of probability, and answers in one
_GUESS = {'inliers': 2.0, 'position_precision': 1.5, 'spread': 1.5, 'second_best_margin': 1.0,
          'view_familiarity': 0.5}
START = {  # a guess for each family, from which answers move it
    'cells': AcceptanceModel(8.0, {
        **dict.fromkeys(GENERAL_MODELS['cells'].weights, 0.4), **_GUESS}),
    'matches': AcceptanceModel(8.0, {
        **dict.fromkeys(GENERAL_MODELS['matches'].weights, 0.3), **_GUESS, 'matches': 1.5,
        'inliers': 1.0, 'position_precision': 0.8, 'spread': 3.0, 'view_familiarity': 2.0})}


def features_of(map_path, sequence_text, negatives, bars):
    """Return lists of features (right, wrong) of one place, and the family of its map."""
    folder, _, frames = sequence_text.partition(',')
    sequence = open_sequence(folder)
    if frames:
        sequence = sequence.select(read_frame_list(frames))
    localiser = Localiser(SceneMap.load(map_path))
    deep = localiser.depth_unavailable() is None
    right, wrong = [], []
    changed = [PerturbedSequence(sequence, kind) for kind in PERTURBATIONS]
    for part in (sequence, *changed, NegativeFrames(sequence, negatives)):
        for index in range(len(part)):
            frame = part[index]
            depths = (None, frame.depth_m) if deep and frame.depth_m is not None else (None,)
            for depth_m in depths:
                trace = localiser.trace(frame.image, frame.camera, depth_m)
                if trace.pose is not None:
                    gross = FrameResult.of(frame, trace).gross
                    (wrong if gross else right).append(trace.pose.features)
            bars(f'{Path(map_path).name} {part.names[0]}', (index + 1) / len(part), '')
    return right, wrong, localiser.family


def fitted(places):
    """Return the AcceptanceModel of the features of some places, all of one family."""
    right, wrong = ([e for place in places for e in place[sort]] for sort in (0, 1))
    return fit_acceptance(right, wrong, START[places[0][2]], own=False)


def say(text):
    """Write one line."""
    sys.stdout.write(text + '\n')


def report(name, model, right, wrong):
    """Print how many answers a model takes for right."""
    shares = [sum(probability_right(e, model) >= 0.5 for e in part) / max(1, len(part))
              for part in (right, wrong)]
    say(f'{name}: takes {shares[0]:.2%} of {len(right)} right and {shares[1]:.2%} of '
          f'{len(wrong)} wrong answers for right')


def left_out(places, folders):
    """Return for each folder its features, and the model of the places of other folders."""
    tried = {}
    for folder in dict.fromkeys(folders):
        others = [place for place, of in zip(places, folders) if of != folder] or places
        own = [place for place, of in zip(places, folders) if of == folder]
        tried[folder] = fitted(others), *([e for place in own for e in place[sort]]
                                          for sort in (0, 1))
    return tried


def plot(tried, path):
    """Draw stated probability against the share that is right, a line a place."""
    figure = new_figure(6, 5)
    axes = figure.subplots()
    axes.plot((0, 1), (0, 1), color='0.6', ls=':')
    for folder, (model, right, wrong) in tried.items():
        stated = np.array([probability_right(e, model) for e in (*right, *wrong)])
        good = np.arange(len(stated)) < len(right)
        number = np.minimum((stated * _BINS).astype(int), _BINS - 1)
        bins = [number == one for one in range(_BINS) if (number == one).sum() >= _LEAST_OF_BIN]
        axes.plot([stated[one].mean() for one in bins], [good[one].mean() for one in bins], 'o-',
                  label=f'{Path(folder).name} by the others ({len(stated)} answers)')
    axes.set(xlabel='stated probability', ylabel='share without a gross error', xlim=(-0.03, 1.03),
             ylim=(-0.03, 1.03), title='Belief in places that it was not fitted on')
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


def main():
    """Collect, fit, try on each place by the others, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('places', nargs='+', metavar='MAP SEQUENCE[,FRAMES]')
    parser.add_argument('--negatives', type=int, default=200, help='for each map (200)')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='PNG of the reliability')
    args = parser.parse_args()
    with ProgressBars() as bars:
        places = [features_of(map_path, sequence, args.negatives, bars)
                  for map_path, sequence in zip(args.places[::2], args.places[1::2])]
    if len({family for _, _, family in places}) > 1:
        parser.error('the maps are of several families; fit one after the other')
    tried = left_out(places, [text.partition(',')[0] for text in args.places[1::2]])
    for folder, (model, right, wrong) in tried.items():
        report(f'{folder} by the others', model, right, wrong)
    if args.plot:
        plot(tried, args.plot)
    model = fitted(places)
    for number, place in enumerate(places):
        report(f'{args.places[2 * number]} by all', model, *place[:2])
    say(f'{places[0][2]!r}: AcceptanceModel(\n    {model.intercept:.2f},')
    for kind in ('weights', 'typical'):
        values = ', '.join(f'{name!r}: {value:.3f}'
                           for name, value in getattr(model, kind).items())
        say(f'    {kind}={{{values}}},')
    say(')')
    return 0


if __name__ == '__main__':
    sys.exit(main())
