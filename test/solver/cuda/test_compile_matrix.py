# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The kernels compile for every architecture, without a warning and without spilled registers."""

import io
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest

from scene_reloc_ros.solver.cuda import compiler

SOURCE = Path(compiler.__file__).with_name('kernels.cu')
OLDEST = 75  # Turing
KERNELS = {'prepare_query', 'generate_hypotheses', 'select_hypotheses', 'compare_hypotheses',
           'refine_hypotheses', 'finish_pose'}
USE = re.compile(r"entry function '(\w+)' for '(sm_\d+)'.*?(\d+) bytes stack frame, "
                 r'(\d+) bytes spill stores, (\d+) bytes spill loads.*?Used (\d+) registers',
                 re.DOTALL)


def assert_sound(log, architectures):
    """Show what each kernel takes and assert that none of them spills."""
    uses = USE.findall(log)
    for name, architecture, stack, stored, loaded, registers in uses:
        sys.stdout.write(f'{architecture:<8}{name:<22}{registers:>4} registers, {stack} bytes of '
                         f'stack, {stored}/{loaded} spilled\n')
    assert {(name, architecture) for name, architecture, *_ in uses} == {
        (name, architecture) for name in KERNELS for architecture in architectures}
    assert all(stored == loaded == '0' for _, _, _, stored, loaded, _ in uses)


@pytest.mark.slow
def test_nvcc_compiles_for_every_architecture_without_a_warning(tmp_path):
    nvcc = shutil.which('nvcc')
    if nvcc is None:
        pytest.skip('nvcc is not on PATH')
    listed = subprocess.run([nvcc, '--list-gpu-code'], capture_output=True, text=True,
                            check=True).stdout.split()
    numbers = sorted({int(name[3:]) for name in listed if re.fullmatch(r'sm_\d+', name)})
    numbers = [number for number in numbers if number >= OLDEST]
    targets = [part for n in numbers
               for part in ('-gencode', f'arch=compute_{n},code=sm_{n}')]
    done = subprocess.run(
        [nvcc, '-std=c++17', '-fatbin', '--threads', '2', *targets, '-Xptxas', '-v,-warn-spills',
         '-Werror', 'all-warnings', str(SOURCE), '-o', str(tmp_path / 'kernels.fatbin')],
        capture_output=True, text=True, timeout=600)
    log = done.stdout + done.stderr
    assert done.returncode == 0, log
    assert 'warning' not in log
    assert_sound(log, [f'sm_{number}' for number in numbers])


@pytest.mark.parametrize('architecture', ['sm_75', 'sm_87', 'sm_90', 'sm_120'])
def test_nvrtc_compiles_as_it_does_on_a_robot(architecture):
    pytest.importorskip('cuda.core', reason='the package cuda-core is not installed')
    from cuda.core import Program, ProgramOptions
    options = ProgramOptions(arch=architecture, std='c++17', include_path=str(SOURCE.parent),
                             ptxas_options=['-v', '--warn-on-spills'])
    log = io.StringIO()
    Program(SOURCE.read_text(), 'c++', options).compile('cubin', logs=log)
    assert 'warning' not in log.getvalue()
    assert_sound(log.getvalue(), [architecture])
    assert compiler.compile_sources(architecture).startswith(b'\x7fELF')
    assert compiler.compiler_version().startswith('nvrtc ')


def test_what_nvrtc_refuses_is_told_with_a_remedy(tmp_path):
    pytest.importorskip('cuda.core', reason='the package cuda-core is not installed')
    (tmp_path / 'kernels.cu').write_text('this is no program')
    with pytest.raises(RuntimeError, match='reference'):
        compiler.compile_sources('sm_90', tmp_path)
