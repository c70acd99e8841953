# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What mapping learns about the camera: a calibration is rarely quite that of the images.

A principal point that is off by ten pixels, a focal length by a per cent, or a camera mounted a
degree off what tf says: rays of several views of a point then miss one another by centimetres.
Views from many sides tell, so the correction is trained together with the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import nn

from scene_reloc_ros.geometry.camera import Camera

_SAME_CAMERA = 0.01  # largest difference of intrinsics, of the focal length
_SAME_SHAPE = 0.01  # largest difference of width by height, ratio


@dataclass(frozen=True)
class CameraRefinementOptions:
    """How the correction is trained."""

    learning_rate: float = 1e-3  # peak of its one-cycle schedule; 0 trusts the calibration
    begin: float = 0.3  # share of the training after which it moves: the head comes first
    expected: float = 0.02  # deviation of its values that is nothing unusual, unitless
    prior: float = 2e-3  # what one expected deviation costs, share of the loss


def corrected_rays(values: torch.Tensor, rays_N2: torch.Tensor) -> torch.Tensor:
    """Return x and y of corrected rays (N, 2) where z = 1, by the values (5,) of a correction."""
    moved = (rays_N2 - values[:2]) * values[2:4].exp()
    return moved * (1 + values[4] * (rays_N2 ** 2).sum(-1, keepdim=True))


def ray_derivatives(values: torch.Tensor, rays_N2: torch.Tensor) -> torch.Tensor:
    """Return the derivatives (N, 2, 5) of ``corrected_rays`` by the values."""
    scales, squares = values[2:4].exp(), (rays_N2 ** 2).sum(-1, keepdim=True)
    moved, bent = (rays_N2 - values[:2]) * scales, 1 + values[4] * squares
    return torch.cat((torch.diag_embed(-scales * bent), torch.diag_embed(moved * bent),
                      (moved * squares)[:, :, None]), 2)


class CameraRefinement(nn.Module):
    """Principal point, focal lengths and one radial term, on the plane z = 1.

    The radial term is not trained: a head explains a curved image away, view by view, and matched
    points of views that turn against each other tell it at once (``radial_fit``).
    """

    def __init__(self, values: Sequence[float] | torch.Tensor = (0.0, 0.0, 0.0, 0.0, 0.0)):
        """Begin with shifts of x and y, logarithms of the scales of x and y, and k1."""
        super().__init__()
        values = torch.as_tensor(values, dtype=torch.float32).detach().clone()
        self.pinhole = nn.Parameter(values[:4])
        self.radial: torch.Tensor
        self.register_buffer('radial', values[4:])

    @property
    def values(self) -> torch.Tensor:
        """All values (5,), detached."""
        return torch.cat((self.pinhole.detach(), self.radial))

    def forward(self, rays_N2: torch.Tensor) -> torch.Tensor:
        """Return x and y of corrected rays where z = 1, from those of the given calibration."""
        return corrected_rays(torch.cat((self.pinhole, self.radial)), rays_N2)

    def penalty(self, options: CameraRefinementOptions) -> torch.Tensor:
        """Return what the prior adds, as a share of the loss: what no view tells stays at zero."""
        return options.prior * (self.pinhole / options.expected).square().sum()

    def described(self, camera: Camera) -> dict[str, float]:
        """Return the correction as intrinsics in pixels of the camera's images: a plain dict."""
        shift_x, shift_y, log_x, log_y, radial = self.values.tolist()
        return {'fx': camera.fx / math.exp(log_x), 'fy': camera.fy / math.exp(log_y),
                'cx': camera.cx + shift_x * camera.fx, 'cy': camera.cy + shift_y * camera.fy,
                'radial': radial}


def same_camera(camera: Camera, other: Camera) -> bool:
    """Return whether two cameras have one calibration, whatever the size of their images."""
    if camera.distortion_model != other.distortion_model:
        return False
    resized = other.scaled(camera.width, camera.height)
    return all(abs(getattr(camera, name) - getattr(resized, name)) <= _SAME_CAMERA * camera.focal
               for name in ('fx', 'fy', 'cx', 'cy'))


def off_by(camera: Camera, other: Camera, correction: torch.Tensor) -> tuple[float, ...] | None:
    """Return how far a camera is off if its pictures are those of another one, to first order.

    Args:
        camera: as stated.
        other: the camera of a map.
        correction: values (5,) of its CameraRefinement.

    Returns the values of ``solver.free_camera.FREED``; None where the pictures are of another
    shape, or lenses of another kind.
    """
    fisheye = [one.distortion_model == 'equidistant' for one in (camera, other)]
    shapes = camera.width * other.height, other.width * camera.height
    if any(fisheye) or abs(shapes[0] / shapes[1] - 1) > _SAME_SHAPE:
        return None
    resized = other.scaled(camera.width, camera.height)
    shift_x, shift_y, log_x, log_y, radial = correction.tolist()
    first, second = ((one.distortion or (0.0,))[0] for one in (camera, other))
    return (resized.focal / camera.focal - 1 - (log_x + log_y) / 2,
            (resized.cx - camera.cx) / camera.fx + shift_x,
            (resized.cy - camera.cy) / camera.fy + shift_y, second - first - radial)
