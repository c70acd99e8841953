# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""XML files, as ament sees them."""

import pytest


@pytest.mark.linter
@pytest.mark.xmllint
def test_xmllint():
    main = pytest.importorskip('ament_xmllint.main', reason='ament_xmllint is not installed')
    assert main.main(argv=['package.xml', 'config']) == 0
