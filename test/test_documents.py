# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The documents say what the code says: pages made from it, interfaces, links, the example."""

import ast
import contextlib
import importlib
import io
from pathlib import Path
import re
import sys
from types import SimpleNamespace

import pytest

from scene_reloc_ros.geometry.pose_error import RECALL_BOUNDS
from scene_reloc_ros.uncertainty.rejection import Rejection

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'scene_reloc_ros'
DOCS = ROOT / 'docs'
PAGES = sorted([*DOCS.rglob('*.md'), *ROOT.glob('*.md')])
LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
CODE_PATH = re.compile(r'`((?:[a-z_]+/)+[a-z_]+\.(?:py|md|yaml|cuh|sh))`')


@pytest.fixture(scope='module')
def scripts():
    """Return a namespace with the modules of scripts/ that the pages are made of."""
    names = ('make_docs', 'interface_list', 'json_outputs', 'interface_sources')
    sys.path.insert(0, str(ROOT / 'scripts'))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(str(ROOT / 'scripts'))


@pytest.fixture(scope='module')
def nodes(scripts):
    """Return the source code of the nodes."""
    return scripts.interface_sources.NodeSources(PACKAGE / 'ros')


def rows(page):
    """Return the first cells in backquotes of the tables of a page of docs/."""
    text = (DOCS / page).read_text('utf-8')
    return re.findall(r'^\| `([^`]+)` \|', text, re.M)


def test_the_pages_made_from_the_code_are_fresh(scripts):
    assert scripts.make_docs.stale_pages() == [], 'run scripts/make_docs.py'


def test_a_page_that_differs_is_stale(scripts, monkeypatch):
    monkeypatch.setitem(scripts.make_docs.PAGES, 'reasons.md', lambda: 'something else')
    assert scripts.make_docs.stale_pages() == ['reasons.md']


def test_every_rejection_is_explained_and_no_other():
    text = (DOCS / 'reasons.md').read_text('utf-8')
    rejections = text.split('## Rejections')[1].split('\n## ')[0]
    assert re.findall(r'^\| `(\w+)` \|', rejections, re.M) == [
        member.code for member in Rejection]


def test_every_parameter_is_explained_and_no_other(scripts):
    fields = [field for options in scripts.make_docs.OPTIONS.values()
              for field in options.__dataclass_fields__]
    fields += scripts.make_docs.RigCameraParameters.__dataclass_fields__
    assert rows('parameters.md') == fields


def test_every_reason_of_the_mapper_stands_in_its_code(scripts, nodes):
    assert sorted(set(scripts.interface_list.MAPPER_REASONS) - nodes.words('mapper')) == []


def documented(interfaces):
    """Return {(node, direction, topic): (message class, QoS)} of topics and services."""
    found = {(t.node, t.direction, t.name): (t.message.split('/')[1], t.qos)
             for t in interfaces.TOPICS}
    found.update({(s.node, 'service', s.name): (s.type.split('/')[1], '')
                  for s in interfaces.SERVICES})
    return found


def test_every_topic_and_service_that_the_code_creates_is_documented(scripts, nodes):
    listed, wrong = documented(scripts.interface_list), []
    for one in nodes.created():
        entry = listed.get((one.node, one.direction, one.topic))
        expected = entry and (one.message or entry[0], one.qos)
        if entry is None or entry != expected:
            wrong.append((one, entry))
    assert wrong == []


def test_every_documented_topic_and_service_is_created(scripts, nodes):
    literal = {one[:3] for one in nodes.created()}
    dynamic, wrong = nodes.computed(), []
    for node, direction, name in documented(scripts.interface_list):
        parts = {name, name.removeprefix('~/'), name.strip('<>')}
        if (node, direction, name) not in literal and not (
                (node, direction) in dynamic and parts & nodes.words(node)):
            wrong.append((node, direction, name))
    assert wrong == []


def keys(scripts, file, function=None):
    """Return the keys of the dictionaries in a file of the package, or in one function of it."""
    return scripts.interface_sources.dictionary_keys(
        ast.parse((PACKAGE / file).read_text('utf-8')), function)


