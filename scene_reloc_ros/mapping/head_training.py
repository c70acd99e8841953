# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training of a head on a feature buffer."""

from dataclasses import dataclass
import math
import time

import torch

from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.feature_buffer import MappingCancelled
from scene_reloc_ros.mapping.losses import reprojection_loss
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.head import Head, HeadOptions

_RISE = 0.05  # share of the schedule in which the learning rate rises
_START = 0.1  # first learning rate, share of the peak
_END = 1e-3  # last learning rate, share of the peak


@dataclass(frozen=True)
class TrainingSummary:
    """What a training did."""

    steps: int
    seconds: float
    loss_px: float  # mean of the last steps, pixels
    valid: float  # share of valid predictions in the last steps


def one_cycle(progress):
    """Return the learning rate, as a share of its peak, at a progress in [0, 1]."""
    if progress < _RISE:
        return _START + (1 - _START) * progress / _RISE
    fall = (progress - _RISE) / (1 - _RISE)
    return _END + (1 - _END) * 0.5 * (1 + math.cos(math.pi * fall))


def train_head(buffer, options, seconds, generator, on_progress, cancelled, radial=0.0):
    """Return a trained Head, the CameraRefinement and the TrainingSummary.

    Progress is the larger of the share of the steps and the share of the time, so that a slow
    machine ends in time with a whole schedule; on a machine that is fast enough the result
    depends on the seed only.

    Args:
        buffer: FeatureBuffer.
        options: MappingOptions.
        seconds: bound on the training time.
        generator: CPU torch.Generator of weights and order.
        on_progress: called with (stage, fraction, text).
        cancelled: when it answers True, MappingCancelled is raised.
        radial: the radial term of the lens, beyond the given calibration.
    """
    device = buffer.descriptors.device
    head = _new_head(buffer, options, generator).to(device)
    correction = CameraRefinement((0.0, 0.0, 0.0, 0.0, radial)).to(device)
    optimiser = torch.optim.AdamW((
        {'params': list(head.parameters()), 'weight_decay': options.weight_decay},
        {'params': list(correction.parameters()), 'weight_decay': 0.0}))
    started, step, progress, loss_px, valid = time.monotonic(), 0, 0.0, 0.0, 0.0
    while progress < 1:
        for index in buffer.shuffled(options.batch, generator):
            if cancelled():
                raise MappingCancelled(f'cancelled after {step} training steps')
            _set_rates(optimiser, progress, options)
            loss, share = _step(head, correction, optimiser, buffer, index, progress, options)
            step += 1
            memory = min(0.99, 1 - 1 / step)  # a running mean that starts without bias
            loss_px, valid = (memory * a + (1 - memory) * b
                              for a, b in ((loss_px, loss), (valid, share)))
            progress = min(1.0, max(step / options.steps, (time.monotonic() - started) / seconds))
            on_progress('training', progress, f'step {step}, loss {loss_px:.2f} px')
            if progress >= 1:
                break
    summary = TrainingSummary(step, time.monotonic() - started, loss_px, valid)
    return (head.eval().requires_grad_(False), correction.requires_grad_(False).cpu(), summary)


def _set_rates(optimiser, progress, options):
    begun = progress >= options.correction.begin
    peaks = options.learning_rate, options.correction.learning_rate * begun
    for group, peak in zip(optimiser.param_groups, peaks):
        group['lr'] = peak * one_cycle(progress)


def _new_head(buffer, options, generator):
    centre = buffer.positions.mean(0).tolist()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2 ** 31, (), generator=generator)))
        return Head(HeadOptions(buffer.descriptors.shape[1], options.width), centre)


def _step(head, correction, optimiser, buffer, index, progress, options):
    descriptors = buffer.descriptors[index]
    frames = buffer.frames[index]
    device = descriptors.device
    with autocast(device):
        points = head(descriptors if torch.is_autocast_enabled(device.type)
                      else descriptors.float())
    loss, valid = reprojection_loss(points, correction(buffer.rays[index]),
                                    buffer.cam_from_map[frames], buffer.focals_px[frames],
                                    buffer.depths[index], progress, options.loss)
    optimiser.zero_grad(set_to_none=True)
    (loss + loss.detach() * correction.penalty(options.correction)).backward()
    torch.nn.utils.clip_grad_norm_(head.parameters(), 100.0)
    optimiser.step()
    return float(loss.detach()), valid
