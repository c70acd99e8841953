# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Training of the encoder: seeded, resumable, on procedural images only by default."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
import logging
import os
from pathlib import Path
import time
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch.nn import functional

from scene_reloc_ros.datasets.procedural_images import procedural_image
from scene_reloc_ros.files.outputs import write_whole
from scene_reloc_ros.network.device import preferred_dtype
from scene_reloc_ros.network.encoder import Encoder, EncoderOptions
from scene_reloc_ros.pretraining.contrastive_loss import info_nce, sample_descriptors
from scene_reloc_ros.pretraining.pairs import make_pair, PairOptions
from scene_reloc_ros.pretraining.procedural_scenes import procedural_scene
from scene_reloc_ros.pretraining.two_views import TwoViews

logger = logging.getLogger(__name__)

HELD_OUT_SEED = 1_000_003  # of images and scenes that judge and never train
_JUDGING_SHARE = 5  # every fifth photograph judges
Batch = tuple[torch.Tensor, ...]  # crops_a, crops_b, pixels_a, pixels_b
Report = Callable[[str, float, str], object]  # (stage, share of the work, text)
Made = TypeVar('Made')


@dataclass(frozen=True)
class PretrainingOptions:
    """How the encoder is trained."""

    minutes: float = 60.0  # budget of the whole run, minutes
    steps: int = 1_000_000  # bound on optimiser steps, count
    images: int = 1000  # procedural images in the pool, count
    scenes: int = 600  # procedural 3-D scenes in the pool, count
    scene_share: float = 0.4  # of pairs that are drawn from them
    batch: int = 16  # pairs a step, count
    points: int = 128  # correspondences a pair, count
    temperature: float = 0.06  # of InfoNCE, unitless
    learning_rate: float = 2e-3  # peak of AdamW's schedule
    weight_decay: float = 1e-4  # of AdamW
    warm_up: float = 0.03  # share of the budget in which the rate rises
    seed: int = 0
    checkpoint_every: float = 120.0  # seconds
    pairs: PairOptions = field(default_factory=PairOptions)
    encoder: EncoderOptions = field(default_factory=EncoderOptions)


class PairSource:
    """An endless stream of batches of pairs, the same for the same seed and step."""

    def __init__(self, images: Sequence[np.ndarray], options: PretrainingOptions, seed: int,
                 scenes: Sequence[TwoViews] = ()) -> None:
        """Draw from ``images``, a list of (H, W) uint8 arrays, and ``scenes``, of TwoViews."""
        self.images, self.scenes, self.options, self.seed = images, scenes, options, seed

    def batch(self, step: int) -> Batch:
        """Return crops_a, crops_b (B, 1, S, S) and pixels_a, pixels_b (B, N, 2) as tensors."""
        rng = np.random.default_rng((self.seed, step))
        columns: tuple[list[np.ndarray], ...] = ([], [], [], [])
        while len(columns[0]) < self.options.batch:
            pair = make_pair(rng, self._views(rng), self.options.pairs, self.options.points)
            if pair is None:
                continue  # too little overlap: draw another pair
            for column, value in zip(columns, (pair.crop_a[None], pair.crop_b[None],
                                               pair.pixels_a, pair.pixels_b)):
                column.append(value)
        return tuple(torch.from_numpy(np.stack(c).astype(np.float32)) for c in columns)

    def _views(self, rng: np.random.Generator) -> TwoViews:
        if self.scenes and rng.random() < self.options.scene_share:
            return self.scenes[int(rng.integers(len(self.scenes)))]
        return TwoViews.of_picture(self.images[int(rng.integers(len(self.images)))])


def make_images(count: int, seed: int, on_progress: Report | None = None) -> list[np.ndarray]:
    """Return ``count`` procedural images; image i depends on (seed, i) only."""
    return _made('images', count, on_progress,
                 lambda index: procedural_image(np.random.default_rng((seed, index))))


def make_scenes(count: int, seed: int, images: Sequence[np.ndarray],
                on_progress: Report | None = None) -> list[TwoViews]:
    """Return ``count`` TwoViews of procedural scenes that carry the images."""
    return _made('scenes', count, on_progress,
                 lambda index: procedural_scene(np.random.default_rng((seed, 1, index)), images))


def _made(stage: str, count: int, on_progress: Report | None,
          make: Callable[[int], Made]) -> list[Made]:
    results = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(make, range(count)):
            results.append(result)
            if on_progress:
                on_progress(stage, len(results) / count, '')
    return results


def read_photographs(folder: str | Path) -> list[np.ndarray]:
    """Return all photographs below a folder as grey images of about 640 pixels, by name."""
    paths = sorted(p for p in Path(folder).rglob('*') if p.suffix.lower() in ('.jpg', '.jpeg'))
    read = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    images = [image for image in read if image is not None and min(image.shape) >= 64]
    if not images:
        raise ValueError(f'no readable .jpg below {folder}; give a folder of photographs')
    return images


