# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The fields of ~/status in the type of scene_reloc_msgs."""

import importlib
import math
from pathlib import Path
import sys

import pytest

from scene_reloc_ros.pipeline.tracking.supervisor import Phase
from scene_reloc_ros.ros.node.worker import LatestSlot
from scene_reloc_ros.ros.relocaliser.state import LocalisationState
from scene_reloc_ros.ros.relocaliser.status import status_fields

DEFINITION = (Path(__file__).resolve().parents[4]
              / 'interfaces/scene_reloc_msgs/msg/RelocalisationStatus.msg')


def fields(**changed):
    """Return the fields of a status that is about no image."""
    made = status_fields(LocalisationState(), LatestSlot(), 'no_image', 'none', None, 0)
    return {**made, 'mode': 'on_loss', 'tracking': 'lost', 'map': '', **changed}


def message(**changed):
    """Return the message of such fields."""
    pytest.importorskip('scene_reloc_msgs.msg', reason='scene_reloc_msgs is not installed')
    typed = importlib.import_module('scene_reloc_ros.ros.relocaliser.typed.status_message')
    return typed.status_message(fields(**changed), 'site')


def test_what_is_null_in_json_is_empty_or_no_number():
    sent = message()
    assert (sent.reason, sent.sentence, sent.mode) == ('no_image', 'none', 'on_loss')
    assert sent.event == sent.doubt == sent.camera == sent.solver == sent.device == ''
    assert all(map(math.isnan, (sent.probability, sent.latency_ms, sent.delay_ms)))
    assert (sent.header.stamp.sec, sent.header.frame_id, sent.ready) == (0, 'site', False)


def test_a_robot_that_is_degraded_is_ready_and_one_without_a_map_is_not():
    sent = message(tracking='degraded', state='localised', event='jump', probability=0.5)
    assert sent.ready and sent.phase == type(sent).DEGRADED
    assert (sent.event, sent.probability) == ('jump', 0.5)
    assert not message(tracking='unconfigured', state='no_map').ready


def test_every_phase_of_the_supervisor_is_a_number_of_the_message():
    listed = [line.split('=')[0].split()[-1].lower()
              for line in DEFINITION.read_text().splitlines()
              if line.startswith('uint8 ') and '=' in line]
    assert listed == [phase.value for phase in Phase]


def test_every_field_but_the_header_is_one_of_json():
    names = {line.split()[1] for line in DEFINITION.read_text().splitlines()
             if line and line[0] != '#' and '=' not in line}
    assert names - set(fields()) == {'header', 'phase', 'ready'}


def test_without_the_package_the_node_does_without(monkeypatch):
    for name in ('scene_reloc_msgs', 'scene_reloc_msgs.action', 'scene_reloc_msgs.msg'):
        monkeypatch.setitem(sys.modules, name, None)
    name = 'scene_reloc_ros.ros.compat.scene_reloc_messages'
    before = importlib.import_module(name)
    monkeypatch.delitem(sys.modules, name)
    module = importlib.import_module(name)
    assert module is not before
    assert module.Relocalise is None and module.RelocalisationStatus is None