def fields_of(scripts, node, topic):
    """Return the documented fields of a topic, without the one that all have."""
    return set(scripts.interface_list.MESSAGES[node, topic]) - {'schema'}


def test_every_field_of_the_relocaliser_status_is_documented(scripts):
    found = keys(scripts, 'ros/relocaliser/status.py', 'status_fields')
    found |= keys(scripts, 'ros/relocaliser/node.py') & {'map', 'event', 'map_to_odom_stamp_ns'}
    assert fields_of(scripts, 'relocaliser', '~/status') == found


def test_every_further_field_on_diagnostics_is_documented(scripts):
    found = keys(scripts, 'machine/process_load.py', 'fields')
    found |= keys(scripts, 'ros/node/recent_answers.py', 'fields')
    assert set(scripts.interface_list.DIAGNOSTICS_FIELDS) == found


def test_every_field_of_the_mapper_status_is_documented(scripts):
    found = keys(scripts, 'ros/mapper/node.py', '_fields')
    found |= keys(scripts, 'ros/mapper/recording_review.py', 'fields')
    assert fields_of(scripts, 'mapper', '~/status') == found


def test_the_other_fields_of_messages_stand_in_the_code(scripts, nodes):
    for node, topic in scripts.interface_list.MESSAGES:
        assert sorted(fields_of(scripts, node, topic) - nodes.words(node)) == []


def test_every_field_of_the_json_of_map_and_info_is_documented(scripts):
    found = keys(scripts, 'cli/map_figures.py', 'map_figures')
    found |= keys(scripts, 'pipeline/mapper.py', '_assemble')
    found |= keys(scripts, 'pipeline/mapper.py', 'build')
    found |= keys(scripts, 'pipeline/believed_frames.py', 'usable_frames')
    found |= keys(scripts, 'cli/map_figures.py', '_head')
    for method in ('coordinates/ace.py', 'coordinates/forest/method.py',
                   'matching/key_frame_maps.py'):
        found |= keys(scripts, f'methods/{method}', 'fit')
    found |= keys(scripts, 'methods/matching/key_frames.py', 'figures')
    found |= keys(scripts, 'methods/hybrid.py', '_together')
    found |= keys(scripts, 'pipeline/part_choice.py', 'of')
    assert set(scripts.json_outputs.FIELDS['map, info']) == found | {'schema'}


def test_every_field_of_the_json_of_a_recording_is_documented(scripts):
    found = keys(scripts, 'evaluation/recording_report.py', 'as_dict')
    found |= keys(scripts, 'cli/sequence_figures.py', 'sequence_figures')
    assert set(scripts.json_outputs.FIELDS['info SEQUENCE']) == found | {'schema'}


def test_every_field_of_the_json_of_evaluate_is_documented(scripts):
    found = keys(scripts, 'pipeline/frame_result.py', 'summarise') | set(RECALL_BOUNDS)
    found |= keys(scripts, 'evaluation/report.py', 'summary')
    found |= keys(scripts, 'cli/evaluate_command.py', 'run')
    found |= keys(scripts, 'cli/evaluate_command.py', '_judged')
    found |= {'false_accept_rate', 'acceptance_of_good', 'schema'}
    assert set(scripts.json_outputs.FIELDS['evaluate']) == found


def test_every_field_of_the_json_of_localise_is_documented(scripts):
    assert set(scripts.json_outputs.FIELDS['localise']) == keys(
        scripts, 'cli/localise_command.py', 'run') | {'schema'}


def test_the_number_of_the_schema_is_the_one_that_is_written(scripts):
    written = [int(number) for file in ('ros/bridge/json_text.py', 'cli/terminal.py')
               for number in re.findall(r'^SCHEMA = (\d+)', (PACKAGE / file).read_text(), re.M)]
    assert written == 2 * [scripts.interface_list.SCHEMA]


def test_there_are_as_many_nodes_as_documented(scripts):
    assert tuple(scripts.make_docs.OPTIONS) == scripts.interface_sources.NODES


def shown(page):
    """Return the text of a page without its comments."""
    return re.sub(r'<!--.*?-->', '', page.read_text('utf-8'), flags=re.S)


