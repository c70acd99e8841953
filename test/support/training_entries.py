# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for what runs in the training process; spawned by name, so they live in a module.

Run as a script it is a node that begins a training and is killed: the training has to end too.
"""

import os
from pathlib import Path
import sys
import time
from types import SimpleNamespace


def obedient(recording, map_path, settings, messages, cancel):
    """Report progress until cancelled."""
    messages.send(('opened', 3))
    while not cancel.is_set():
        messages.send(('progress', 'train', 0.5, f'{settings["preset"]} of {recording}'))
        time.sleep(0.02)
    messages.send(('cancelled',))


def deaf(recording, map_path, settings, messages, cancel):
    """Never look at the event."""
    messages.send(('opened', 3))
    time.sleep(1000)


def crashing(recording, map_path, settings, messages, cancel):
    """End as a process that ran out of memory does."""
    messages.send(('opened', 3))
    os._exit(137)


def finishing(recording, map_path, settings, messages, cancel):
    """Write a map."""
    messages.send(('opened', 3))
    Path(map_path).parent.mkdir(exist_ok=True)
    Path(map_path).write_text('map')
    messages.send(('done', map_path))


def orphan(recording, map_path, settings, messages, cancel):
    """Work on for ever, as a training whose node does not ask it to stop."""
    from scene_reloc_ros.ros.mapper.training_process import end_with_parent
    end_with_parent()
    Path(map_path).write_text(str(os.getpid()))
    messages.send(('opened', 3))
    time.sleep(1000)


def session_in(folder):
    """Return what a training needs to know of a session."""
    return SimpleNamespace(recording=folder / 'recording', map_path=folder / 'map')


if __name__ == '__main__':
    from training_entries import orphan as entry

    from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
    from scene_reloc_ros.ros.mapper.training_client import Training
    training = Training(session_in(Path(sys.argv[1])), MapperNodeOptions(), None,
                        lambda kind, text: None, entry=entry)
    training.start()
    training.begun.wait(60)
    os.kill(os.getpid(), 9)
