# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The Localiser: one image in, one Localisation out."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
import time

import numpy as np
import torch

from scene_reloc_ros.geometry.depth import registered_depth, trusted_depths
from scene_reloc_ros.geometry.pixels import cell_centres, cell_count
from scene_reloc_ros.geometry.poses import invert_pose
from scene_reloc_ros.mapping.ray_correction import same_camera
from scene_reloc_ros.network.device import autocast, resolve_device
from scene_reloc_ros.network.image_input import network_input, working_image
from scene_reloc_ros.network.weights import encoder_hash, load_encoder
from scene_reloc_ros.pipeline.acceptance import AcceptanceOptions, judge
from scene_reloc_ros.pipeline.covariance import map_covariance
from scene_reloc_ros.pipeline.localisation import Localisation, Rejection
from scene_reloc_ros.solver.backend import select_solver
from scene_reloc_ros.solver.problem import Failure, PoseProblem, SolverOptions


@dataclass(frozen=True)
class LocaliserOptions:
    """Settings of a query."""

    solver: str = 'auto'  # backend: auto, reference or cuda
    correlated_cells: float = 30.0  # neighbouring cells that err together, count
    map_error_m: float = 0.02  # standard deviation an axis of the map itself, metres
    map_error_deg: float = 0.8  # standard deviation an axis of the map itself, degrees
    solving: SolverOptions = field(default_factory=SolverOptions)
    acceptance: AcceptanceOptions = field(default_factory=AcceptanceOptions)


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
        self.device = resolve_device(device)
        self.encoder = load_encoder(scene_map.encoder_name, self.device)
        self.head = scene_map.head.to(self.device)
        self.solver, self._solve = select_solver(options.solver, self.device)
        self._cells_of = lru_cache(4)(self._make_cells)

    def warm_up(self, camera):
        """Run one blank image through, so that the first real one is as fast as the rest."""
        self.localise(np.zeros((camera.height, camera.width), np.uint8), camera)

    def depth_refusal(self):
        """Return why depth cannot be used with this map, or None where it can."""
        if self.scene_map.depth is None:
            return ('the map was made without depth, so that nothing is known of how the depth '
                    'camera agrees with it; map again with depth, or query without')
        return self.scene_map.depth.refusal()

    def localise(self, image, camera, depth_m=None):
        """Return the Localisation of one image.

        Args:
            image: (H, W, 3) BGR or (H, W) grey, uint8.
            camera: the Camera that took it; ValueError where its size is another.
            depth_m: (H, W) metres along z of the same camera, 0 or NaN where unknown; ValueError
                where it does not fit the image or the map refuses it (``depth_refusal``).
        """
        started = time.perf_counter()
        grey, working_camera = working_image(image, camera)
        pixels, rays = self._cells_of(working_camera)
        depths = (None if depth_m is None else
                  self._depths(depth_m, camera, pixels, working_camera.height, rays))
        points = self._scene_coordinates(grey)
        result = self._pose(rays, points, working_camera.focal, depths)
        rejection = self._judge(result, pixels, working_camera)
        return self._answer(result, rejection, pixels, points, camera.width / working_camera.width,
                            started)

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

    def _depths(self, depth_m, camera, pixels, working_height, rays):
        """Return the depths (N,) of the cells as the map sees them, 0 where unknown."""
        refusal = self.depth_refusal()
        if refusal is not None:
            raise ValueError(refusal)
        depth_m = registered_depth(depth_m, camera)
        stretch = depth_m.shape[0] / working_height
        depths = torch.from_numpy(trusted_depths(depth_m, pixels.numpy(), stretch)).to(rays.device)
        if not same_camera(camera, self.scene_map.camera):
            return depths
        return self.scene_map.depth(depths, rays[:, :2])

    def _pose(self, rays, points, focal_px, depths):
        solving = self.options.solving
        if depths is not None:
            solving = replace(solving, depth_weight=self.scene_map.depth.weight)
        generator = torch.Generator().manual_seed(self.seed)
        with torch.inference_mode():
            return self._solve(PoseProblem(rays, points, focal_px, depths), generator, solving)

    def _judge(self, result, pixels, camera):
        if len(pixels) < self.options.acceptance.minimum_inliers:
            return Rejection.TOO_FEW_CELLS
        if isinstance(result, Failure):
            return Rejection[result.name]
        return judge(result, pixels.to(result.inliers.device), (camera.width, camera.height),
                     self.scene_map.positions, self.options.acceptance)

    def _answer(self, result, rejection, pixels, points, enlarged, started):
        solved = not isinstance(result, Failure)
        inliers = result.inliers.cpu() if solved else torch.zeros(len(pixels), dtype=torch.bool)
        count = int(inliers.sum())
        detail = f'{count} of {len(pixels)} cells agree'
        if solved:
            detail += f' within {result.residual_px:.1f} px (one standard deviation)'
            if result.residual_m is not None:
                detail += f', their depths within {100 * result.residual_m:.1f} cm at 1 m'
        map_from_cam = covariance = None
        if rejection is None:
            cam_from_map = result.cam_from_map.cpu()
            map_from_cam = invert_pose(cam_from_map).numpy()
            covariance = map_covariance(
                cam_from_map, result.information.cpu(), self.options.correlated_cells,
                self.options.map_error_m, self.options.map_error_deg).numpy()
        seen = (pixels[inliers] + 0.5) * enlarged - 0.5
        return Localisation(map_from_cam, covariance, rejection, detail + '.', count, len(pixels),
                            seen.numpy(), points.cpu()[inliers].numpy(),
                            (time.perf_counter() - started) * 1e3, self.solver, str(self.device))
