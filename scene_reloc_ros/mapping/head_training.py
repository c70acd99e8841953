# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training of a head, and of the camera refinement, on a feature buffer."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import torch

from scene_reloc_ros.mapping.camera_refinement import CameraRefinement
from scene_reloc_ros.mapping.feature_buffer import FeatureBuffer
from scene_reloc_ros.mapping.losses import reprojection_loss
from scene_reloc_ros.mapping.presets import MappingOptions
from scene_reloc_ros.mapping.progress import MappingProgress, TooLittleTime
from scene_reloc_ros.network.device import autocast
from scene_reloc_ros.network.head import Head, HeadOptions

STAGE = 'training'
_RISE = 0.05  # share of the schedule in which the learning rate rises
_START = 0.1  # first learning rate, share of the peak
_END = 1e-3  # last learning rate, share of the peak
_LEAST_STEPS = 100  # below them a head knows nothing of its place
_MEASURED_STEPS = 10  # from which on their rate is believed
_MEASURED_SHARE = 0.1  # of the time, after which it is believed whatever the steps
_SURE_STEPS = 3  # without which it is not: the first steps are slow
_HOPELESS = 0.5  # of the least steps: with fewer to be expected nothing more is tried


@dataclass(frozen=True)
class TrainingSummary:
    """What a training did."""

    steps: int
    seconds: float
    loss_px: float  # mean of the last steps, pixels
    valid: float  # share of valid predictions in the last steps
    whole: int = 0  # steps of the whole schedule, count

    @property
    def cut_short(self) -> str:
        """Return how far the training came where the clock ended it, '' where nothing did."""
        return f'{self.steps} of {self.whole} training steps' if self.steps < self.whole else ''


def one_cycle(progress: float) -> float:
    """Return the learning rate, as a share of its peak, at a progress in [0, 1]."""
    if progress < _RISE:
        return _START + (1 - _START) * progress / _RISE
    fall = (progress - _RISE) / (1 - _RISE)
    return _END + (1 - _END) * 0.5 * (1 + math.cos(math.pi * fall))


def train_head(buffer: FeatureBuffer, options: MappingOptions, generator: torch.Generator,
               progress: MappingProgress, radial: float = 0.0,
               ) -> tuple[Head, CameraRefinement, TrainingSummary]:
    """Return a trained Head, the CameraRefinement and the TrainingSummary.

    The share done is the larger of that of the steps and that of the time, so that a slow machine
    ends in time with a whole schedule, of as many steps as its measured rate allows; on a machine
    that is fast enough the result depends on the seed only.

    Args:
        buffer: cells of all frames.
        options: of the mapping.
        generator: on the CPU, of weights and order.
        progress: its deadline bounds the training.
        radial: the radial term of the lens, beyond the given calibration.

    Raises TooLittleTime where the time is over, or will be, before any head knows its place.
    """
    training = HeadTraining(buffer, options, generator, radial)
    done, step, loss_px, valid = 0.0, 0, 0.0, 0.0
    progress.check(STAGE)
    while done < 1:
        for index in buffer.shuffled(options.batch, generator):
            loss, share = training.step(index, done)
            step += 1
            memory = min(0.99, 1 - 1 / step)  # a running mean that starts without bias
            loss_px, valid = (memory * a + (1 - memory) * b
                              for a, b in ((loss_px, loss), (valid, share)))
            done = min(1.0, max(step / options.steps, progress.deadline.spent))
            expected = _expected_steps(step, options.steps, progress)
            progress(STAGE, done, f'step {step} of {expected}, loss {loss_px:.2f} px')
            if done >= 1:
                break
    summary = TrainingSummary(step, progress.deadline.elapsed_s, loss_px, valid, options.steps)
    return (training.head.eval().requires_grad_(False),
            training.refinement.requires_grad_(False).cpu(), summary)


def _expected_steps(step: int, whole: int, progress: MappingProgress) -> int:
    """Return how many steps there will be, by their rate so far; TooLittleTime for too few."""
    deadline = progress.deadline
    measured = step >= _MEASURED_STEPS or (step >= _SURE_STEPS
                                           and deadline.spent >= _MEASURED_SHARE)
    if step >= whole or not (measured or deadline.passed):
        return whole
    rate = step / max(deadline.elapsed_s, 1e-9)
    expected = int(min(whole, step + rate * deadline.left_s))
    least = min(whole, _LEAST_STEPS)
    if expected < least * (1 if deadline.passed else _HOPELESS):
        raise TooLittleTime(
            f'the time allows {expected} of {whole} training steps at {rate:.2g} a second, and '
            f'with fewer than {least} a head knows nothing of its place',
            least / rate - deadline.seconds)
    return expected


class HeadTraining:
    """What one step of the optimiser needs and changes."""

    def __init__(self, buffer: FeatureBuffer, options: MappingOptions,
                 generator: torch.Generator, radial: float):
        self._buffer, self._options = buffer, options
        device = buffer.descriptors.device
        self.head = _new_head(buffer, options, generator).to(device)
        self.refinement = CameraRefinement((0.0, 0.0, 0.0, 0.0, radial)).to(device)
        self._optimiser = torch.optim.AdamW((
            {'params': list(self.head.parameters()), 'weight_decay': options.weight_decay},
            {'params': list(self.refinement.parameters()), 'weight_decay': 0.0}))

    def step(self, index: torch.Tensor, done: float) -> tuple[float, float]:
        """Learn from some cells; returns their loss in pixels and the share of valid ones."""
        self._set_rates(done)
        cells, device = self._buffer.batch(index), self._buffer.descriptors.device
        with autocast(device):
            points = self.head(cells.descriptors if torch.is_autocast_enabled(device.type)
                               else cells.descriptors.float())
        cells = replace(cells, rays=self.refinement(cells.rays))
        loss, valid = reprojection_loss(points, cells, done, self._options.loss)
        self._optimiser.zero_grad(set_to_none=True)
        penalty = self.refinement.penalty(self._options.correction)
        (loss + loss.detach() * penalty).backward()
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), 100.0)
        self._optimiser.step()
        return float(loss.detach()), valid

    def _set_rates(self, done: float) -> None:
        options = self._options
        begun = done >= options.correction.begin
        peaks = options.learning_rate, options.correction.learning_rate * begun
        for group, peak in zip(self._optimiser.param_groups, peaks):
            group['lr'] = peak * one_cycle(done)


def _new_head(buffer: FeatureBuffer, options: MappingOptions, generator: torch.Generator) -> Head:
    centre = buffer.positions.mean(0).tolist()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2 ** 31, (), generator=generator)))
        return Head(HeadOptions(buffer.descriptors.shape[1], options.width), centre)
