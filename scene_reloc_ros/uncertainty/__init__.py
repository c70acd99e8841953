# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""How sure an answer is: its covariance, and whether it is believed."""
