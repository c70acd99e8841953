# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Topics, services and JSON fields of the nodes, as docs/interfaces.md has them.

test/test_documents.py compares the list with what the source code creates, both ways.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic of a node."""

    node: str
    direction: str  # 'in' or 'out'
    name: str  # <p> stands for the value of the parameter p
    message: str
    qos: str  # a name in ros/node/qos.py, or upstream
    meaning: str


@dataclass(frozen=True)
class Service:
    """One service of a node, or an action."""

    node: str
    name: str
    type: str
    meaning: str


QOS = {
    'SENSOR': ('sensor data', 'best effort, volatile, depth 5'),
    'CAMERA_PUBLISHER': ('camera', 'reliable, volatile, depth 5'),
    'RESULT': ('result', 'reliable, volatile, depth 10'),
    'LATCHED': ('latched', 'reliable, transient local, depth 1'),
    'upstream': ('upstream', 'as tf2_ros and diagnostic_updater have them'),
}

IMAGE, COMPRESSED = 'sensor_msgs/Image', 'sensor_msgs/CompressedImage'
INFO = 'sensor_msgs/CameraInfo'
TEXT, FLAG, TRANSFORMS = 'std_msgs/String', 'std_msgs/Bool', 'tf2_msgs/TFMessage'
POSE = 'geometry_msgs/PoseWithCovarianceStamped'
DIAGNOSTICS = 'diagnostic_msgs/DiagnosticArray'


def _camera_topics(node):
    """Return what both nodes with a camera listen to."""
    return (
        Topic(node, 'in', 'image', IMAGE, 'SENSOR', 'with `image_transport: raw`'),
        Topic(node, 'in', 'image/compressed', COMPRESSED, 'SENSOR',
              'with `image_transport: compressed`'),
        Topic(node, 'in', 'camera_info', INFO, 'SENSOR', 'calibration of the camera'),
        Topic(node, 'in', 'depth', IMAGE, 'SENSOR', 'with `use_depth`, registered to the image'),
        Topic(node, 'in', 'depth/compressed', COMPRESSED, 'SENSOR',
              'the same with `depth_transport: compressed`'),
        Topic(node, 'in', 'depth/compressedDepth', COMPRESSED, 'SENSOR',
              'the same with `depth_transport: compressedDepth`'),
        Topic(node, 'in', '/tf', TRANSFORMS, 'upstream', 'robot, camera, odometry'),
        Topic(node, 'in', '/tf_static', TRANSFORMS, 'upstream', 'where the camera sits'),
        Topic(node, 'out', '/diagnostics', DIAGNOSTICS, 'upstream', 'the fields of `~/status`'),
    )


TOPICS = (
    *_camera_topics('relocaliser'),
    Topic('relocaliser', 'in', '<image_topic>', IMAGE, 'SENSOR',
          'of each camera of a rig (`cameras`), or `CompressedImage` on `compressed` below it'),
    Topic('relocaliser', 'in', '<camera_info_topic>', INFO, 'SENSOR', 'the same: calibration'),
    Topic('relocaliser', 'in', '<depth_topic>', IMAGE, 'SENSOR',
          'the same: depth, with `use_depth`'),
    Topic('relocaliser', 'in', '<map_ready_topic>', TEXT, 'LATCHED',
          'path of a finished map, which is loaded at once'),
    Topic('relocaliser', 'in', '<tracking_topic>', FLAG, 'SENSOR',
          'false: what tracks the robot between images is lost'),
    Topic('relocaliser', 'in', '<odometry_topic>', 'nav_msgs/Odometry', 'SENSOR',
          'watched for signs of a loss; the pose of the robot comes from `/tf`'),
    Topic('relocaliser', 'in', '/diagnostics', DIAGNOSTICS, 'RESULT',
          'with `watch_diagnostics`: who at ERROR or STALE means a loss'),
    Topic('relocaliser', 'in', 'initialpose', POSE, 'RESULT',
          'hint where the robot may be: compared with the answer, never part of it'),
    Topic('relocaliser', 'out', '~/initialpose', POSE, 'RESULT',
          'pose of `base_frame` in `map_frame`, once for each time that the robot is found; for '
          'AMCL, slam_toolbox, rtabmap, robot_localization'),
    Topic('relocaliser', 'out', '/tf', TRANSFORMS, 'upstream',
          '`map → odom` (`tf_mode`) at `tf_rate`, while localised'),
    Topic('relocaliser', 'out', '~/pose', POSE, 'RESULT',
          'accepted poses only, at the stamp of the image'),
    Topic('relocaliser', 'out', '~/status', TEXT, 'RESULT', 'one line of JSON for every image'),
    Topic('relocaliser', 'out', '~/status_msg', 'scene_reloc_msgs/RelocalisationStatus', 'RESULT',
          'the same in a type of its own, where scene_reloc_msgs is installed'),
    Topic('relocaliser', 'out', '~/ready', FLAG, 'LATCHED', 'whether the robot is localised'),
    Topic('relocaliser', 'out', '~/active_map', TEXT, 'LATCHED',
          'name of the map in use (its file without the suffix), empty while none is, no JSON; '
          'see [several maps](relocaliser.md#several-maps)'),
    Topic('relocaliser', 'out', '~/inliers', 'sensor_msgs/PointCloud2', 'RESULT',
          'scene points that agree with the pose, where somebody listens; float64 where float32 '
          'is too coarse, beyond 4 km'),
    Topic('relocaliser', 'out', '~/debug_image', IMAGE, 'RESULT',
          'the image, of refused ones too, with rings where those points are seen, dots where the '
          'pose puts them, state and reason; where somebody listens'),
    Topic('relocaliser', 'out', '~/scene_cloud', 'sensor_msgs/PointCloud2', 'LATCHED',
          'scene points of the map, at most `scene_cloud_points`, with colours (`rgb`; grey where '
          'an older map has none); once for every map, with stamp 0, for it holds at all times'),
    Topic('relocaliser', 'out', '~/markers', 'visualization_msgs/MarkerArray', 'RESULT',
          'namespaces `camera` (at the newest pose, in the colour of the state), `uncertainty` '
          '(ellipsoid of 95 %) and `state` (text with the reason), where somebody listens'),
    Topic('relocaliser', 'out', '~/path', 'nav_msgs/Path', 'RESULT',
          'the newest `path_poses` accepted poses, 5 cm or more apart, and the last one; emptied '
          'when the pose is forgotten; where somebody listens'),
    *_camera_topics('mapper'),
    Topic('mapper', 'in', 'odom', 'nav_msgs/Odometry', 'SENSOR', 'with `pose_source: odom`'),
    Topic('mapper', 'in', 'pose', 'geometry_msgs/PoseStamped', 'SENSOR',
          'with `pose_source: pose`'),
    Topic('mapper', 'out', '~/status', TEXT, 'RESULT', 'one line of JSON for every image, and '
          'once a second'),
    Topic('mapper', 'out', '~/progress', TEXT, 'RESULT', 'one line of JSON while training'),
    Topic('mapper', 'out', '~/map_ready', TEXT, 'LATCHED', 'path of the newest map, no JSON: the '
          'instant one while it grows, see `instant_map`, then the trained one'),
    Topic('mapper', 'out', '~/keyframes', 'geometry_msgs/PoseArray', 'LATCHED',
          'camera poses of the recording'),
    Topic('mapper', 'out', '~/coverage', 'visualization_msgs/MarkerArray', 'LATCHED',
          'cells of half a metre that the key frames have seen, namespaces `good`, `thin` (few '
          'views) and `turned` (the camera only turned); `route`, `looks`; `advice`: where to '
          'record more'),
    Topic('dataset_player', 'in', '<pace_topic>', TEXT, 'RESULT',
          'status of the node that is waited for'),
    Topic('dataset_player', 'out', 'image', IMAGE, 'CAMERA_PUBLISHER', 'frames of the data set'),
    Topic('dataset_player', 'out', 'camera_info', INFO, 'CAMERA_PUBLISHER', 'their calibration'),
    Topic('dataset_player', 'out', 'depth', IMAGE, 'CAMERA_PUBLISHER', 'with `publish_depth`'),
    Topic('dataset_player', 'out', 'odom', 'nav_msgs/Odometry', 'RESULT', 'odometry that drifts'),
    Topic('dataset_player', 'out', '/tf', TRANSFORMS, 'upstream',
          '`odom → base_link`; `map → odom` with `publish_map_to_odom`'),
    Topic('dataset_player', 'out', '/tf_static', TRANSFORMS, 'upstream', '`base_link` → camera'),
    Topic('dataset_player', 'out', '~/truth', 'geometry_msgs/PoseStamped', 'RESULT',
          'true pose of the camera in the map'),
    Topic('dataset_player', 'out', '~/status', TEXT, 'RESULT', 'JSON, one line for every frame'),
    Topic('dataset_player', 'out', '~/finished', FLAG, 'LATCHED', 'whether the playback is over'),
    Topic('dataset_player', 'out', '/diagnostics', DIAGNOSTICS, 'upstream', 'state of it'),
)

TRIGGER, EMPTY = 'std_srvs/Trigger', 'std_srvs/Empty'
SERVICES = (
    Service('relocaliser', '~/relocalise', TRIGGER,
            'forgets the pose and answers when it is found again, or not within '
            '`relocalise_timeout`'),
    Service('relocaliser', '~/relocalise_action', 'scene_reloc_msgs/Relocalise',
            'action, where scene_reloc_msgs is installed: the same with a time of its own, '
            'feedback after each image, and the pose; one goal at a time'),
    Service('relocaliser', 'reinitialize_global_localization', EMPTY,
            'forgets the pose; the name that Nav2 calls'),
    Service('relocaliser', '~/load_map', 'nav_msgs/LoadMap',
            'swaps the map, or all of several; as the parameter `map`, or `file://`'),
    Service('mapper', '~/start', TRIGGER, 'records, or goes on with what was stopped'),
    Service('mapper', '~/stop', TRIGGER, 'pauses recording'),
    Service('mapper', '~/resume', TRIGGER, 'goes on with a recording: the one that was stopped, '
            'the one that `session` names, or the newest that has no map'),
    Service('mapper', '~/recordings', TRIGGER, 'lists the recordings in `folder`'),
    Service('mapper', '~/train', TRIGGER, 'trains a map in a process of its own'),
    Service('mapper', '~/cancel', TRIGGER, 'stops a training; the recording stays'),
    Service('mapper', '~/discard', TRIGGER, 'deletes the recording of the session'),
    Service('dataset_player', '~/play', TRIGGER, 'plays from the start'),
    Service('dataset_player', '~/stop', TRIGGER, 'ends the playback'),
)

SCHEMA = 1
_SCHEMA = {'schema': f'{SCHEMA}; another number when a field changes its meaning or goes'}
_COMMON = {
    'stamp_ns': 'stamp of the image that this is about; null where it is about none',
    'state': None, 'reason': 'code, see [reasons](reasons.md)',
    'sentence': 'what happened, for people, with figures',
}
_SLOT = {'received': 'images received', 'dropped': 'of them replaced by newer ones, unhandled',
         'lost': 'images that did not arrive, as gaps between stamps show'}
# JSON on topics: (node, topic) -> {field: meaning}
MESSAGES = {
    ('relocaliser', '~/status'): {
        **_SCHEMA, **_COMMON, 'state': '`no_map`, `searching`, `localised` or `lost`',
        'mode': 'as the parameter says',
        'tracking': '`unconfigured`, `lost`, `relocalising`, `localised` or `degraded`, see '
        '[relocaliser](relocaliser.md)',
        'doubt': 'why the robot is lost or its pose is doubtful, where it is known; else null',
        'hint': 'object: the newest pose on initialpose beside an accepted one: stamp_ns, '
        'distance_m, angle_deg, agrees; null: no hint, or no pose',
        'event': '`localised`, `lost` or `jump` where this made it so, else null; `lost` is told '
        'at once, without an image too',
        'probability': 'that the pose is within the bounds asked for; null without a query',
        'inliers': 'cells that agree with the pose', 'cells': 'cells asked',
        'latency_ms': 'time of the query, milliseconds',
        'delay_ms': 'from the stamp of the image to this message, milliseconds',
        'frames': 'images handled', 'accepted': 'of them with a published pose',
        'refusals': 'object: how often each reason was the answer',
        'jumps': 'how often the pose jumped', **_SLOT,
        'map': 'path of the loaded map, of several all paths',
        'maps': 'list: names of the loaded maps',
        'active_map': 'name of the map in use; null: none yet',
        'image_map': 'name of the map that this answer is of; null without an answer',
        'map_votes': 'object: how many of the newest answers name each map that is not in use',
        'camera': 'what is wrong with the camera, with an estimate of the right value: a '
                  'calibration that does not fit the images, turned images; null: nothing known',
        'cameras': 'object, with a rig: what keeps each camera from being used, or null for it; '
        'null: one camera',
        'joined': 'object, where several images were solved together: `frames` (instants), '
        '`images` (of all cameras), `seconds` from the first to the last; null: one image alone',
        'map_to_odom_stamp_ns': 'stamp of the transform sent with this pose; null: none was',
        'solver': '`reference` or `cuda`',
        'device': '`cpu` or `cuda`'},
    ('mapper', '~/status'): {
        **_SCHEMA, **_COMMON, 'state': '`idle`, `recording`, `recorded` or `training`',
        'keyframes': 'key frames on disk', 'recording': 'folder of the recording',
        'recorded_mb': 'what the pictures take on disk, MB; 0 before the first key frame of this '
        'run', 'thinned': 'key frames that made room for others at `max_frames` or `max_disk_mb`',
        'instant_map': 'key frames of the newest instant map that was offered; null: none was',
        'refusal': 'code of a [rejection or doubt](reasons.md) where `reason` is `refused` for '
        'an image, else null',
        'refusals': 'object: how many images of the session were not kept for each such code',
        'pose_jumps': 'how often the poses went on elsewhere, as at a loop closure', **_SLOT,
        'conventions': 'object, after the first 40 key frames: findings (mistake, sentence, '
        'value), which mistakes are right or unknown; null before',
        'coverage': 'object: shares of the cells seen that are good, thin and turned; null before '
        'the first key frames'},
    ('mapper', '~/progress'): {
        **_SCHEMA, 'stage': 'of the mapping', 'fraction': 'of that stage, 0 to 1',
        'text': 'figures for people'},
    ('dataset_player', '~/status'): {
        **_SCHEMA, **_COMMON, 'state': '`playing` or `finished`', 'name': 'of the frame',
        'frame': 'its number, from 1', 'frames': 'frames to play',
        'unanswered': 'frames that `pace_topic` did not answer in time'},
}
# What the nodes with a camera add to the fields of ~/status on /diagnostics.
DIAGNOSTICS_FIELDS = {
    'cpu_percent': 'processor time of the process since the last message, percent of one core',
    'memory_mb': 'memory that it has in use, megabytes',
    'minute_images': 'relocaliser: images answered in the last minute',
    'minute_reasons': 'relocaliser: how many of them for each reason, `accepted` among them',
    'latency_ms_p50': 'relocaliser: median time of their queries, milliseconds; None: there was '
    'none',
    'latency_ms_p95': 'relocaliser: the time that 95 of 100 keep to, milliseconds',
}
del MESSAGES['dataset_player', '~/status']['reason']

# Reasons of the mapper's ~/status, beside no_image, frame_failed and worker_died: (sentence, what
# to do).
MAPPER_REASONS = {
    'idle': ('Nothing is recorded yet.', 'Call `~/start`.'),
    'start': ('Recording has begun.', 'Drive through the place, slowly.'),
    'resume': ('Recording goes on.', 'Drive through the place, slowly.'),
    'stop': ('Recording is paused.', 'Call `~/train`, or `~/start` to go on.'),
    'kept': ('The image is a key frame and is on disk.', 'Nothing.'),
    'not_moved': ('The camera has not moved enough since the last key frame.',
                  'Move; or lower `key_frame_translation` and `key_frame_rotation`.'),
    'refused': ('An image cannot be recorded, or a service was refused.',
                'The sentence names what is missing: camera_info, a pose, depth, space on disk.'),
    'train': ('A training begins.', 'Watch `~/progress`.'),
    'cancel': ('The training was cancelled by its service.', 'Nothing; the recording stays.'),
    'cancelled': ('The training has ended without a map.', 'Nothing; the recording stays.'),
    'done': ('The map is written; its path is on `~/map_ready`.',
             'Read its quality in the sentence; where it is not good, record more.'),
    'failed': ('The training ended with an error.',
               'Read the sentence and the log; often memory was short.'),
    'discard': ('The recording was deleted.', 'Nothing.'),
}
