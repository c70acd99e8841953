# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``pretrain``: the weights of the encoder from nothing."""

from pathlib import Path

from scene_reloc_ros.cli.arguments import add_device, add_json, checked_output
from scene_reloc_ros.cli.terminal import print_rows, ProgressBars, write_json
from scene_reloc_ros.network.device import resolve_device
from scene_reloc_ros.network.weights import save_encoder
from scene_reloc_ros.pretraining.training import (
    make_images,
    matching_accuracy,
    Pretraining,
    PretrainingOptions,
    read_photographs,
)

_HELD_OUT = 40  # images that judge only
_HELD_OUT_SEED = 1_000_003


def add_arguments(parser):
    """Declare the options of ``pretrain``."""
    parser.add_argument('--out', default='encoder.safetensors', metavar='WEIGHTS',
                        help='file to write (encoder.safetensors)')
    parser.add_argument('--minutes', type=float, default=25.0, help='training time (25)')
    parser.add_argument('--images', type=int, default=1000,
                        help='procedural images to draw from (1000)')
    parser.add_argument('--photos', metavar='DIR', help='folder of photographs to add')
    parser.add_argument('--seed', type=int, default=0, help='seed of all random choices (0)')
    parser.add_argument('--restart', action='store_true',
                        help='begin anew although a checkpoint lies beside the output')
    add_device(parser)
    add_json(parser)


def run(args):
    """Train an encoder; a run that was cut off goes on from its checkpoint."""
    out = checked_output(args.out)
    if not args.minutes > 0 or args.images < 1:
        raise ValueError('pretrain needs minutes above 0 and at least 1 image')
    checkpoint = out.with_suffix('.checkpoint')
    options = PretrainingOptions(minutes=args.minutes, images=args.images, seed=args.seed)
    with ProgressBars() as bars:
        images = make_images(args.images, args.seed, bars)
        held_out = make_images(_HELD_OUT, _HELD_OUT_SEED)
        if args.photos:
            images += read_photographs(args.photos)
        training = Pretraining(options, images, held_out, resolve_device(args.device))
        if checkpoint.is_file() and not args.restart:
            training.resume(checkpoint)
        before = matching_accuracy(training.encoder, training.judge)
        encoder = training.run(checkpoint, bars)
    after = matching_accuracy(encoder, training.judge)
    save_encoder(out, encoder, _description(args, training))
    figures = {'weights': str(out), 'steps': training.step, 'seconds': training.seconds,
               'matching_before': before, 'matching_after': after}
    print_rows((('weights', out), ('steps', f'{training.step} in {training.seconds:.0f} s'),
                ('matching, held out', f'{before:.1%} before, {after:.1%} after')))
    write_json(args.json, figures)
    return 0


def _description(args, training):
    photos = f' and the photographs in {Path(args.photos).name}' if args.photos else ' only'
    return (f'InfoNCE on {args.images} procedural images{photos}, seed {args.seed}, '
            f'{training.step} steps of {training.options.batch} pairs')
