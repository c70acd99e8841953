# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Localiser: one image in, one Localisation out."""

from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
import time
from typing import Optional

import numpy as np
import torch

from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count
from scene_reloc_ros.mapping.camera_refinement import same_camera
from scene_reloc_ros.network.device import autocast, resolve_device
from scene_reloc_ros.network.preprocessing import network_input, WORKING_HEIGHT, working_image
from scene_reloc_ros.network.weights import encoder_hash, load_encoder
from scene_reloc_ros.pipeline.localisation import Localisation
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.problem import (
    PoseProblem,
    SolverOptions,
    SolverRejection,
    SolverResult,
)
from scene_reloc_ros.solver.second_best import second_best_ratio
from scene_reloc_ros.uncertainty.acceptance import AcceptanceOptions, poor_picture
from scene_reloc_ros.uncertainty.assessment import AssessedPose, PoseAssessor
from scene_reloc_ros.uncertainty.features import image_quality, Query
from scene_reloc_ros.uncertainty.rejection import Rejection

_LEAST_CELLS = 100  # of an image; below, chance looks like agreement
_LARGEST_SCALE = 1.65  # focal length of a query, of that of the map: mapping varies scale by 1.5


@dataclass(frozen=True)
class LocaliserOptions:
    """Settings of a query."""

    solver: str = 'auto'  # backend: auto, reference or cuda
    # a pose that a twelfth of the cells agrees with is found; with less none is believed
    solving: SolverOptions = SolverOptions(maximum_samples=8192)
    acceptance: AcceptanceOptions = AcceptanceOptions()


@dataclass(frozen=True)
class LocalisationTrace:
    """A query with all that is known of it: for calibration and evaluation, not for robots."""

    localisation: Localisation
    best: Optional[AssessedPose] = None  # None where the solver found no pose
    result: Optional[SolverResult] = None


