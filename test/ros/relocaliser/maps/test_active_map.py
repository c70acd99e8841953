# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""A relocaliser with several maps, over topics: which is in use, and when another one is."""

from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.srv import LoadMap
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String
from support.bystander import LATCHED
from support.maps.atlas_relocaliser import AT
from support.places import SUPPORT
from support.robot import MAP_FROM_BASE, Robot

from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions

pytestmark = pytest.mark.ros
HALL, YARD, ATTIC = range(3)


class Traveller(Robot):
    """A robot whose pictures show one of several maps."""

    def __init__(self, bystander):
        """Listen to what is told of maps."""
        self.shows = HALL
        self.active = bystander.listen(String, '/relocaliser/active_map', LATCHED,
                                       lambda message: message.data)
        self.found = bystander.listen(PoseWithCovarianceStamped, '/relocaliser/initialpose')
        self.scenes = bystander.listen(PointCloud2, '/relocaliser/scene_cloud', LATCHED,
                                       lambda message: message.width)
        bystander.until(lambda: self.active, '~/active_map')
        self.before = list(self.active)  # any image
        super().__init__(bystander)

    def picture(self, map_from_base, stamp_ns):
        """Return an image message taken there, of the map that is shown now."""
        message = Robot.picture(map_from_base, stamp_ns)
        if map_from_base is not None:
            message.data[AT] = self.shows
        return message

    def go(self, *maps):
        """Return the status of an image of each of these maps, one after the other."""
        answers = []
        for self.shows in maps:
            answers.append(self.see(MAP_FROM_BASE))
        return answers

    def reach(self, number, name):
        """Show a map until it is in use."""
        self.bystander.until(lambda: self.go(number)[0]['active_map'] == name, name)

    def set_maps(self, value):
        """Set the parameter map; returns the result."""
        return self.bystander.call(SetParameters, '/relocaliser/set_parameters', parameters=[
            Parameter('map', value=value).to_parameter_msg()]).results[0]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return a folder with maps of frames of their own, and one with maps of one frame."""
    folder = tmp_path_factory.mktemp('maps')
    for name, content in (('own', 'map'), ('shared', 'placed')):
        (folder / name).mkdir()
        for number, stem in enumerate(('hall', 'yard', 'attic')):
            (folder / name / f'{number}_{stem}.map').write_text(content)
    (folder / 'empty').mkdir()
    return folder


@pytest.fixture(scope='module')
def robot(start_node, bystander, folder):
    """Start the relocaliser with a list of maps."""
    names = [f'"{folder}/own/{stem}.map"' for stem in ('0_hall', '1_yard', '2_attic')]
    start_node(SUPPORT / 'maps' / 'atlas_relocaliser.py', {
        'map': f'[{", ".join(names)}]', 'lost_after_frames': 20, 'gate': False, 'tf_wait': 0.3})
    return Traveller(bystander)


def test_no_map_is_in_use_before_the_first_answer_and_its_map_afterwards(robot, folder):
    assert robot.before == ['']
    status = robot.go(HALL)[0]
    assert status['maps'] == ['0_hall', '1_yard', '2_attic']
    assert (status['active_map'], status['image_map'], status['map_votes']) == (
        '0_hall', '0_hall', {})
    assert status['map'] == ', '.join(
        f'{folder}/own/{stem}.map' for stem in ('0_hall', '1_yard', '2_attic'))
    robot.bystander.until(lambda: robot.active[-1] == '0_hall', '~/active_map')
    robot.bystander.until(lambda: robot.scenes and robot.scenes[-1] == 1, 'the scene')


def test_another_map_comes_into_use_after_three_answers_and_the_pose_is_forgotten(robot):
    robot.reach(HALL, '0_hall')
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    told, ready, poses = len(robot.found), len(robot.ready), len(robot.poses)
    first, second = robot.go(YARD, YARD)
    assert [s['reason'] for s in (first, second)] == ['other_map'] * 2
    assert [s['state'] for s in (first, second)] == ['localised'] * 2
    assert [s['map_votes'] for s in (first, second)] == [{'1_yard': 1}, {'1_yard': 2}]
    assert '2 of 3 answers among the newest 5 name 1_yard; 0_hall is in use' in second['sentence']
    assert (second['active_map'], second['image_map']) == ('0_hall', '1_yard')
    assert len(robot.poses) == poses and len(robot.ready) == ready
    third = robot.go(YARD)[0]
    assert (third['reason'], third['event'], third['active_map']) == (
        'accepted', 'localised', '1_yard')
    robot.bystander.until(lambda: len(robot.ready) >= ready + 2, 'ready again')
    assert [message.data for message in robot.ready[ready:]] == [False, True]
    robot.bystander.until(lambda: len(robot.found) > told, '~/initialpose')
    robot.bystander.until(lambda: robot.active[-1] == '1_yard', '~/active_map')
    robot.bystander.until(lambda: robot.scenes[-1] == 2, 'the other scene')


def test_answers_that_come_and_go_change_nothing(robot):
    robot.reach(HALL, '0_hall')
    answers = robot.go(HALL, YARD, HALL, ATTIC, HALL, YARD, HALL, ATTIC)
    assert {status['active_map'] for status in answers} == {'0_hall'}
    assert [status['reason'] for status in answers] == ['accepted', 'other_map'] * 4


def test_a_robot_that_is_lost_is_found_in_any_map(robot):
    robot.reach(HALL, '0_hall')
    for _ in range(20):
        status = robot.see(None)
    assert status['state'] == 'lost' and status['active_map'] == '0_hall'
    found = robot.go(ATTIC)[0]
    assert (found['reason'], found['event'], found['active_map']) == (
        'accepted', 'localised', '2_attic')


def test_in_one_frame_another_map_comes_into_use_and_nothing_is_forgotten(robot, folder):
    assert robot.bystander.call(LoadMap, '/relocaliser/load_map', map_url=str(
        folder / 'shared')).result == LoadMap.Response.RESULT_SUCCESS
    robot.bystander.until(lambda: robot.active[-1] == '', 'no map in use')
    robot.reach(HALL, '0_hall')
    robot.bystander.until(lambda: robot.ready[-1].data, 'ready')
    ready, told = len(robot.ready), len(robot.found)
    answers = robot.go(YARD, YARD, YARD, YARD)
    assert [s['reason'] for s in answers] == ['other_map', 'other_map', 'accepted', 'accepted']
    assert {s['state'] for s in answers} == {'localised'}
    robot.bystander.until(lambda: robot.active[-1] == '1_yard', '~/active_map')
    robot.bystander.until(lambda: robot.scenes[-1] == 2, 'the other scene')
    assert len(robot.ready) == ready and len(robot.found) == told


@pytest.mark.parametrize('given, sentence', [
    ('{0}/own/0_hall.map,{0}/own/gone.map', 'gone.map does not exist'),
    (['{0}/own/0_hall.map', '{0}/shared/0_hall.map'], 'have one name, 0_hall'),
    ('{0}/empty', 'empty holds no map'), (5, 'parameter map is 5; expected a path'),
    ([1.5, 2.5], 'expected a path, or a list of paths')])
def test_maps_that_cannot_be_used_are_refused_and_those_in_use_stay(robot, folder, given,
                                                                    sentence):
    before = robot.go(HALL)[0]['map']
    filled = ([text.format(folder) for text in given] if isinstance(given, list) and isinstance(
        given[0], str) else given.format(folder) if isinstance(given, str) else given)
    result = robot.set_maps(filled)
    assert not result.successful and sentence in result.reason
    assert robot.go(HALL)[0]['map'] == before


def test_a_parameter_takes_a_folder_a_text_with_commas_and_one_file(robot, folder):
    own = folder / 'own'
    for value, names in ((str(own), ['0_hall', '1_yard', '2_attic']),
                         (f'{own}/0_hall.map, {own}/1_yard.map', ['0_hall', '1_yard']),
                         ([f'{own}/1_yard.map'], ['1_yard'])):
        assert robot.set_maps(value).successful
        status = robot.bystander.until(lambda: robot.go(HALL)[0], 'a status')
        assert status['maps'] == names
    assert (status['active_map'], status['image_map']) == ('1_yard', '1_yard')
    assert robot.set_maps(['']).successful
    assert robot.go(HALL)[0]['state'] == 'no_map'


@pytest.mark.parametrize('agreeing, window', [(6, 5), (2, 1)])
def test_more_answers_than_are_looked_at_are_refused(agreeing, window):
    with pytest.raises(ValueError, match=f'map_switch_agreeing is {agreeing}, map_switch_window '
                       f'{window}; expected no more'):
        RelocaliserOptions(map_switch_agreeing=agreeing, map_switch_window=window)
