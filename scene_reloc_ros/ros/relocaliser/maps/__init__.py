# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Which maps the relocaliser has, and which of them its poses are of."""
