# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Figures of a map file: as plain values, and as rows for people."""

from __future__ import annotations

from dataclasses import asdict
import math
from pathlib import Path
from typing import Any

from scene_reloc_ros.evaluation.published import described
from scene_reloc_ros.mapping.depth_correction import AGREEING_M, DepthCorrection
from scene_reloc_ros.mapping.scene_map import MapContent, SceneMap


def map_figures(path: str | Path, scene_map: SceneMap) -> dict[str, Any]:
    camera = scene_map.camera
    return {'map': str(path), 'map_bytes': Path(path).stat().st_size,
            'method': scene_map.content.method,
            'encoder': f'{scene_map.encoder_name} {scene_map.encoder_hash}'.strip(),
            **_head(scene_map.content),
            'camera': {'width': camera.width, 'height': camera.height, 'fx': camera.fx,
                       'fy': camera.fy, 'distortion_model': camera.distortion_model},
            'depth': scene_map.depth and _depth_figures(scene_map.depth),
            'calibration_table': scene_map.uncertainty and scene_map.uncertainty.as_dict(),
            'origin': list(scene_map.origin),
            'transform': scene_map.transform and list(scene_map.transform),
            **scene_map.metadata}


def _depth_figures(depth: DepthCorrection) -> dict[str, Any]:
    """Return a depth correction as plain values, without figures that nobody measured."""
    unknown = {} if depth.known else {'agreement': None, 'deviation_m': None}
    return {**asdict(depth), 'usable': depth.unavailable() is None, **unknown}


def _head(content: MapContent) -> dict[str, Any]:
    """Return the size of the head of a map that has one."""
    size = content.header.get('head')
    return {} if size is None else {'head': {key: size[key] for key in ('width', 'blocks')}}


