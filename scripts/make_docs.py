# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Write docs/parameters.md, docs/reasons.md and docs/interfaces.md from the source code.

Run it with the Python of .venv; ``--check`` writes nothing and ends with 1 where one is stale.
"""

import argparse
from dataclasses import fields
from pathlib import Path
import sys

from interface_list import DIAGNOSTICS_FIELDS, MAPPER_REASONS, MESSAGES, QOS, SERVICES, TOPICS
from json_outputs import FIELDS

from scene_reloc_ros.pipeline.tracking.loss import LossReason
from scene_reloc_ros.ros.dataset_player.options import DatasetPlayerOptions
from scene_reloc_ros.ros.mapper.options import MapperNodeOptions
from scene_reloc_ros.ros.node.status_reason import StatusReason
from scene_reloc_ros.ros.relocaliser.options import RelocaliserOptions
from scene_reloc_ros.ros.relocaliser.sight.options import RigCameraParameters
from scene_reloc_ros.uncertainty.pose_plausibility import PoseDoubt
from scene_reloc_ros.uncertainty.rejection import Rejection

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = {'relocaliser': RelocaliserOptions, 'mapper': MapperNodeOptions,
           'dataset_player': DatasetPlayerOptions}
_MADE = '<!-- Made by scripts/make_docs.py from the source code; change it there. -->\n'
_ABOUT_PARAMETERS = """\
Set them in a file (`config/` holds one for each node, with the defaults), as a launch argument or
with `ros2 param set`. A value outside its range is refused with a sentence. Where the column
*change* says "start", a change needs a new start of the node.
"""
_ABOUT_RIGS = """\
## Cameras of a rig
Of each name in `cameras` of the relocaliser, written `<name>.<parameter>`; all are read when the
node starts ([several cameras](relocaliser.md#several-cameras)).
"""
_ABOUT_REASONS = """\
The field `reason` of `~/status` is one of these codes. [How to read a
rejection](troubleshooting.md#how-to-read-a-rejection) tells which of them to worry about.
"""
_ABOUT_REJECTIONS = """\
The same codes stand in the reports of `scene_reloc localise` and `evaluate`. In Python they are
the members of `Rejection`, in capitals.
"""
_ABOUT_DOUBTS = """\
The mapper counts them in `refusals`, beside rejections that are found before the image is looked
at; `scene_reloc map` names the frames that it leaves out for them.
"""
_ABOUT_INTERFACES = """\
Names are relative unless they begin with a slash, so that namespaces and remapping work. `<p>` is
the value of the parameter `p`. Only standard messages are used; a topic of JSON carries one object
in one line, whose field `schema` says by which list of fields to read it.
"""
_ABOUT_QOS = """\
Camera, odometry and the topics of relocaliser and dataset_player can be changed with
`qos_overrides` parameters.
"""


def table(header, rows):
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [header, ['---'] * len(header), *rows]
    return '\n'.join('| ' + ' | '.join(cell.replace('|', '\\|') for cell in line) + ' |'
                     for line in lines) + '\n'


def type_name(default):
    """Return the ROS type of a parameter with such a default."""
    if isinstance(default, tuple) and isinstance(default[0], str):
        return 'string[]'
    if isinstance(default, tuple):
        return f'{len(default)} x {type_name(default[0])}'
    return {bool: 'bool', int: 'int', float: 'double', str: 'string'}[type(default)]


def shown(value):
    """Return a default as a configuration file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return '[' + ', '.join(repr(one) if isinstance(one, str) else f'{one:.4g}'
                               for one in value) + ']'
    return repr(value)


def bounds(option):
    """Return the range or the choices of a field, or an empty text."""
    metadata = option.metadata
    if metadata['choices']:
        return ', '.join(metadata['choices'])
    if metadata['minimum'] is None:
        return ''
    return f'{metadata["minimum"]:.10g} to {metadata["maximum"]:.10g}'


def parameters():
    """Return docs/parameters.md."""
    parts = ['# Parameters\n', _MADE, _ABOUT_PARAMETERS]
    for node, options in OPTIONS.items():
        rows = [[f'`{option.name}`', type_name(option.default), f'`{shown(option.default)}`',
                 bounds(option), option.metadata['unit'],
                 'start' if option.metadata['read_only'] else '',
                 option.metadata['description']] for option in fields(options)]
        parts += [f'## {node}\n', table(
            ['parameter', 'type', 'default', 'range or choices', 'unit', 'change', 'what'], rows)]
    return '\n'.join([*parts, _ABOUT_RIGS, table(
        ['parameter', 'type', 'default', 'what'],
        [[f'`{option.name}`', type_name(option.default), f'`{shown(option.default)}`',
          option.metadata['description']] for option in fields(RigCameraParameters)])])


def _reason_rows(members):
    return [[f'`{member.code}`', member.sentence, member.remedy]
            for member in members]


def reasons():
    """Return docs/reasons.md."""
    header = ['code', 'what it says', 'what to do']
    parts = [
        '# Reasons\n', _MADE, _ABOUT_REASONS, '## Rejections: there is no pose\n',
        _ABOUT_REJECTIONS, table(header, _reason_rows(Rejection)),
        '## Doubts of a pose: the mapper does not keep its frame\n', _ABOUT_DOUBTS,
        table(header, _reason_rows(PoseDoubt)),
        '## Losses: why a pose was given up\n', table(header, _reason_rows(LossReason)),
        '## Other reasons of the nodes\n', table(header, _reason_rows(StatusReason)),
        '## Reasons of the mapper\n', table(header, [
            [f'`{code}`', *texts] for code, texts in MAPPER_REASONS.items()])]
    return '\n'.join(parts)


def interfaces():
    """Return docs/interfaces.md."""
    parts = ['# Interfaces\n', _MADE, _ABOUT_INTERFACES, '## Quality of service\n',
             table(['name', 'policies'], [list(texts) for texts in QOS.values()]), _ABOUT_QOS]
    for node in OPTIONS:
        parts += [f'## Node {node}\n', table(
            ['', 'topic', 'type', 'QoS', 'what'],
            [[topic.direction, f'`{topic.name}`', topic.message, QOS[topic.qos][0], topic.meaning]
             for topic in TOPICS if topic.node == node]), table(
            ['service or action', 'type', 'what'],
            [[f'`{service.name}`', service.type, service.meaning] for service in SERVICES
             if service.node == node])]
        for (owner, topic), meanings in MESSAGES.items():
            if owner == node:
                parts += [f'### Fields of {node} {topic}\n', _fields(meanings)]
    parts += ['## Further fields on /diagnostics\n', _fields(DIAGNOSTICS_FIELDS)]
    parts.append('## Files of --json\n')
    for command, meanings in FIELDS.items():
        parts += [f'### scene_reloc {command}\n', _fields(meanings)]
    return '\n'.join(parts)


def _fields(meanings):
    return table(['field', 'what'], [[f'`{name}`', text] for name, text in meanings.items()])


PAGES = {'parameters.md': parameters, 'reasons.md': reasons, 'interfaces.md': interfaces}


def stale_pages():
    """Return the names of the pages that differ from what the source code says."""
    return [name for name, page in PAGES.items()
            if not (ROOT / 'docs' / name).is_file()
            or (ROOT / 'docs' / name).read_text(encoding='utf-8') != page()]


def main():
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='write nothing')
    stale = stale_pages()
    if parser.parse_args().check:
        if stale:
            sys.exit(f'make_docs: stale: {", ".join(stale)}; run scripts/make_docs.py')
        return
    for name in stale:
        (ROOT / 'docs' / name).write_text(PAGES[name](), encoding='utf-8')


if __name__ == '__main__':
    main()
