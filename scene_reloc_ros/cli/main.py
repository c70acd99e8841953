# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Entry point of ``scene_reloc``: one subcommand, one clear sentence when it cannot."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import importlib
import logging
import sys
import time

from scene_reloc_ros import __version__
from scene_reloc_ros.cli.terminal import terminable, try_outputs

Command = Callable[[argparse.Namespace], int]  # runs with what was parsed

# command -> (module, help); each declares its options in add_arguments and does its work in run.
# Modules are loaded on use, so that --help and a misspelt option answer at once.
_COMMANDS = {
    'demo': ('demo.command', 'map, kidnap and relocalise over real ROS topics'),
    'drive': ('drive.command', 'lose a robot in every way, and see whether it is found'),
    'map': ('map_command', 'posed images to a map file'),
    'localise': ('localise_command', 'images to a trajectory'),
    'evaluate': ('evaluate_command', 'accuracy of a map on frames with known poses'),
    'compare': ('compare_command', 'methods, or maps, beside each other on known frames'),
    'info': ('info_command', 'what is in a map file, or in a sequence'),
    'bench': ('bench_command', 'measurements beside named peers'),
    'pretrain': ('pretrain_command', 'make the weights of the encoder'),
    'doctor': ('doctor_command', 'what is installed, and remedies'),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code, 2 for input that cannot be used."""
    began_s = time.monotonic()  # before the imports, which are a part of what is waited for
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser, run = _parser(arguments)
    args = parser.parse_args(arguments, argparse.Namespace(began_s=began_s))
    logging.basicConfig(level=logging.WARNING, format='%(levelname)s: %(message)s')
    if run is None:
        parser.print_help()
        return 2
    try:
        with terminable():
            try_outputs(args)
            return run(args)
    except (ValueError, RuntimeError, OSError) as error:
        print(f'scene_reloc {args.command}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f'scene_reloc {args.command}: interrupted', file=sys.stderr)
        return 130


def _parser(arguments: list[str]) -> tuple[argparse.ArgumentParser, Command | None]:
    """Return the parser, with the options of the chosen command only, and its function."""
    parser = argparse.ArgumentParser(prog='scene_reloc', description='Relocalise a robot from one '
                                     'camera image by scene coordinate regression.')
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    chosen, run = next((a for a in arguments if not a.startswith('-')), None), None
    for name, (module_name, text) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=text, description=text)
        if name == chosen:
            module = importlib.import_module(f'scene_reloc_ros.cli.{module_name}')
            module.add_arguments(subparser)
            run = module.run
    return parser, run


if __name__ == '__main__':
    sys.exit(main())
