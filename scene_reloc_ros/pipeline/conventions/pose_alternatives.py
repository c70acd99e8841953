# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Other meanings that poses may have: inverted, of another frame, with other axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations, product

import numpy as np
import numpy.typing as npt
import torch

from scene_reloc_ros.geometry.poses import invert_pose, se3_exp
from scene_reloc_ros.pipeline.conventions.epipolar import (
    chords_px,
    costs_of,
    relative_poses,
)
from scene_reloc_ros.pipeline.conventions.report import Mistake
from scene_reloc_ros.pipeline.conventions.view_pairs import ViewPairs

# given_from_cam: axes of the optical frame (x right, y down, z ahead) in those of the poses
_BODY = ((0, 0, 1), (-1, 0, 0), (0, -1, 0))  # x ahead, y left, z up (REP 103)
_OPENGL = ((1, 0, 0), (0, -1, 0), (0, 0, -1))  # x right, y up, z back
_STEPS, _KERNEL_PX, _DAMPING = 12, 4.0, 1e-3
_MOST_REFINED = 2500  # matches, count
_TINY = 1e-5  # step of numerical derivatives, metres and radians


@dataclass(frozen=True)
class PoseAlternative:
    """Poses that mean something else than map_from_cam."""

    mistake: Mistake
    given_from_cam: np.ndarray  # (4, 4)
    inverted: bool = False

    def of(self, given: np.ndarray) -> np.ndarray:
        """Return map_from_cam (F, 4, 4), if given poses (F, 4, 4) are what this says."""
        poses = invert_pose(given) if self.inverted else given
        return poses @ self.given_from_cam

    @property
    def sentence(self) -> str:
        """Return what is wrong and what to do."""
        if self.inverted:
            axes = ('' if np.allclose(self.given_from_cam, np.eye(4)) else
                    ', with the axes of OpenGL (y up, z back)')
            return f'the poses are cam_from_map{axes}: invert them to map_from_cam'
        rotation = np.rint(self.given_from_cam[:3, :3])
        if np.array_equal(rotation, _OPENGL):
            return ('the axes of the poses are those of OpenGL (y up, z back): turn y and z '
                    'round, expected is x right, y down, z ahead')
        if np.array_equal(rotation, _BODY):
            return ('the poses are those of a body (x ahead, y left, z up), not of the optical '
                    f'frame of the camera{self._lever()}: multiply them by base_from_cam, or name '
                    'that frame')
        return (f'the poses are not those of the optical frame of the camera{self._lever()}: its '
                f'x (right), y (down), z (ahead) are {_axes_text(rotation)} of their frame; '
                'multiply them by base_from_cam, or name the optical frame')

    def _lever(self) -> str:
        """Return where the camera is in the frame of the poses, '' where that was not found."""
        x, y, z = self.given_from_cam[:3, 3]
        return f', which is about ({x:.2f}, {y:.2f}, {z:.2f}) m from it' if any((x, y, z)) else ''


@lru_cache(1)
def pose_alternatives() -> tuple[PoseAlternative, ...]:
    """Return all other meanings that are tried: inverted poses, and the 23 other axes."""
    upright = PoseAlternative(Mistake.INVERTED_POSES, np.eye(4), True)
    found = [upright, replace(upright, given_from_cam=_pose(_OPENGL))]
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            rotation = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(rotation) > 0 and not np.array_equal(rotation, np.eye(3)):
                found.append(PoseAlternative(_kind(rotation), _pose(rotation)))
    return tuple(found)


def _kind(rotation: np.ndarray) -> Mistake:
    """Return the mistake of axes: a z that stays along the view, or another frame."""
    along_view = abs(rotation[2, 2]) == 1
    return Mistake.WRONG_AXES if along_view else Mistake.WRONG_FRAME


def refined(alternative: PoseAlternative, given: np.ndarray, pairs: ViewPairs) -> PoseAlternative:
    """Return an alternative whose frame is turned and moved to where it explains pairs best.

    A camera on a robot looks down a little, and is not where the robot's frame is. Robust
    Gauss-Newton over all matches.

    Args:
        alternative: to begin with.
        given: poses (F, 4, 4).
        pairs: of frames.
    """
    some = pairs.thinned(_MOST_REFINED)
    best, cost = alternative, float(costs_of(alternative.of(given), some).mean())
    for _ in range(_STEPS):
        residual = _residuals(best, given, some)
        columns = [(_residuals(_moved(best, _TINY * axis), given, some) - residual) / _TINY
                   for axis in np.eye(6)]
        jacobian = np.stack(columns, -1)  # (M, 3, 6)
        weight = (1 + (residual ** 2).sum(1) / _KERNEL_PX ** 2) ** -2  # Geman-McClure
        normal = np.einsum('mki,mkj,m->ij', jacobian, jacobian, weight)
        slope = np.einsum('mki,mk,m->i', jacobian, residual, weight)
        damped = normal + _DAMPING * np.diag(np.diag(normal)) + np.eye(6)
        moved = _moved(best, -np.linalg.solve(damped, slope))
        after = float(costs_of(moved.of(given), some).mean())
        if not after < cost - 1e-4:
            break
        best, cost = moved, after
    return best


def _moved(alternative: PoseAlternative, twist: np.ndarray) -> PoseAlternative:
    step = se3_exp(torch.from_numpy(twist)).numpy()
    return replace(alternative, given_from_cam=alternative.given_from_cam @ step)


def _residuals(alternative: PoseAlternative, given: np.ndarray, pairs: ViewPairs) -> np.ndarray:
    return chords_px(relative_poses(alternative.of(given), pairs), pairs)[1]


def _pose(rotation: npt.ArrayLike) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = np.asarray(rotation, np.float64)
    return pose


def _axes_text(rotation: np.ndarray) -> str:
    """Return which axes of a frame the columns of a signed permutation (3, 3) are."""
    return ', '.join(f'{"-" if column.sum() < 0 else ""}{"xyz"[int(np.abs(column).argmax())]}'
                     for column in rotation.T)