class Localiser:
    """Answers where the camera is in one scene map."""

    def __init__(self, scene_map, options=LocaliserOptions(), device='auto', seed=0):
        """Load the networks; ValueError where the map was made with another encoder.

        Args:
            scene_map: SceneMap.
            options: LocaliserOptions.
            device: auto, cpu or cuda.
            seed: of the solver's samples; the same image gives the same pose.
        """
        known = encoder_hash(scene_map.encoder_name)
        if known != scene_map.encoder_hash:
            raise ValueError(f'the map was made with encoder {scene_map.encoder_name} '
                             f'{scene_map.encoder_hash}, this installation has {known}; map again')
        self.scene_map, self.options, self.seed = scene_map, options, seed
        self._assessor = PoseAssessor(scene_map, options)
        self.device = resolve_device(device)
        self.encoder = load_encoder(scene_map.encoder_name, self.device)
        self.head = scene_map.head.to(self.device)
        self.solver, self._solve = select_solver(options.solver, self.device)
        self._cells_of = lru_cache(4)(self._make_cells)

    def warm_up(self, camera):
        """Run one blank image through, so that the first real one is as fast as the rest."""
        self.localise(np.zeros((camera.height, camera.width), np.uint8), camera)

    def depth_unavailable(self):
        """Return why depth cannot be used with this map, or None where it can."""
        if self.scene_map.depth is None:
            return ('the map was made without depth, so that nothing is known of how the depth '
                    'camera agrees with it; map again with depth, or query without')
        return self.scene_map.depth.unavailable()

    def localise(self, image, camera, depth_m=None):
        """Return the Localisation of one image.

        Args:
            image: (H, W, 3) BGR or (H, W) grey, uint8.
            camera: the Camera that took it; ValueError where its size is another.
            depth_m: (H, W) metres along z of the same camera, 0 or NaN where unknown; ValueError
                where it does not fit the image or the map refuses it (``depth_unavailable``).
        """
        return self.trace(image, camera, depth_m).localisation

    def trace(self, image, camera, depth_m=None):
        """Return the LocalisationTrace of one image: ``localise`` and what is behind it."""
        started = time.perf_counter()
        observed = self.prepare(image, camera, depth_m)
        return self.assess(observed, self.solve(observed), started)

    def prepare(self, image, camera, depth_m=None):
        """Return the Query of one image, see ``localise``: all that comes before the solver."""
        grey, working_camera = working_image(image, camera)
        pixels, rays = self._cells_of(working_camera)
        problem = PoseProblem(rays, self._scene_coordinates(grey), working_camera.focal)
        observed = Query(problem, pixels, (working_camera.width, working_camera.height),
                            camera.width / working_camera.width, image_quality(grey))
        return observed if depth_m is None else self.with_depth(observed, depth_m, camera)

    def with_depth(self, observed, depth_m, camera):
        """Return the Query with the depths of its cells, see ``localise``."""
        rays = observed.problem.rays
        depths = self._depths(depth_m, camera, observed, rays)
        return replace(observed, problem=replace(observed.problem, depths=depths))

    def with_map(self, scene_map):
        """Return this localiser with other tables of its map; the networks are shared."""
        other = copy(self)
        other.scene_map, other._assessor = scene_map, PoseAssessor(scene_map, self.options)
        return other

    def _make_cells(self, camera):
        stride = self.encoder.stride
        rows, columns = (cell_count(n, stride) for n in (camera.height, camera.width))
        pixels = cell_centres(rows, columns, stride).flatten(0, 1)
        rays = torch.from_numpy(camera.rays(pixels.numpy())).float()
        # what mapping learnt of its camera says nothing of another one
        if same_camera(camera, self.scene_map.camera):
            rays = torch.cat((self.scene_map.correction(rays[:, :2]), rays[:, 2:]), 1)
        return pixels, rays.to(self.device)

    def _scene_coordinates(self, grey):
        with torch.inference_mode(), autocast(self.device):
            descriptors = self.encoder(network_input(grey, self.device))[0]
            return self.head(descriptors.flatten(1).T)

    def _depths(self, depth_m, camera, observed, rays):
        """Return the depths (N,) of the cells as the map sees them, 0 where unknown."""
        refusal = self.depth_unavailable()
        if refusal is not None:
            raise ValueError(refusal)
        depth_m = registered_depth(depth_m, camera)
        stretch = depth_m.shape[0] / observed.size_px[1]
        depths = torch.from_numpy(trusted_depths(depth_m, observed.pixels.numpy(),
                                                 stretch)).to(rays.device)
        if not same_camera(camera, self.scene_map.camera):
            return depths
        return self.scene_map.depth(depths, rays[:, :2])

    def solve(self, observed):
        """Return (SolverResult, share of its rival) of an Query, or (Rejection, 0)."""
        problem, solving = observed.problem, self.options.solving
        if len(problem.rays) < _LEAST_CELLS:
            return Rejection.TOO_FEW_CELLS, 0.0
        if not self._scale_is_known(problem.focal_px):
            return Rejection.WRONG_CAMERA, 0.0
        if problem.depths is not None:
            solving = replace(solving, depth_weight=self.scene_map.depth.weight)
        generator = torch.Generator().manual_seed(self.seed)
        with torch.inference_mode():
            result = self._solve(problem, generator, solving)
            if isinstance(result, SolverRejection):
                return Rejection[result.name], 0.0
            return result, second_best_ratio(self._solve, problem, result, generator, solving)

    def _scale_is_known(self, focal_px):
        """Return whether mapping has varied its images as far as to this focal length, pixels."""
        known = self.scene_map.camera
        ratio = focal_px / (known.focal * WORKING_HEIGHT / known.height)
        return 1 / _LARGEST_SCALE <= ratio <= _LARGEST_SCALE

    def assess(self, observed, solved, started):
        """Return the LocalisationTrace of what was solved: covariance, and whether it is believed.

        Args:
            observed: Query.
            solved: what ``solve`` says of it.
            started: when the query began, of ``time.perf_counter``.
        """
        result, rival = solved
        if isinstance(result, Rejection):
            poor = poor_picture(observed.quality, self._assessor.calibration.images)
            return LocalisationTrace(self._localisation(poor or result, observed, started))
        best = self._assessor.assess(result, rival, observed)
        return LocalisationTrace(
            self._localisation(best.rejection, observed, started, result, best), best, result)

    def _localisation(self, rejection, observed, started, result=None, best=None):
        """Return the Localisation; a pose goes into it only where nothing rejects it."""
        count = len(observed.pixels)
        inliers = (torch.zeros(count, dtype=torch.bool) if result is None
                   else result.inliers.cpu())
        accepted = rejection is None
        return Localisation(
            best.map_from_cam if accepted else None,
            best.covariance if accepted else None, rejection, _detail(result, best, count),
            int(inliers.sum()), count,
            ((observed.pixels[inliers] + 0.5) * observed.enlarged - 0.5).numpy(),
            observed.problem.points.cpu()[inliers].numpy(), (time.perf_counter() - started) * 1e3,
            0.0 if best is None else best.probability, self.solver, str(self.device))


def _detail(result, best, cells):
    """Return one sentence with the figures of a query."""
    if result is None:
        return f'No pose among {cells} cells.'
    detail = (f'{int(result.inliers.sum())} of {cells} cells agree within '
              f'{result.residual_px:.1f} px (one standard deviation)')
    if result.residual_m is not None:
        detail += f', their depths within {100 * result.residual_m:.1f} cm at 1 m'
    return f'{detail}; right with probability {best.probability:.2f}.'
