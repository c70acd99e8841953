# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Posed images as a folder in 7-Scenes layout, for tests that damage some of its files."""

import cv2
import numpy as np

from scene_reloc_ros.geometry.camera_file import write_camera


def write_folder(folder, frames):
    """Write posed images with depth as frame-000000, frame-000001...; return the folder."""
    folder.mkdir()
    write_camera(folder / 'camera.yaml', frames[0].camera)
    for number, frame in enumerate(frames):
        stem = folder / f'frame-{number:06d}'
        cv2.imwrite(f'{stem}.color.png', frame.image)
        cv2.imwrite(f'{stem}.depth.png', np.rint(1000 * frame.depth_m).astype(np.uint16))
        np.savetxt(f'{stem}.pose.txt', frame.map_from_cam)
    return folder


def tear(path):
    """Cut a file in half, as a full disk or a crash does."""
    content = path.read_bytes()
    path.write_bytes(content[:len(content) // 2])


def lose_tracking(path):
    """Write the pose of a frame that was not tracked, as ScanNet has it."""
    path.write_text('-inf -inf -inf -inf\n' * 4)
