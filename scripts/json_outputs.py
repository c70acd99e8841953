# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Fields of the JSON files that the command line writes with --json."""

# command -> {field: meaning}; test/test_documents.py compares with the source code.
_SCHEMA = {'schema': 'another number when a field changes its meaning or goes'}
FIELDS = {
    'map, info': {
        **_SCHEMA,
        'map': 'path', 'map_bytes': 'size of the file', 'encoder': 'name and hash; empty: none',
        'head': 'object: width and blocks of the network',
        'camera': 'object: of the mapping frames',
        'depth': 'object: how the depth camera disagrees with the map, usable or not; agreement '
                 'and deviation_m are null where nobody measured them; null: mapped without',
        'depth_frames': 'mapping frames whose depth was used',
        'overrun': 'sentence where the bound on the time could not be kept; empty: it was',
        'cut_short': 'what the clock left no time for; empty: nothing',
        'calibration_table': 'object: uncertainty model; rgb.frames is 0: too few to tell',
        'created': 'time, ISO 8601', 'frames': 'mapping frames',
        'distinct_frames': 'of them, those of a camera that stood still counted once',
        'cells': 'of ace: cells trained on',
        'points': 'of maps of key frames: points that are kept, of all key frames together',
        'seed': 'of all random choices', 'device': 'that trained',
        'method': 'name of the localisation method',
        'training': 'object: steps, those of the whole schedule (whole), seconds, loss_px, '
                    'valid; of ace only',
        'key_frames': 'of maps of key frames: how many',
        'parts': 'of auto and hybrid: object, of each method what it says of its part',
        'choice': 'of auto: object of the held-out frames, the methods tried, alone and together, '
                  'with their recalls, those kept, and their weights',
        'camera_fit': 'of the same: object of tracks, before_px, after_px; null: too few frames',
        'forests': 'of forest, for images with depth and without: list of trees, leaves, samples',
        'calibration': 'object: intrinsics as mapping found them',
        'left_out': 'object: how many frames are unreadable or without_pose; those whose poses '
                    'were not believed (frames), how many for each code of [reasons](reasons.md) '
                    '(reasons); sentences on all of them',
        'pose_jumps': 'how often the poses go on elsewhere, as at a loop closure',
        'transform': 'x, y, z in metres and quaternion x, y, z, w of the map in the frame that it '
                     'shares with others; null: none',
        'origin': 'x, y, z of where the coordinates inside the map are seen from, metres',
        'extent': 'two corners of the space that the camera moved in, metres',
        'options': 'object: settings of the mapping',
        'lens': 'object: what matched views tell of the lens; null: nothing; of ace only',
        'check': 'object: accuracy on held-out frames, with_depth or without, cut_short as above, '
                 'quality, advice',
        'mapping_seconds': 'wall time of the mapping'},
    'localise': {
        **_SCHEMA,
        'frames': 'frames asked', 'localised': 'of them with a pose',
        'rejections': 'object: refused frames by reason',
        'camera': 'list: sentences, as of evaluate',
        'left_out': 'object: frames that cannot be read, and sentences on them',
        'answers': 'list: of each frame (frame) the name of its map (null: there is one only), '
                   'reason (null: accepted), probability, inliers, cells, answered_ms'},
    'info SEQUENCE': {
        **_SCHEMA,
        'sequence': 'as it was given', 'frames': 'of the sequence',
        'posed': 'of them with a pose',
        'looked_at': 'of them decoded, for coverage and depth',
        'faults': 'list: sentences on those that cannot be read',
        'seconds': 'from the first stamp to the last', 'length_m': 'of the way, metres',
        'extent': 'two corners of the space that the camera moved in, metres; null: no poses',
        'sectors': 'list: frames that looked into each eighth of the horizon',
        'camera': 'object: of all frames',
        'depth': 'object: share of frames and pixels that have it, median_m, farthest_m (95 % are '
                 'nearer); null: none',
        'coverage': 'object: cells of 0.5 m seen, shares good, thin (few views) or turned '
                    '(the camera only turned), advice where to record more',
        'conventions': 'object: findings (mistake, sentence, value), mistakes that are right or '
                       'unknown, frames and pairs of views that told it, error_px'},
    'evaluate': {
        **_SCHEMA,
        'answers': 'list: as of localise, with translation_m and rotation_deg of the best pose, '
                   'accepted or not; null: there is none',
        'left_out': 'object: frames that cannot be read or have no pose, and sentences on them',
        'frames': 'frames evaluated', 'accepted': 'of them believed',
        'median_translation_m': 'of the accepted frames; null: none',
        'median_rotation_deg': 'of the accepted frames; null: none',
        'recall_2cm_2deg': 'share of all frames accepted and within 2 cm, 2 degrees',
        'recall_5cm_5deg': 'the same, 5 cm, 5 degrees',
        'recall_10cm_5deg': 'the same, 10 cm, 5 degrees',
        'nees_mean': 'of the accepted frames, six dimensions: 6 is honest',
        'nees_median': 'of the accepted frames',
        'nees_within_95': 'share within the 95 % bound of chi-square',
        'rejections': 'object: refused frames by reason',
        'latency_ms': 'object: median and p95', 'solver': '`reference` or `cuda`',
        'device': '`cpu` or `cuda`', 'map_bytes': 'size of the map, or of all',
        'depth': 'queries with depth',
        'camera': 'list: sentences on a calibration that does not fit, and on turned pictures',
        'perturb': 'with `--perturb`: its kind',
        'sequence': 'with `--sequence-seconds`: object of windows, those answered (by one frame '
                    'or joined), gross answers, errors and nees_mean of the joined ones, frames '
                    'and those accepted_alone',
        'unperturbed': 'with `--perturb`: object, these fields without it',
        'false_accept_rate': 'share of all queries accepted with a gross error',
        'acceptance_of_good': 'share of good answers that were accepted; null: none',
        'trust': 'object: queries, kinds, reliability, curve (docs/uncertainty.md)'},
    'compare (DIR/results.json)': {
        **_SCHEMA,
        'facts': 'object: sequence, ground truth, frames, machine, as texts',
        'rows': 'list: name, method, needs, failure (null: none), seeds, and values: by column '
                'mean and spread over seeds; a null mean is unknown, or infinite if it says so',
        'columns': 'object: what each column is', 'sentences': 'list: made by rule from the rows',
        'published': 'list: figures of others for orientation, and who answers to them here'},
}
