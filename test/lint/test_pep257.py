# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Docstrings, as ament sees them, with the convention of pyproject.toml."""

import pytest

IGNORED = ['D100', 'D101', 'D102', 'D103', 'D104', 'D105', 'D106', 'D107', 'D203', 'D213', 'D404',
           'D406', 'D407', 'D413', 'D417']


@pytest.mark.linter
@pytest.mark.pep257
def test_pep257():
    main = pytest.importorskip('ament_pep257.main', reason='ament_pep257 is not installed')
    assert main.main(argv=['--ignore', *IGNORED, '--', 'scene_reloc_ros', 'test', 'launch']) == 0
