# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Licence headers, as ament sees them."""

import pytest


@pytest.mark.linter
@pytest.mark.copyright
def test_copyright():
    main = pytest.importorskip('ament_copyright.main', reason='ament_copyright is not installed')
    assert main.main(argv=['scene_reloc_ros', 'test', 'launch', 'setup.py']) == 0
