# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Coverage of a recording: what its views have seen, how often and from how many sides."""
