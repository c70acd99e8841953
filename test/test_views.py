# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The views of RViz and Foxglove show topics that there are, as they are, and the same ones."""

import importlib
import json
from pathlib import Path
import sys

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
RVIZ, FOXGLOVE = ROOT / 'rviz' / 'relocalisation.rviz', ROOT / 'config' / 'foxglove_layout.json'
# What each display of RViz shows.
DISPLAYED = {'PointCloud2': 'PointCloud2', 'MarkerArray': 'MarkerArray', 'Path': 'Path',
             'Image': 'Image', 'PoseArray': 'PoseArray',
             'PoseWithCovariance': 'PoseWithCovarianceStamped'}
FOR_PEOPLE = {f'/relocaliser/{name}' for name in (
    'scene_cloud', 'markers', 'path', 'inliers', 'debug_image')}


@pytest.fixture(scope='module')
def topics():
    """Return {name with its node: Topic} of what the nodes send."""
    sys.path.insert(0, str(ROOT / 'scripts'))
    try:
        listed = importlib.import_module('interface_list').TOPICS
    finally:
        sys.path.remove(str(ROOT / 'scripts'))
    return {topic.name.replace('~', f'/{topic.node}'): topic
            for topic in listed if topic.direction == 'out'}


def rviz_displays():
    """Return {topic: display} of the view of RViz."""
    content = yaml.safe_load(RVIZ.read_text())
    return {display['Topic']['Value']: display
            for display in content['Visualization Manager']['Displays'] if 'Topic' in display}


def layout():
    """Return the layout of Foxglove."""
    return json.loads(FOXGLOVE.read_text())


def foxglove_topics():
    """Return the topics that the panels show."""
    found = set()
    for panel in layout()['configById'].values():
        found |= set(panel.get('topics', {}))
        found |= {panel.get('imageMode', {}).get('imageTopic'), panel.get('topicToRender')}
        found |= {panel[key].rsplit('.', 1)[0] for key in ('path', 'topicPath') if key in panel}
    return found - {None}


def panels_of(tree):
    """Yield the names of the panels in the tree of a layout."""
    if isinstance(tree, str):
        yield tree
    else:
        assert tree['direction'] in ('row', 'column') and 0 < tree['splitPercentage'] < 100
        yield from panels_of(tree['first'])
        yield from panels_of(tree['second'])


def test_rviz_shows_what_is_for_people_by_displays_that_can(topics):
    displays = rviz_displays()
    assert FOR_PEOPLE <= set(displays)
    for name, display in displays.items():
        shown = DISPLAYED[display['Class'].removeprefix('rviz_default_plugins/')]
        assert topics[name].message.split('/')[1] == shown, name


def test_rviz_listens_to_latched_topics_as_they_are_latched(topics):
    for name, display in rviz_displays().items():
        latched = topics[name].qos == 'LATCHED'
        assert display['Topic']['Durability Policy'] == (
            'Transient Local' if latched else 'Volatile'), name


def test_rviz_begins_with_everything_that_is_for_people_in_the_map_frame():
    displays = rviz_displays()
    assert all(displays[name]['Enabled'] for name in FOR_PEOPLE)
    assert displays['/relocaliser/scene_cloud']['Color Transformer'] == 'RGB8'
    options = yaml.safe_load(RVIZ.read_text())['Visualization Manager']['Global Options']
    assert options['Fixed Frame'] == 'map'


def test_foxglove_shows_the_same_topics_as_rviz_and_the_state_of_the_nodes(topics):
    assert foxglove_topics() - set(topics) == set() and set(rviz_displays()) <= foxglove_topics()
    assert {'/relocaliser/ready', '/relocaliser/status', '/diagnostics'} <= foxglove_topics()


def test_every_panel_of_foxglove_has_its_place_and_its_settings():
    content = layout()
    panels = list(panels_of(content['layout']))
    assert sorted(panels) == sorted(content['configById'])
    assert set(content) == {
        'configById', 'globalVariables', 'userNodes', 'playbackConfig', 'layout'}


def test_the_namespaces_of_the_markers_are_those_that_are_sent():
    source = (ROOT / 'scene_reloc_ros/ros/relocaliser/view/markers.py').read_text()
    of_rviz = rviz_displays()['/relocaliser/markers']['Namespaces']
    of_foxglove = layout()['configById']['3D!scene']['topics']['/relocaliser/markers']
    assert set(of_rviz) == set(of_foxglove['namespaces'])
    assert all(f"'{name}', Marker." in source for name in of_rviz)
