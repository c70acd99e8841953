# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the source tree and the scripts that tests start lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = Path(__file__).resolve().parent
EXACT_RELOCALISER = SUPPORT / 'exact_relocaliser.py'
