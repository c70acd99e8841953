# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Topics, services and JSON fields that the source code of the nodes creates, read with ast."""

import ast
from collections import namedtuple

_PUBLISHING = {'create_publisher', 'create_lifecycle_publisher', '_publisher'}
# What brings topics along wherever it is made: (direction, topic).
_BUILDERS = {
    'TransformBroadcaster': {('out', '/tf')},
    'StaticTransformBroadcaster': {('out', '/tf_static')},
    'TransformListener': {('in', '/tf'), ('in', '/tf_static')},
    'Updater': {('out', '/diagnostics')},
}
NODES = ('relocaliser', 'mapper', 'dataset_player')
# Whose nodes use a folder below ros/.
_USERS = {'bridge': ('relocaliser', 'mapper'), 'node': NODES, **{node: (node,) for node in NODES}}

Created = namedtuple('Created', 'node direction topic message qos')


def calls_in(trees):
    """Yield (name of what is called, call) of all calls."""
    for node in (n for tree in trees for n in ast.walk(tree)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rsplit('.', 1)[-1], node


def _direction(name):
    """Return 'in', 'out' or 'service' of a call's name, else None."""
    if name in _PUBLISHING:
        return 'out'
    return {'create_subscription': 'in', 'Subscriber': 'in', 'create_service': 'service',
            'create_action_server': 'service'}.get(name)


def _created_by(name, call):
    """Return (direction, type, topic, qos) of a call; topic is None where it is computed."""
    direction = _direction(name)
    arguments = call.args[1:] if name == 'Subscriber' else call.args
    if direction is None or len(arguments) < 2:
        return None
    topic = arguments[1].value if isinstance(arguments[1], ast.Constant) else None
    given = arguments[3:4] if name == 'create_subscription' else arguments[2:3]
    given = [*given, *(k.value for k in call.keywords if k.arg == 'qos_profile')]
    return direction, ast.unparse(arguments[0]), topic, ast.unparse(given[0]) if given else ''


class NodeSources:
    """The source code of the nodes."""

    def __init__(self, ros):
        """Read the folders below ros/ that the nodes are made of."""
        self._trees = {folder: [ast.parse(file.read_text('utf-8'))
                                for file in (ros / folder).rglob('*.py')] for folder in _USERS}

    def _calls(self):
        """Yield (node, what is called, what it creates) of all calls, once for each node."""
        for folder, trees in self._trees.items():
            for name, call in calls_in(trees):
                made = _created_by(name, call)
                for node in _USERS[folder]:
                    yield node, name, made

    def created(self):
        """Return what is created by a name that stands in the code, as a set of Created."""
        found = set()
        for node, name, made in self._calls():
            if made and made[2] is not None:
                direction, message, topic, qos = made
                found.add(Created(node, direction, topic, message,
                                  '' if direction == 'service' else qos))
            found |= {Created(node, direction, topic, '', 'upstream')
                      for direction, topic in _BUILDERS.get(name, ())}
        return found

    def computed(self):
        """Return (node, direction) of the calls whose topic is computed."""
        return {(node, made[0]) for node, _, made in self._calls() if made and made[2] is None}

    def words(self, node):
        """Return every string, attribute and keyword in what a node is made of."""
        found = set()
        trees = [tree for folder in _USERS if node in _USERS[folder]
                 for tree in self._trees[folder]]
        for part in (n for tree in trees for n in ast.walk(tree)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.add(part.value)
            elif isinstance(part, ast.Attribute):
                found.add(part.attr)
            elif isinstance(part, ast.keyword):
                found.add(part.arg)
        return found


def dictionary_keys(tree, function=None):
    """Return the keys of the outermost dictionaries in a tree, or in one of its functions.

    Keywords of ``update`` count too: they go into a dictionary.
    """
    if function is not None:
        tree = next(n for n in ast.walk(tree)
                    if isinstance(n, ast.FunctionDef) and n.name == function)
    if isinstance(tree, ast.Dict):
        return {key.value for key in tree.keys if isinstance(key, ast.Constant)}
    found = set()
    if isinstance(tree, ast.Call) and ast.unparse(tree.func).endswith('.update'):
        found |= {keyword.arg for keyword in tree.keywords if keyword.arg}
    for child in ast.iter_child_nodes(tree):
        found |= dictionary_keys(child)
    return found
