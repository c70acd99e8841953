# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The CUDA backend: mathematics that a host compiler builds too, kernels, and their launch."""
