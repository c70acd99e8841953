# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The action that finds the robot anew, asked over real DDS, and the status in its type."""

import math
import threading

from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
from rclpy.action import ActionClient
from support.places import EXACT_RELOCALISER
from support.robot import MAP_FROM_BASE, Robot

from scene_reloc_ros.ros.bridge.conversions import nanoseconds, pose_of_message

ours = pytest.importorskip('scene_reloc_msgs.action', reason='scene_reloc_msgs is not installed')
messages = pytest.importorskip('scene_reloc_msgs.msg', reason='scene_reloc_msgs is not installed')
pytestmark = pytest.mark.ros


class Asked:
    """A goal, its feedback and its answer."""

    def __init__(self, client, bystander, seconds):
        """Send a goal that is tried for so many seconds."""
        self.feedback, self._bystander = [], bystander
        whole = math.floor(seconds)
        goal = ours.Relocalise.Goal(
            timeout=Duration(sec=whole, nanosec=round((seconds - whole) * 1e9)))
        sent = client.send_goal_async(
            goal, feedback_callback=lambda message: self.feedback.append(message.feedback))
        bystander.until(sent.done, 'the acceptance')
        assert sent.result().accepted
        self.handle = sent.result()
        self._answer = self.handle.get_result_async()

    @property
    def done(self):
        """Tell whether the answer has come."""
        return self._answer.done()

    @property
    def answer(self):
        """Wait for the answer; return status and result."""
        self._bystander.until(self._answer.done, 'the answer')
        return self._answer.result().status, self._answer.result().result


@pytest.fixture(scope='module')
def robot(start_node, bystander, tmp_path_factory):
    """Start the relocaliser with a map, and a robot for it."""
    path = tmp_path_factory.mktemp('map') / 'a.map'
    path.write_text('map')
    start_node(EXACT_RELOCALISER, {
        'map': str(path), 'relocalise_timeout': 1.0, 'tf_wait': 0.3, 'gate': False,
        'lost_after_frames': 3})
    return Robot(bystander)


@pytest.fixture(scope='module')
def ask(robot):
    """Return a function that sends a goal."""
    client = ActionClient(robot.bystander.node, ours.Relocalise,
                          '/relocaliser/relocalise_action')
    assert client.wait_for_server(20.0)
    yield lambda seconds=20.0: Asked(client, robot.bystander, seconds)
    client.destroy()


def test_a_goal_is_answered_with_the_pose_and_feedback_tells_the_tries_before(robot, ask):
    goal = ask()
    for _ in range(2):
        robot.see(None)
    robot.bystander.until(lambda: any(f.tries >= 2 for f in goal.feedback), 'the feedback')
    told = goal.feedback[-1]
    assert told.best_reason == 'too_few_inliers' and told.best_sentence.startswith('Too few')
    assert told.best_probability == 0.0
    seen = robot.see(MAP_FROM_BASE)
    status, result = goal.answer
    assert status == GoalStatus.STATUS_SUCCEEDED and result.success
    assert result.message.startswith(f'localised after {result.tries} tries')
    assert nanoseconds(result.pose.header.stamp) == seen['stamp_ns']
    assert result.pose.header.frame_id == 'map'
    np.testing.assert_allclose(pose_of_message(result.pose.pose.pose), MAP_FROM_BASE, atol=1e-9)
    assert result.pose.pose.covariance[0] > 0


def test_a_goal_that_finds_nothing_is_aborted_in_its_time_with_the_sentence(robot, ask):
    goal = ask(0.6)
    while not goal.done:
        robot.see(None)
    status, result = goal.answer
    assert status == GoalStatus.STATUS_ABORTED and not result.success
    assert result.message.startswith(f'not localised after {result.tries} tries in 0.6 s')
    assert 'Too few of the image points' in result.message


def test_no_time_means_that_of_the_parameter(robot, ask):
    status, result = ask(0.0).answer
    assert status == GoalStatus.STATUS_ABORTED
    assert result.message.startswith('not localised after 0 tries in 1.0 s')
    assert 'wait for the next image' in result.message


def test_a_goal_can_be_cancelled_and_the_next_one_is_worked_on(robot, ask):
    goal = ask()
    robot.see(None)
    cancelled = goal.handle.cancel_goal_async()
    status, result = goal.answer
    assert cancelled.result().goals_canceling
    assert status == GoalStatus.STATUS_CANCELED and not result.success
    assert result.message.startswith('cancelled; not localised after 1 tries')
    following = ask()
    robot.see(MAP_FROM_BASE)
    assert following.answer[1].success


def test_a_second_goal_is_refused_by_a_sentence_and_the_first_goes_on(robot, ask):
    first, second = ask(), ask()
    status, result = second.answer
    assert status == GoalStatus.STATUS_ABORTED
    assert result.message == ('not localised: another goal is being worked on; wait for it, or '
                              'cancel it')
    assert not first.done
    robot.see(MAP_FROM_BASE)
    assert first.answer[1].success


def test_many_goals_at_once_are_one_search_and_refusals(robot, ask):
    goals = [ask() for _ in range(8)]
    robot.bystander.until(lambda: sum(goal.done for goal in goals) == 7, 'the refusals')
    robot.see(MAP_FROM_BASE)
    assert sorted(goal.answer[1].success for goal in goals) == [False] * 7 + [True]


@pytest.mark.parametrize('seconds', [-1.0, -0.25])
def test_a_negative_time_is_refused_by_a_sentence(ask, seconds):
    status, result = ask(seconds).answer
    assert status == GoalStatus.STATUS_ABORTED
    assert result.message == (f'not localised: timeout is {seconds:g} s; give a time to try, or '
                              '0 for relocalise_timeout')


def test_the_status_in_its_type_says_what_json_says(robot):
    typed = robot.bystander.listen(messages.RelocalisationStatus, '/relocaliser/status_msg')
    told = {}

    def both():
        told.update(robot.see(MAP_FROM_BASE))
        return [one for one in typed if nanoseconds(one.header.stamp) == told['stamp_ns']]
    found = robot.bystander.until(both, 'the same status twice')[0]
    assert found.ready and found.phase == messages.RelocalisationStatus.LOCALISED
    assert (found.reason, found.sentence, found.map) == ('accepted', told['sentence'], told['map'])
    assert (found.inliers, found.cells, found.frames) == (2, 48, told['frames'])
    assert found.latency_ms == pytest.approx(told['latency_ms'])
    assert found.header.frame_id == 'map'


def test_a_node_that_is_not_active_says_so_and_ends_what_it_worked_on(robot, ask):
    """The last test of the module: the node stays inactive."""
    goal = ask()
    caller = threading.Thread(target=robot.bystander.call, args=(
        ChangeState, '/relocaliser/change_state'), kwargs={
            'transition': Transition(id=Transition.TRANSITION_DEACTIVATE)})
    caller.start()
    status, result = goal.answer
    caller.join()
    assert status == GoalStatus.STATUS_ABORTED
    assert result.message.startswith('not localised after 0 tries')
    assert 'the node was deactivated' in result.message
    assert ask().answer[1].message == 'not localised: the node is inactive; activate it'