def judging_photographs(images: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Return every fifth photograph: those never trained on."""
    return images[::_JUDGING_SHARE]


def training_photographs(images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the other photographs."""
    return [image for index, image in enumerate(images) if index % _JUDGING_SHARE]


def matching_loss(encoder: Encoder, batch: Batch,
                  temperature: float) -> tuple[torch.Tensor, float]:
    """Return the InfoNCE loss of a batch and its matching accuracy.

    The last layer is linear and acts on each cell alone, so it may follow the interpolation:
    then it runs on the sampled points only.
    """
    views_a, views_b, pixels_a, pixels_b = batch
    views = torch.cat((views_a, views_b)).contiguous(memory_format=torch.channels_last)
    # bfloat16 needs no scaling of the loss; float16, which inference prefers on a GPU, would
    fast = views.device.type == 'cuda' or preferred_dtype(views.device) == torch.bfloat16
    with torch.autocast(views.device.type, dtype=torch.bfloat16, enabled=fast):
        trunk = encoder.trunk(views)
        sampled = sample_descriptors(trunk.float(), torch.cat((pixels_a, pixels_b)),
                                     encoder.stride)
        layer = encoder.descriptor
        described = functional.linear(sampled, layer.weight[:, :, 0, 0], layer.bias)
        half = len(views_a)
        return info_nce(described[:half].flatten(0, 1), described[half:].flatten(0, 1),
                        temperature)


def matching_accuracy(encoder: Encoder, source: PairSource, batches: int = 4) -> float:
    """Return the share of points whose nearest neighbour in the batch is the right one."""
    was_training = encoder.training
    encoder.eval()
    device = next(encoder.parameters()).device
    with torch.no_grad():
        shares = [matching_loss(encoder, tuple(t.to(device) for t in source.batch(step)), 0.06)[1]
                  for step in range(batches)]
    encoder.train(was_training)
    return float(np.mean(shares))


class Pretraining:
    """One run: encoder, optimiser and progress, saved together."""

    def __init__(self, options: PretrainingOptions, images: Sequence[np.ndarray],
                 held_out: Sequence[np.ndarray], device: torch.device | str = 'cpu',
                 scenes: Sequence[TwoViews] = (),
                 held_out_scenes: Sequence[TwoViews] = ()) -> None:
        """Start afresh on ``images`` and ``scenes``; those held out judge only."""
        torch.manual_seed(options.seed)
        self.options, self.device = options, torch.device(device)
        self.encoder: Encoder = Encoder(options.encoder).to(  # type: ignore[call-overload]
            self.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.AdamW(self.encoder.parameters(), options.learning_rate,
                                           weight_decay=options.weight_decay)
        self.source = PairSource(images, options, options.seed, scenes)
        self.judge = PairSource(held_out, options, options.seed + 1, held_out_scenes)
        self.step, self.seconds = 0, 0.0
        self.history: list[tuple[int, float, float]] = []  # step, loss, accuracy

    def start_from(self, weights: dict[str, torch.Tensor]) -> None:
        """Begin with the weights of another encoder; layers that it lacks stay random."""
        try:
            missing, unknown = self.encoder.load_state_dict(weights, strict=False)
        except RuntimeError:  # a layer of another shape
            missing, unknown = [], ['shape']
        if unknown or not all(key.startswith('context.') for key in missing):
            raise ValueError('the weights to begin with are of an encoder of another size; '
                             'give that --size')

    def progress(self) -> float:
        """Return the share of the budget that is spent."""
        return min(1.0, max(self.seconds / (60 * self.options.minutes),
                            self.step / self.options.steps))

    def _set_learning_rate(self) -> None:
        t, rise = self.progress(), self.options.warm_up
        factor = t / rise if t < rise else 0.5 * (1 + np.cos(np.pi * (t - rise) / (1 - rise)))
        for group in self.optimiser.param_groups:
            group['lr'] = self.options.learning_rate * max(float(factor), 1e-3)

    def run(self, checkpoint: str | Path | None = None,
            on_progress: Report | None = None) -> Encoder:
        """Train until the budget is spent; return the encoder."""
        saved = last = time.monotonic()
        # a GPU trains faster than one core draws pairs; a CPU has no core to spare
        ahead = 1 if self.device.type == 'cpu' else os.cpu_count() or 1
        with ThreadPoolExecutor(ahead) as pool:
            upcoming = deque(pool.submit(self.source.batch, self.step + i) for i in range(ahead))
            while self.progress() < 1:
                batch = tuple(t.to(self.device) for t in upcoming.popleft().result())
                upcoming.append(pool.submit(self.source.batch, self.step + ahead))
                loss, accuracy = self._advance(batch)
                now = time.monotonic()
                self.seconds, last = self.seconds + now - last, now
                if on_progress:
                    on_progress('training', self.progress(),
                                f'step {self.step} loss {loss:.3f} matching {accuracy:.3f}')
                if checkpoint and now - saved > self.options.checkpoint_every:
                    self._save_or_warn(checkpoint)
                    saved = now
        if checkpoint:
            self._save_or_warn(checkpoint)
        return self.encoder.eval()

    def _save_or_warn(self, path: str | Path) -> None:
        """Save; hours of work do not end for a checkpoint that a full disk does not take."""
        try:
            self.save(path)
        except OSError as error:
            logger.warning('checkpoint %s cannot be written (%s); the training goes on', path,
                           error.strerror)

    def _advance(self, batch: Batch) -> tuple[float, float]:
        self._set_learning_rate()
        loss, accuracy = matching_loss(self.encoder, batch, self.options.temperature)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.history.append((self.step, float(loss.detach()), accuracy))
        return float(loss.detach()), accuracy

    def save(self, path: str | Path) -> None:
        """Write a checkpoint that ``resume`` understands; atomic."""
        content = BytesIO()
        torch.save({'encoder': self.encoder.state_dict(), 'seconds': self.seconds,
                    'optimiser': self.optimiser.state_dict(), 'step': self.step,
                    'history': self.history}, content)
        write_whole(path, content.getvalue())

    def resume(self, path: str | Path) -> None:
        """Continue where a checkpoint stands."""
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.encoder.load_state_dict(state['encoder'])
        except (RuntimeError, KeyError, EOFError, OSError) as error:
            raise ValueError(f'checkpoint {path} cannot be resumed ({error}); remove it to start '
                             'afresh') from error
        self.optimiser.load_state_dict(state['optimiser'])
        self.step, self.seconds = state['step'], state['seconds']
        self.history = state['history']
        logger.info('resumed %s at step %d', path, self.step)
