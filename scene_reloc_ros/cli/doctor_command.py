# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The command ``doctor``: what is installed, and one remedy a line for what is not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import importlib.metadata
import importlib.util
import os
import platform
import sys

import torch

from scene_reloc_ros import __version__
from scene_reloc_ros.network.device import preferred_dtype, resolve_device
from scene_reloc_ros.network.weights import DEFAULT_ENCODER, encoder_hash
from scene_reloc_ros.solver.backend import select_solver

Finding = tuple[bool, str, str]  # whether all is well, the name, what to say of it

_LIBRARIES = {  # import name -> (name of the distribution, remedy)
    'numpy': ('numpy', 'pip install numpy'),
    'cv2': ('opencv-python', 'pip install opencv-python'),
    'safetensors': ('safetensors', 'pip install safetensors'),
    'yaml': ('PyYAML', 'pip install pyyaml'),
    'matplotlib': ('matplotlib', 'pip install matplotlib (pictures)'),
    'skimage': ('scikit-image', 'pip install scikit-image (simulated room)'),
    'tqdm': ('tqdm', 'pip install tqdm'),
}
_FOR_METHODS = {'sklearn': ('scikit-learn', 'pip install scikit-learn (to map by forest)')}
_ROS = ('rclpy', 'sensor_msgs', 'tf2_msgs', 'nav_msgs', 'diagnostic_msgs')
_UPSTREAM = ('cv_bridge', 'tf2_ros', 'message_filters', 'diagnostic_updater')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no options: the command only looks."""


def run(args: argparse.Namespace) -> int:
    """Print what was found; returns 1 where something needed is missing."""
    needed = [_python(), _torch(), *map(_library, _LIBRARIES), _encoder(), _ros()]
    for good, name, text in (*needed, *_optional()):
        print(f'  {"ok" if good else "--":<4}{name:<22}{text}')
    return 0 if all(good for good, _, _ in needed) else 1


def _python() -> Finding:
    good = sys.version_info >= (3, 10)
    return good, 'scene_reloc_ros', (f'{__version__}, Python {platform.python_version()}, '
                                     f'{platform.machine()}, {os.cpu_count()} cores'
                                     + ('' if good else '; use Python 3.10 or later'))


def _torch() -> Finding:
    device = resolve_device('auto')
    name = torch.cuda.get_device_name() if device.type == 'cuda' else 'CPU'
    precision = str(preferred_dtype(device)).removeprefix('torch.')
    return True, 'torch', (f'{torch.__version__}, networks on {name} in {precision}, solver '
                           f'{select_solver(device=device)[0]}')


def _library(module: str) -> Finding:
    distribution, remedy = {**_LIBRARIES, **_FOR_METHODS}[module]
    if importlib.util.find_spec(module) is None:
        return False, distribution, f'missing: {remedy}'
    for name in (distribution, f'{distribution}-headless', module):
        try:
            return True, distribution, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return True, distribution, 'installed'


def _encoder() -> Finding:
    try:
        return True, 'encoder', f'{DEFAULT_ENCODER} {encoder_hash(DEFAULT_ENCODER)}'
    except ValueError as error:
        return False, 'encoder', str(error)


def _ros() -> Finding:
    missing = [name for name in _ROS if importlib.util.find_spec(name) is None]
    if missing:
        return False, 'ROS 2', (f'{", ".join(missing)} missing: source the setup.bash of a ROS 2 '
                                'installation or run scripts/setup')
    return True, 'ROS 2', os.environ.get('ROS_DISTRO', 'client library from PyPI')


def _optional() -> Iterator[Finding]:
    yield from map(_library, _FOR_METHODS)
    for name in _UPSTREAM:
        found = importlib.util.find_spec(name) is not None
        yield found, name, 'from ROS 2' if found else 'absent: our own small part is used'
    if not torch.cuda.is_available():
        yield False, 'CUDA', 'no GPU seen by torch: everything runs on the CPU'
