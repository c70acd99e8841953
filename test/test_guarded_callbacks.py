# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Every callback and thread of ``ros`` is registered through the one net under them."""

import ast
from pathlib import Path
import re

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'scene_reloc_ros' / 'ros'
# What rclpy or a thread calls: node/guard.py and node/threads.py register it.
AROUND = re.compile(
    r'^(rclpy\.)?(node\.|lifecycle\.)?(Lifecycle)?Node$|(^|\.)create_node$|'
    r'^(rclpy\.node\.)?(Lifecycle)?Node\.(create|add)_|(^|\.)(Thread|Timer|ThreadPoolExecutor)$|'
    r'create_guard_condition$|create_jump_callback$|add_(pre|post)_set_parameters_callback$|'
    r'(^|\.)(MultiThreadedExecutor|Subscription|Service|ActionServer)$')
NETS = {'node/guard.py', 'node/threads.py'}
# The watch over the end of a process starts before rclpy; launch_ros has classes of these names.
EXEMPT = {'node/stop_signals.py', 'node/launch_description.py'}
GUARDED_BASE = 'GuardedCallbacks'


def names_used(node):
    """Return the bases of a class, or what a call calls."""
    if isinstance(node, ast.ClassDef):
        bases = [ast.unparse(base) for base in node.bases]
        return [] if GUARDED_BASE in bases else bases
    if not isinstance(node, ast.Call):
        return []
    name = ast.unparse(node.func)
    wrapped = node.keywords and all(
        '.guard.of(' in ast.unparse(argument.value) for argument in node.keywords)
    return [] if name.endswith('create_jump_callback') and wrapped else [name]


def faults_of(name, source):
    """Yield what a file registers around the net."""
    if name in NETS | EXEMPT:
        return
    for node in ast.walk(ast.parse(source)):
        for used in names_used(node):
            if AROUND.search(used):
                yield f'{name}:{node.lineno}: {used}'


def test_nothing_is_registered_around_the_net():
    files = {str(file.relative_to(PACKAGE)): file.read_text() for file in PACKAGE.rglob('*.py')}
    assert NETS | EXEMPT <= set(files)
    assert [fault for name, source in files.items() for fault in faults_of(name, source)] == []


@pytest.mark.parametrize('source', [
    'threading.Thread(target=print).start()',
    'from threading import Thread\nThread(target=print)',
    'node = rclpy.create_node("a")',
    'class A(Node):\n    pass',
    'class A(rclpy.lifecycle.LifecycleNode):\n    pass',
    'Node.create_timer(self, 1.0, print)',
    'clock.create_jump_callback(threshold, post_callback=print)',
    'clock.create_jump_callback(threshold)',
    'node.add_post_set_parameters_callback(print)',
    'executor = MultiThreadedExecutor(2)',
    'server = ActionServer(node, Fibonacci, "~/a", print)',
])
def test_a_planted_fault_is_found(source):
    assert list(faults_of('mapper/a.py', source))


@pytest.mark.parametrize('source', [
    'class A(GuardedCallbacks, LifecycleNode):\n    pass',
    'node.create_timer(1.0, print)',
    'node.create_action_server(Fibonacci, "~/a", print, group)',
    'guarded_thread(print, "a").start()',
    'clock.create_jump_callback(threshold, post_callback=node.guard.of(print, "a jump"))',
])
def test_what_goes_through_the_net_is_allowed(source):
    assert not list(faults_of('mapper/a.py', source))
