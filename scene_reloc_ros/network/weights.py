# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Encoder weights: safetensors files in the package, known by name and hash."""

from __future__ import annotations

from dataclasses import asdict
import hashlib
import json
from pathlib import Path

from safetensors import safe_open, SafetensorError
from safetensors.torch import save
import torch

from scene_reloc_ros.files.outputs import write_whole
from scene_reloc_ros.network.ace_checkpoint import AceLayoutEncoder, load_ace_layout
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions

WEIGHTS_FOLDER = Path(__file__).parent / 'weights'
DEFAULT_ENCODER = 'small'
CHECKPOINT_SUFFIXES = ('.pt', '.pth')  # of a user's encoder in the layout of ACE
LoadedEncoder = Encoder | AceLayoutEncoder


def encoder_path(name: str | Path) -> Path:
    """Return the weights file of an encoder of the package, or of a path to one."""
    path = WEIGHTS_FOLDER / f'{name}.safetensors'
    if path.is_file():
        return path
    if Path(name).is_file():
        return Path(name)
    known = ', '.join(sorted(p.stem for p in WEIGHTS_FOLDER.glob('*.safetensors'))) or 'none'
    raise ValueError(f'encoder {name!r} is neither shipped ({known}) nor a file; install the '
                     'package with its weights or name a file of scene_reloc pretrain')


def encoder_hash(name: str | Path) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of an encoder's weights file."""
    return hashlib.sha256(encoder_path(name).read_bytes()).hexdigest()[:16]


def load_encoder(name: str | Path = DEFAULT_ENCODER,
                 device: torch.device | str = 'cpu') -> LoadedEncoder:
    """Return an encoder with its weights, folded for inference, on ``device``.

    Args:
        name: of an encoder of the package, or the path of a file of ``scene_reloc pretrain``, or
            of a .pt checkpoint in the layout of ACE.
        device: torch.device or its name.
    """
    path = encoder_path(name)
    encoder = (load_ace_layout(path) if path.suffix in CHECKPOINT_SUFFIXES
               else load_trainable_encoder(path))
    return encoder.fused().to(device)


def load_trainable_encoder(path: str | Path) -> Encoder:
    """Return an Encoder as a file of ``save_encoder`` holds it, not yet folded."""
    try:
        with safe_open(path, framework='pt') as file:
            options = json.loads((file.metadata() or {}).get('options', 'null'))
            tensors = {key: file.get_tensor(key) for key in file.keys()}
        if options is None:
            raise KeyError('options')
        encoder = Encoder(EncoderOptions(**{'context': 0, **options,
                                            'stem': tuple(options['stem'])}))
        encoder.load_state_dict({key: value.float() if value.is_floating_point() else value
                                 for key, value in tensors.items()})
    except (SafetensorError, RuntimeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f'weights file {path} is no encoder of this version ({error}); '
                         'install the package anew') from error
    return encoder


def save_encoder(path: str | Path, encoder: Encoder, description: str) -> None:
    """Write an unfused encoder in half precision, with its size and a sentence on its making."""
    tensors = {key: (value.half() if value.is_floating_point() else value).contiguous()
               for key, value in encoder.state_dict().items()}
    metadata = {'options': json.dumps(asdict(encoder.options)), 'description': description}
    write_whole(path, save(tensors, metadata))