def anchors(page):
    """Return the anchors of the headings of a page."""
    headings = re.findall(r'^#+ (.+)$', page.read_text('utf-8'), re.M)
    return {re.sub(r'[^\w\- ]', '', text.lower()).replace(' ', '-') for text in headings}


def test_every_link_between_the_documents_leads_somewhere():
    broken = []
    for page in PAGES:
        for link in LINK.findall(shown(page)):
            path, _, anchor = link.partition('#')
            target = page.parent / path if path else page
            if re.match(r'https?:', link):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f'{page.relative_to(ROOT)}: {link}')
    assert broken == []


def test_every_file_that_the_documents_name_exists():
    missing = []
    for page in PAGES:
        for name in CODE_PATH.findall(page.read_text('utf-8')):
            if not any((folder / name).exists() for folder in (ROOT, PACKAGE)):
                missing.append(f'{page.relative_to(ROOT)}: {name}')
    assert missing == []


def test_the_trails_of_the_architecture_find_something():
    trails = (DOCS / 'architecture.md').read_text('utf-8').split('## Where is')[1]
    searches = re.findall(r'`grep -rn "?([^"`]+?)"? (scene_reloc_ros[\w/]*)`', trails)
    searches = [(text, folder) for text, folder in searches if text != 'its words']
    assert len(searches) >= 4
    for text, folder in searches:
        assert any(text in file.read_text('utf-8') for file in (ROOT / folder).rglob('*.py'))


def named_functions(text):
    """Return the (dotted name, file) of every `name` in `file.py` of a text."""
    return re.findall(r'`(\w+(?:\.\w+)*)` in `((?:\w+/)+\w+\.py)`', text)


def defined(tree, prefix=''):
    """Return the dotted names of the functions and classes of a syntax tree."""
    names = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names |= {prefix + node.name}
            if isinstance(node, ast.ClassDef):
                names |= defined(node, f'{prefix}{node.name}.')
    return names


def trail_faults(text):
    """Return what a text says of functions and files that is not so."""
    faults = []
    for name, file in named_functions(text):
        path = PACKAGE / file
        if not path.is_file() or name not in defined(ast.parse(path.read_text('utf-8'))):
            faults.append(f'{name} in {file}')
    return faults


def trails():
    """Return the rows of the table of trails, [what, trail]."""
    text = (DOCS / 'architecture.md').read_text('utf-8').split('## Where is')[1]
    return [line.strip('| ').split(' | ') for line in text.splitlines()
            if line.startswith('| where ')]


def test_the_trails_of_the_architecture_end_at_functions_that_are_there():
    named = [row for row in trails() if named_functions(row[1])]
    assert len(named) >= 4
    assert trail_faults('\n'.join(trail for _, trail in named)) == []


def test_a_trail_is_three_steps_long_at_most():
    assert [what for what, trail in trails() if trail.count('→ ') > 3] == []


def test_a_trail_begins_with_a_page_that_the_readme_links():
    readme = set(LINK.findall((ROOT / 'README.md').read_text('utf-8')))
    first = {page for _, trail in trails() for page in LINK.findall(trail)[:1]}
    assert sorted({f'docs/{page}' for page in first} - readme) == []


@pytest.mark.parametrize('text', [
    '`image_rejections` in `uncertainty/image_quality.py`',
    '`image_rejection` in `uncertainty/no_such_file.py`',
    '`MapToOdom.fly` in `ros/relocaliser/map_to_odom.py`',
])
def test_a_trail_to_what_is_not_there_is_found(text):
    assert len(trail_faults(text)) == 1


def test_the_index_names_every_page():
    listed = set(LINK.findall((DOCS / 'index.md').read_text('utf-8')))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob('*.md')} - {'index.md'}
    assert sorted(pages - listed) == []


@pytest.mark.slow
def test_the_python_example_of_the_readme_finds_the_camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r'```python\n(.*?)```', (ROOT / 'README.md').read_text('utf-8'), re.S)
    assert len(blocks) == 1 and len([line for line in blocks[0].splitlines() if line]) == 6
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(blocks[0], 'README.md', 'exec'), {})
    assert printed.getvalue().strip()
