# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The cache of compiled kernels: found again, made anew when damaged or out of date."""

import hashlib
import threading

import pytest

from scene_reloc_ros.solver.cuda import compiler


class Compiler:
    """Counts what it compiles."""

    def __init__(self):
        self.compiled = []

    def __call__(self, architecture):
        self.compiled.append(architecture)
        return b'code for ' + architecture.encode()


@pytest.fixture
def compile_for():
    """Return a compile function that needs no compiler."""
    return Compiler()


def cached(folder):
    return sorted(file.name for file in folder.iterdir())


def test_kernels_are_compiled_once(tmp_path, compile_for):
    for _ in range(3):
        code = compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path)
        assert code == b'code for sm_90'
    assert compile_for.compiled == ['sm_90']
    assert len(cached(tmp_path)) == 1


def test_another_architecture_or_compiler_has_code_of_its_own(tmp_path, compile_for):
    for architecture, version in (('sm_90', 'nvrtc 13.0'), ('sm_87', 'nvrtc 13.0'),
                                  ('sm_90', 'nvrtc 12.9')):
        compiler.machine_code(architecture, version, compile_for, tmp_path)
    assert compile_for.compiled == ['sm_90', 'sm_87', 'sm_90']
    assert len(cached(tmp_path)) == 3


def test_a_changed_source_is_compiled_again(tmp_path, compile_for, monkeypatch):
    compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path)
    sources = compiler.read_sources()
    assert {'kernels.cu', 'p3p.cuh', 'team.cuh'} <= set(sources)
    for name in sources:
        changed = {**sources, name: sources[name] + ' '}
        monkeypatch.setattr(compiler, 'read_sources', lambda changed=changed: changed)
        compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path)
    assert len(compile_for.compiled) == 1 + len(sources)


@pytest.mark.parametrize('damage', [b'', b'short', lambda old: old[:-1], lambda old: old + b'x',
                                    lambda old: bytes([old[0] ^ 1]) + old[1:]])
def test_a_damaged_file_is_compiled_again(tmp_path, compile_for, damage):
    compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path)
    file = next(tmp_path.iterdir())
    file.write_bytes(damage(file.read_bytes()) if callable(damage) else damage)
    code = compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path)
    assert code == b'code for sm_90' and len(compile_for.compiled) == 2
    content = file.read_bytes()
    assert content[32:] == code and content[:32] == hashlib.sha256(code).digest()


def test_several_at_once_leave_one_whole_file(tmp_path):
    together, codes = threading.Barrier(8), []

    def compile_for(architecture):
        together.wait(timeout=10)  # all have found no file before one writes it
        return b'code' * 100_000

    def work():
        codes.append(compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path))
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [b'code' * 100_000] * 8
    assert len(cached(tmp_path)) == 1
    found = compiler.machine_code('sm_90', 'nvrtc 13.0', Compiler(), tmp_path)
    assert found == b'code' * 100_000


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path, compile_for, caplog):
    (tmp_path / 'file').write_text('no folder')
    code = compiler.machine_code('sm_90', 'nvrtc 13.0', compile_for, tmp_path / 'file' / 'below')
    assert code == b'code for sm_90'
    assert 'not kept' in caplog.text


def test_the_cache_lies_where_the_base_directories_have_it(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert compiler.cache_folder() == tmp_path / 'scene_reloc_ros' / 'kernels'
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert compiler.cache_folder() == tmp_path / '.cache' / 'scene_reloc_ros' / 'kernels'
