# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The three nodes through their lifecycle, in processes of their own."""


from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from support.bystander import BEST_EFFORT, LATCHED
from support.places import EXACT_RELOCALISER

pytestmark = pytest.mark.ros
NODES = ('relocaliser', 'mapper', 'dataset_player')
EXACT = EXACT_RELOCALISER


@pytest.fixture(scope='module', autouse=True)
def nodes(start_node):
    """Start the three nodes, not yet configured."""
    targets = (EXACT, 'scene_reloc_ros.ros.mapper.node', 'scene_reloc_ros.ros.dataset_player.node')
    return {name: start_node(target, {'autostart': False})
            for name, target in zip(NODES, targets)}


def change(bystander, node, transition):
    """Ask for a transition and return whether it succeeded."""
    request = Transition(id=getattr(Transition, f'TRANSITION_{transition}'))
    return bystander.call(ChangeState, f'/{node}/change_state', transition=request).success


def state(bystander, node):
    """Return the name of the state."""
    return bystander.call(GetState, f'/{node}/get_state').current_state.label


@pytest.mark.parametrize('node', NODES)
def test_a_node_goes_through_its_states_twice(bystander, node):
    assert state(bystander, node) == 'unconfigured'
    for _ in range(2):
        for transition, label in (('CONFIGURE', 'inactive'), ('ACTIVATE', 'active'),
                                  ('DEACTIVATE', 'inactive'), ('ACTIVATE', 'active'),
                                  ('DEACTIVATE', 'inactive'), ('CLEANUP', 'unconfigured')):
            assert change(bystander, node, transition), transition
            assert state(bystander, node) == label


@pytest.mark.parametrize('service', [
    '/relocaliser/relocalise', '/mapper/start', '/mapper/train', '/dataset_player/play'])
def test_a_service_of_an_inactive_node_says_so(bystander, service):
    answer = bystander.call(Trigger, service)
    assert not answer.success
    assert 'the node is unconfigured; activate it' in answer.message


def test_an_inactive_relocaliser_is_silent(bystander):
    assert change(bystander, 'relocaliser', 'CONFIGURE')
    status = bystander.listen_json('/relocaliser/status')
    ready = bystander.listen(Bool, '/relocaliser/ready', LATCHED)
    images = bystander.publisher(Image, 'image', BEST_EFFORT)
    reports = bystander.listen(DiagnosticArray, '/diagnostics')
    for _ in range(20):
        images.publish(Image())
    bystander.until(lambda: any('the node is inactive' in s.message for report in reports
                                for s in report.status if 'relocaliser' in s.name), 'diagnosis')
    assert status == [] and ready == []
    assert change(bystander, 'relocaliser', 'ACTIVATE')
    bystander.until(lambda: ready, '~/ready')
    images.publish(Image())
    bystander.until(lambda: status and status[-1]['reason'] == 'no_map', 'the status')
    assert 'no map is loaded' in status[-1]['sentence']
    assert change(bystander, 'relocaliser', 'DEACTIVATE')
    assert change(bystander, 'relocaliser', 'CLEANUP')


def test_a_map_that_is_not_there_is_refused_when_it_is_set(bystander):
    for value, sentence in (('/no/such/map', 'map file /no/such/map does not exist'),
                            ('~no-such-user/k.map', 'no home folder for its ~')):
        parameter = Parameter('map', value=value).to_parameter_msg()
        result = bystander.call(
            SetParameters, '/relocaliser/set_parameters', parameters=[parameter]).results[0]
        assert not result.successful and sentence in result.reason


def test_a_map_that_cannot_be_loaded_stops_the_configuration_with_a_sentence(bystander, tmp_path):
    gone = tmp_path / 'gone.map'
    gone.touch()
    parameter = Parameter('map', value=str(gone)).to_parameter_msg()
    bystander.call(SetParameters, '/relocaliser/set_parameters', parameters=[parameter])
    gone.unlink()
    reports = bystander.listen(DiagnosticArray, '/diagnostics')
    assert not change(bystander, 'relocaliser', 'CONFIGURE')
    assert state(bystander, 'relocaliser') == 'unconfigured'
    bystander.until(lambda: any(f'map file {gone} does not exist' in s.message
                                for report in reports for s in report.status), 'the diagnosis')


def test_an_interrupted_node_ends_with_code_zero_and_without_traceback(nodes):
    for name, node in nodes.items():
        assert node.stop() == 0, name
        assert 'Traceback' not in node.log.read_text()
