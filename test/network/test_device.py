# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Where the networks run."""

import pytest
import torch

from scene_reloc_ros.network.device import preferred_dtype, resolve_device


def test_a_device_that_is_not_there_is_an_error():
    assert resolve_device('cpu').type == 'cpu'
    with pytest.raises(ValueError, match='tpu'):
        resolve_device('tpu')
    if not torch.cuda.is_available():
        assert resolve_device('auto').type == 'cpu'
        with pytest.raises(RuntimeError, match='no CUDA GPU'):
            resolve_device('cuda')
    assert preferred_dtype(torch.device('cpu')) in (torch.bfloat16, torch.float32)
