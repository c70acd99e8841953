# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Kernels from source: compiled at run time, kept on disk, loaded and launched.

NVIDIA's cuda-core package brings the compiler (NVRTC) and the loader, so that a robot needs no
compiler toolkit. It is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable
import hashlib
import importlib.metadata
import logging
import os
from pathlib import Path
import tempfile

import torch

_LOGGER = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent
_ENTRIES = 'kernels.cu'
_DIGEST_BYTES = 32  # of SHA-256
REMEDY = 'use the solver reference, which runs on every device'


def missing() -> str | None:
    """Return a sentence about what the cuda solver lacks on this machine, or None."""
    if not torch.cuda.is_available():
        return f'the cuda solver needs an NVIDIA GPU that torch can use; {REMEDY}'
    if not _has_cuda_core():
        return ("the cuda solver needs the package cuda-core from 1.0 on: pip install "
                f"'cuda-core[cu13]' (cu12 for a driver of CUDA 12), or {REMEDY}")
    return None


def _has_cuda_core() -> bool:
    try:
        return int(importlib.metadata.version('cuda-core').split('.')[0]) >= 1
    except importlib.metadata.PackageNotFoundError:
        return False


def read_sources(folder: Path = _FOLDER) -> dict[str, str]:
    """Return {file name: text} of the kernels and their headers."""
    return {file.name: file.read_text(encoding='utf-8')
            for file in sorted(folder.glob('*.cu*')) if file.suffix in ('.cu', '.cuh')}


def cache_folder() -> Path:
    """Return where compiled kernels are kept, as the XDG base directories have it."""
    try:
        base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    except RuntimeError:  # a user without a home
        base = tempfile.gettempdir()
    return Path(base) / 'scene_reloc_ros' / 'kernels'


def compiler_version() -> str:
    """Return the version of NVRTC as text; RuntimeError where it cannot be loaded."""
    try:
        from cuda.bindings import nvrtc
        _, major, minor = nvrtc.nvrtcVersion()
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(f'the compiler NVRTC is missing ({error}): pip install '
                           f"'cuda-core[cu13]', or {REMEDY}") from error
    return f'nvrtc {major}.{minor}'


def compile_sources(architecture: str, folder: Path = _FOLDER) -> bytes:
    """Return the machine code of the kernels for an architecture such as ``sm_90``.

    Raises RuntimeError with the compiler's own words where it refuses.
    """
    from cuda.core import Program, ProgramOptions
    options = ProgramOptions(name=_ENTRIES, arch=architecture, std='c++17',
                             include_path=str(folder))
    code = (folder / _ENTRIES).read_text(encoding='utf-8')
    try:
        return bytes(Program(code, 'c++', options).compile('cubin').code)
    except Exception as error:  # noqa: BLE001  each version of cuda-core has an error of its own
        raise RuntimeError(f'the kernels did not compile for {architecture}: {error}; '
                           f'{REMEDY}') from error


def machine_code(architecture: str, version: str,
                 compile_for: Callable[[str], bytes] = compile_sources,
                 folder: Path | None = None) -> bytes:
    """Return the machine code of the kernels, from the cache where it holds them.

    The name of a cached file is the hash of all that the code depends on; it begins with the
    hash of its own content, so that a damaged file is noticed and made anew.

    Args:
        architecture: such as ``sm_90``.
        version: of the compiler.
        compile_for: function from an architecture to bytes.
        folder: of the cache; ``cache_folder()`` where None.
    """
    folder = cache_folder() if folder is None else folder
    file = folder / f'{_key(architecture, version)}.cubin'
    code = _read_checked(file)
    if code is None:
        code = compile_for(architecture)
        _write_checked(file, code)
    return code


def _key(architecture: str, version: str) -> str:
    key = hashlib.sha256()
    for text in (architecture, version, *sum(sorted(read_sources().items()), ())):
        data = text.encode()
        key.update(len(data).to_bytes(8, 'little') + data)
    return key.hexdigest()


def _read_checked(file: Path) -> bytes | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(code).digest() != digest:
        _LOGGER.warning('%s is damaged; the kernels are compiled again', file)
        return None
    return code


def _write_checked(file: Path, code: bytes) -> None:
    """Write by renaming: whoever reads at the same time sees all of a file or none."""
    temporary = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, suffix='.tmp')
        with os.fdopen(handle, 'wb') as stream:
            stream.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, file)
    except OSError as error:
        _LOGGER.warning('compiled kernels are not kept: %s', error)
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
