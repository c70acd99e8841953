# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``pretrain``: the weights of the encoder from nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from scene_reloc_ros.cli.arguments import add_device, add_json, add_output
from scene_reloc_ros.cli.terminal import ELSEWHERE, print_rows, ProgressBars, write_json
from scene_reloc_ros.files.outputs import kept
from scene_reloc_ros.network.device import resolve_device
from scene_reloc_ros.network.encoder import SIZES
from scene_reloc_ros.network.weights import (
    encoder_hash,
    encoder_path,
    load_trainable_encoder,
    save_encoder,
)
from scene_reloc_ros.pretraining.encoder_training import (
    HELD_OUT_SEED,
    make_images,
    make_scenes,
    matching_accuracy,
    Pretraining,
    PretrainingOptions,
    read_photographs,
    training_photographs,
)

_HELD_OUT, _HELD_OUT_SCENES = 40, 20  # images and scenes that judge only
_SCENES_OF_IMAGES = 0.6  # as many scenes are made


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``pretrain``."""
    add_output(parser, '--out', default='encoder.safetensors', metavar='WEIGHTS',
               help='file to write (encoder.safetensors)')
    parser.add_argument('--size', default='small', choices=sorted(SIZES),
                        help='size of the network (small)')
    parser.add_argument('--minutes', type=float, default=60.0, help='training time (60)')
    parser.add_argument('--images', type=int, help='procedural images to draw from (as many as '
                        'the time is worth, at most 1000)')
    parser.add_argument('--photos', metavar='DIR',
                        help='folder of photographs to add; every fifth is left to bench encoder')
    parser.add_argument('--init', metavar='NAME', help='begin with the weights of this encoder')
    parser.add_argument('--batch', type=int, default=PretrainingOptions.batch,
                        help=f'pairs a step ({PretrainingOptions.batch}; a GPU takes 64)')
    parser.add_argument('--seed', type=int, default=0, help='seed of all random choices (0)')
    parser.add_argument('--restart', action='store_true',
                        help='begin anew although a checkpoint lies beside the output')
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Train an encoder; a run that was cut off goes on from its checkpoint."""
    if not args.minutes > 0 or args.batch < 1 or (args.images is not None and args.images < 1):
        raise ValueError('pretrain needs minutes above 0, at least 1 image and 1 pair a step')
    images = args.images or min(1000, round(100 + 30 * args.minutes))
    initial = load_trainable_encoder(encoder_path(args.init)).state_dict() if args.init else None
    options = PretrainingOptions(minutes=args.minutes, images=images, seed=args.seed,
                                 scenes=round(_SCENES_OF_IMAGES * images),
                                 batch=args.batch, encoder=SIZES[args.size])
    checkpoint = args.out.with_suffix('.checkpoint')
    with ProgressBars() as bars:
        training = _prepare(args, options, bars)
        if initial:
            training.start_from(initial)
        if checkpoint.is_file() and not args.restart:
            training.resume(checkpoint)
        before = matching_accuracy(training.encoder, training.judge)
        encoder = training.run(checkpoint, bars)
    after = matching_accuracy(encoder, training.judge)
    out = kept(args.out, lambda path: save_encoder(path, encoder, _description(args, training)))
    figures = {'weights': str(out), 'steps': training.step, 'seconds': training.seconds,
               'matching_before': before, 'matching_after': after}
    print_rows((('weights', out), ('steps', f'{training.step} in {training.seconds:.0f} s'),
                ('matching, held out', f'{before:.1%} before, {after:.1%} after')))
    written = out, write_json(args.json, figures)
    return 0 if written == (args.out, args.json) else ELSEWHERE


def _prepare(args: argparse.Namespace, options: PretrainingOptions,
             bars: ProgressBars) -> Pretraining:
    """Return the Pretraining with its images and scenes, and others that judge."""
    images = make_images(options.images, args.seed, bars)
    scenes = make_scenes(options.scenes, args.seed, images, bars)
    held_out = make_images(_HELD_OUT, HELD_OUT_SEED, bars)
    held_out_scenes = make_scenes(_HELD_OUT_SCENES, HELD_OUT_SEED, held_out, bars)
    if args.photos:
        images += training_photographs(read_photographs(args.photos))
    return Pretraining(options, images, held_out, resolve_device(args.device), scenes,
                       held_out_scenes)


def _description(args: argparse.Namespace, training: Pretraining) -> str:
    options = training.options
    photos = f', the photographs in {Path(args.photos).name}' if args.photos else ''
    begun = f', begun with {args.init} {encoder_hash(args.init)}' if args.init else ''
    return (f'InfoNCE on {options.images} procedural images, {options.scenes} procedural scenes'
            f'{photos}{begun}, seed {args.seed}, {training.step} steps of {options.batch} pairs')
