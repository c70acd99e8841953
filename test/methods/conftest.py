# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What tests of methods share."""

import pytest

from scene_reloc_ros.pipeline import map_validation


@pytest.fixture(scope='module', autouse=True)
def few_pictures_of_other_places():
    """Keep the check of maps short: what it fits is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(map_validation, '_NEGATIVES', 4)
        yield