def map_rows(figures: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    low, high = figures['extent']
    size = ' x '.join(f'{b - a:.1f}' for a, b in zip(low, high))
    camera = figures['camera']
    return (
        ('map', f'{figures["map"]}, {figures["map_bytes"] / 1e6:.2f} MB'),
        ('made', f'{figures["created"]} in {figures["mapping_seconds"]:.0f} s on '
                 f'{figures["device"]}'),
        ('method', described(figures['method'])),
        ('encoder', figures['encoder'] or 'none: no network is needed'),
        ('camera', f'{camera["width"]}x{camera["height"]}, f {camera["fx"]:.1f} '
                   f'{camera["fy"]:.1f}, distortion {camera["distortion_model"]}'),
        ('intrinsics', 'as mapping found them: f {fx:.1f} {fy:.1f}, centre {cx:.1f} {cy:.1f}, '
                        'radial {radial:+.3f}'.format(**figures['calibration'])),
        ('lens', _lens_text(figures)),
        ('depth', _depth_text(figures)),
        ('frames', f'{figures["frames"]}{_still_text(figures)}, cameras moved over {size} m'),
        *_pose_rows(figures),
        *_choice_rows(figures.get('choice')),
        ('content', _content_text(figures)),
        *(('frames', text) for text in figures.get('left_out', {}).get('sentences', ())),
        *([('minutes', figures['overrun'])] if figures.get('overrun') else []),
        *(_check_rows(figures['check'], figures['calibration_table']) if 'check' in figures
          else [('checked on', 'nothing: it grew while its frames were recorded')]))


def _still_text(figures: dict[str, Any]) -> str:
    """Return how many views the frames show, where a camera that stood still shows one of many."""
    distinct = figures.get('distinct_frames', figures['frames'])
    return '' if distinct == figures['frames'] else f' of {distinct} views (a camera stood still)'


def _pose_rows(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what there is to say of the poses: jumps, a far origin."""
    said = []
    if figures.get('pose_jumps'):
        said.append(f'they go on elsewhere {figures["pose_jumps"]} times, as at a loop closure')
    if any(figures['origin']):
        x, y, z = figures['origin']
        said.append(f'the map is kept from ({x:.0f}, {y:.0f}, {z:.0f}) m of its frame on')
    return ([('poses', '; '.join(said))] if said else []) + _transform_rows(figures['transform'])


def _transform_rows(transform: list[float] | None) -> list[tuple[str, str]]:
    """Return where the map lies in the frame that it shares with others, if it does."""
    if transform is None:
        return []
    return [('transform', 'x {:.3f} y {:.3f} z {:.3f} m, quaternion {:.4f} {:.4f} {:.4f} {:.4f}: '
                          'where the map lies in the frame of its answers'.format(*transform))]


def _check_rows(check: dict[str, Any], table: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return rows on the accuracy and the calibration, before the one that judges the map."""
    what = (f'{check["frames"]} frames in {check["blocks"]} blocks of time, kept from training'
            if check['held_out'] else f'{check["frames"]} frames that it was trained on')
    if check.get('maps', 0) > 1:
        what = (f'{check["frames"]} frames, each by one of {check["maps"]} maps that were made '
                'without it')
    what += ', with their depth' if check.get('with_depth') else ''
    metres, degrees = (float('nan') if check[key] is None else check[key]
                       for key in ('median_translation_m', 'median_rotation_deg'))
    cut_short = check.get('cut_short')
    rows = [*([('cut short', f'the clock left time for {cut_short}')] if cut_short else []),
            ('checked on', what),
            ('accuracy', f'{check["recall_5cm_5deg"]:.0%} within 5 cm, 5 degrees, '
                         f'{check["recall_10cm_5deg"]:.0%} within 10 cm; {check["accepted"]} '
                         f'accepted; median {100 * metres:.1f} cm, {degrees:.2f} degrees'),
            ('calibration', _table_text(check, table))]
    advice = f': {check["advice"]}' if check['advice'] else ''
    return [*rows, ('quality', check['quality'] + advice)]


def _table_text(check: dict[str, Any], table: dict[str, Any] | None) -> str:
    if table is None or not table['rgb']['frames'] or check['nees_mean'] is None:
        return 'none: covariances are those of other maps, and rather too large'
    rgb = table['rgb']
    return (f'deviations of the solver times {rgb["translation_scale"]:.1f} (position) and '
            f'{rgb["rotation_scale"]:.1f} (rotation), and {1000 * rgb["floor_m"]:.0f} mm, '
            f'{math.degrees(rgb["floor_rad"]):.2f} degrees; NEES {check["nees_mean"]:.1f} (6 is '
            f'honest), {check["nees_within_95"]:.0%} within the 95 % bound')


def _choice_rows(choice: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return what held-out frames said of the methods that were tried, if they were asked."""
    if choice is None:
        return []
    tried = '; '.join(
        f'{" + ".join(one["parts"])} {one["recall_2cm_2deg"]:.0%}, {one["recall_5cm_5deg"]:.0%}, '
        f'{one["recall_10cm_5deg"]:.0%}' for one in choice['tried'])
    return [('choice', f'{" + ".join(choice["kept"])} of: {tried} within 2, 5, 10 cm (best poses '
                       f'of {choice["frames"]} held-out frames)')]


def _content_text(figures: dict[str, Any]) -> str:
    """Return what a method made of the frames: training, forests, or key frames."""
    if len(figures.get('parts', ())) > 1:
        return '; '.join(f'{name}: {_content_text(part)}'
                         for name, part in figures['parts'].items())
    if 'training' in figures:
        training = figures['training']
        steps = f'{training["steps"]} steps'
        if training['steps'] < training.get('whole', 0):
            steps = f'{training["steps"]} of {training["whole"]} steps, cut short by the clock'
        return f'a head, {steps}, loss {training["loss_px"]:.2f} px, {training["valid"]:.1%} valid'
    if 'forests' in figures:
        return '; '.join(f'{forest["trees"]} trees, {forest["leaves"]} leaves of '
                         f'{forest["samples"]} pixels for images {kind} depth'
                         for forest, kind in zip(figures['forests'], ('with', 'without')))
    return f'{figures["key_frames"]} key frames, {figures["points"]} points'


def _lens_text(figures: dict[str, Any]) -> str:
    lens, tracks = figures['lens'], figures.get('camera_fit')
    if tracks is not None:
        return (f'{tracks["tracks"]} tracks through key frames: rays miss their points by '
                f'{tracks["before_px"]:.1f} px, {tracks["after_px"]:.1f} px with what was found')
    if 'forests' in figures:
        return 'as calibrated: forests take cameras as they are'
    if 'key_frames' in figures or 'parts' in figures:
        return 'as calibrated: key frames were not followed to learn of it'
    if lens is None:
        return 'as calibrated: no time to match views, or too few that turn against each other'
    return (f'{lens["pairs"]} pairs of views: points are {lens["before_px"]:.1f} px off their '
            f'epipolar lines, {lens["after_px"]:.1f} px with what was found')


def _depth_text(figures: dict[str, Any]) -> str:
    depth = figures['depth']
    if 'forests' in figures:
        return 'what the points of the forests come from: taken as it is'
    if depth is None:
        return _no_depth_text(figures)
    counted = f'a depth counts {depth["weight"]:.2f} of a pixel'
    if depth['agreement'] is None:
        return f'taken as it is: how well it agrees with the map is not known; {counted}'
    return (f'{depth["agreement"]:.0%} of the cells agree within {AGREEING_M} m (median '
            f'{100 * depth["deviation_m"]:.1f} cm) after disparities times {depth["scale"]:.3f} '
            f'{depth["offset"]:+.3f} per metre, tilt {depth["tilt_x"]:+.3f} '
            f'{depth["tilt_y"]:+.3f}; '
            f'{counted if depth["usable"] else "queries with depth are refused"}')


def _no_depth_text(figures: dict[str, Any]) -> str:
    """Return why a map cannot use the depth of a query."""
    if figures.get('depth_frames'):
        why = (f'that of {figures["depth_frames"]} frames led the mapping, but it cannot be '
               'compared with the map')
    elif (figures.get('options') or {}).get('depth') is False:
        why = 'left out, as it was asked for'
    else:
        why = 'the frames have none'
    return f'{why}; queries with depth are refused'
