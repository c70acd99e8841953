# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A grown forest: flat arrays that take responses down to leaves, and what the leaves hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

_UPPER = np.triu_indices(3)  # xx, xy, xz, yy, yz, zz
_STORED = ('roots', 'feature', 'threshold', 'left', 'right', 'means', 'covariances')


@dataclass(frozen=True)
class Forest:
    """Trees whose nodes lie one tree after the other, parents before their children."""

    roots: np.ndarray  # (trees,) int32 the first node of each tree
    feature: np.ndarray  # (M,) int32 the response that a node asks for
    threshold: np.ndarray  # (M,) float32 responses up to it go left
    left: np.ndarray  # (M,) int32 node
    right: np.ndarray  # (M,) int32 node
    leaf: np.ndarray  # (M,) int32 row of the tables below, -1 of a node that asks on
    means: np.ndarray  # (L, 3) float32 metres, map frame
    covariances: np.ndarray  # (L, 6) float32 xx, xy, xz, yy, yz, zz, square metres

    def __post_init__(self) -> None:
        """Refuse arrays that a descent could not end in."""
        inner = np.flatnonzero(self.leaf < 0)
        children = np.stack((self.left[inner], self.right[inner]))
        sizes = {len(nodes) for nodes in (self.feature, self.threshold, self.left, self.right)}
        if (sizes != {len(self.leaf)} or (children <= inner).any()
                or (children >= len(self.leaf)).any() or len(self.means) != len(self.covariances)
                or self.leaf.max(initial=-1) >= len(self.means)):
            raise ValueError('the arrays of the forest do not form trees; make the map anew')

    @property
    def spreads(self) -> np.ndarray:
        """Return the standard deviations (L,) float32 of the leaves' points, all axes, metres."""
        return np.sqrt(self.covariances[:, [0, 3, 5]].sum(1))

    def leaves_of(self, responses: np.ndarray) -> np.ndarray:
        """Return the leaves (N, trees) int32, rows of the tables, that responses (N, T) reach."""
        samples, tests = responses.shape
        values = np.ascontiguousarray(responses).reshape(-1)
        nodes = np.tile(self.roots, samples)
        rows = np.repeat(np.arange(samples) * tests, len(self.roots))
        going = np.flatnonzero(self.leaf[nodes] < 0)
        while len(going):  # one level at a time, with those that have not arrived
            here = nodes[going]
            goes_left = values[rows[going] + self.feature[here]] <= self.threshold[here]
            here = np.where(goes_left, self.left[here], self.right[here])
            nodes[going] = here
            going = going[self.leaf[here] < 0]
        return self.leaf[nodes].reshape(samples, len(self.roots))

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return what ``from_tensors`` needs, to be written to a file.

        Covariances lose digits that nothing needs.
        """
        tensors = {name: torch.from_numpy(getattr(self, name)) for name in _STORED}
        return {**tensors, 'feature': tensors['feature'].short(),
                'covariances': tensors['covariances'].half()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor]) -> Forest:
        """Restore the forest that ``tensors`` returned; ValueError where it forms no trees."""
        stored = {name: tensors[name].numpy() for name in _STORED}
        stored['feature'] = stored['feature'].astype(np.int32)
        stored['covariances'] = stored['covariances'].astype(np.float32)
        # a leaf is its own child
        leaf = leaf_numbers(stored['right'] == np.arange(len(stored['right'])))
        return cls(leaf=leaf, **stored)


def leaf_numbers(is_leaf: np.ndarray) -> np.ndarray:
    """Return (M,) int32 the leaves of a mask (M,) counted through, -1 of other nodes."""
    return np.where(is_leaf, np.cumsum(is_leaf) - 1, -1).astype(np.int32)


def leaf_tables(leaves: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means (L, 3) and covariances (L, 6) float32 of leaves.

    Args:
        leaves: (N, trees) the leaves that a sample came to; none of 0 to L - 1 is empty.
        points: (N, 3) metres, map frame.
    """
    order = leaves.reshape(-1)
    counts = np.bincount(order)
    sums = _sums(order, np.repeat(points, leaves.shape[1], 0))
    means = sums / counts[:, None]
    apart = np.repeat(points, leaves.shape[1], 0) - means[order]
    products = _sums(order, apart[:, _UPPER[0]] * apart[:, _UPPER[1]])
    covariances = products / np.maximum(counts - 1, 1)[:, None]
    return means.astype(np.float32), covariances.astype(np.float32)


def _sums(order: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the sums (L, C) of values (K, C) that share a number in order (K,)."""
    return np.stack([np.bincount(order, column) for column in values.T], 1)
