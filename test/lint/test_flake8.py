# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Style of the code, as ament sees it."""

from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).with_name('flake8.ini')


@pytest.mark.linter
@pytest.mark.flake8
def test_flake8():
    main = pytest.importorskip('ament_flake8.main', reason='ament_flake8 is not installed')
    code, errors = main.main_with_errors(argv=['--config', str(CONFIGURATION)])
    assert code == 0, '\n'.join(errors)
