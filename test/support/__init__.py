# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Small worlds, stand-ins and bystanders that tests of several rooms share."""
