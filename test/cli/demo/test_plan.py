# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""What the demo plays: the room, lists of a sequence, or its parts; asked for in a sentence."""

import argparse

import pytest

from scene_reloc_ros.cli.demo import command as demo
from scene_reloc_ros.cli.demo.plan import demo_plan, ROOM_BOUND, SEQUENCE_BOUND
from scene_reloc_ros.datasets.open_sequence import open_sequence, read_frame_list


def planned(*arguments):
    """Return plan and bound of arguments of the command line."""
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return demo_plan(parser.parse_args(arguments))


def test_the_room_is_surveyed_by_day_and_revisited_in_the_evening_on_another_route():
    plan, bound = planned()
    survey, back = (open_sequence(plan[part]['sequence']) for part in ('survey', 'return'))
    assert (len(survey), len(back)) == (300, 100)
    assert 'light=day' in plan['survey']['sequence']
    assert 'simulated:return' in plan['return']['sequence']
    assert 'light=evening' in plan['return']['sequence']
    assert bound == ROOM_BOUND
    assert str(bound) == 'at least 90% of the frames within 5 cm and 5 degrees'


def test_the_kidnapped_robot_gets_no_map_and_another_start():
    plan, _ = planned('--quick')
    assert plan['survey']['publish_map_to_odom'] and not plan['return']['publish_map_to_odom']
    assert plan['survey']['odometry_start'] != plan['return']['odometry_start']
    assert plan['survey']['seed'] != plan['return']['seed']


def test_the_numbers_of_frames_can_be_chosen():
    plan, _ = planned('--frames-map', '40', '--frames-query', '7')
    assert len(open_sequence(plan['survey']['sequence'])) == 40
    assert len(open_sequence(plan['return']['sequence'])) == 7


@pytest.mark.real_data
def test_the_lists_of_a_sequence_are_thinned_to_what_a_demo_has_time_for(redkitchen):
    plan, bound = planned('--sequence', str(redkitchen))
    survey, back = plan['survey'], plan['return']
    assert survey['frames'] == str(redkitchen / 'map.txt')
    assert (survey['step'], survey['count'], back['step'], back['count']) == (2, 345, 1, 110)
    assert not set(read_frame_list(survey['frames'])) & set(read_frame_list(back['frames']))
    assert bound == SEQUENCE_BOUND


def test_a_sequence_without_lists_is_split_after_two_thirds(tmp_path):
    import numpy as np

    from scene_reloc_ros.datasets.recording import RecordingWriter
    from scene_reloc_ros.geometry.camera import Camera
    from scene_reloc_ros.geometry.posed_image import PosedImage
    camera = Camera(64, 48, 60.0, 60.0, 31.5, 23.5)
    writer = RecordingWriter(tmp_path, camera)
    for index in range(9):
        writer.append(PosedImage(str(index), index * 10 ** 8, np.zeros((48, 64), np.uint8),
                                 camera, np.eye(4)))
    plan, _ = planned('--sequence', str(tmp_path), '--frames-map', '3')
    assert [plan['survey'][key] for key in ('first', 'step', 'count')] == [0, 2, 3]
    assert [plan['return'][key] for key in ('first', 'step', 'count')] == [6, 1, 3]


def test_a_missing_sequence_is_refused_before_any_process_starts(tmp_path):
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    pytest.importorskip('rclpy', reason='the demo needs ROS 2')
    args = parser.parse_args(['--sequence', '/no/such', '--out', str(tmp_path / 'out')])
    with pytest.raises(ValueError, match='sequence folder /no/such does not exist'):
        demo.run(args)
    assert not (tmp_path / 'out').exists()
