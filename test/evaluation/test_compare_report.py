# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""The report of a comparison: one page without outside parts, Markdown, plain values."""

from html.parser import HTMLParser
import importlib
import json
import re

import pytest
from support.comparison.records import failed, frame, record, several

from scene_reloc_ros.evaluation.compare import COLUMNS
from scene_reloc_ros.evaluation.compare_report import (
    Comparison,
    html_report,
    markdown_report,
    results,
)

VOID = {'meta', 'br'}


class Reader(HTMLParser):
    """Counts the cells of rows and checks that elements close."""

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.loaded = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag == 'tr':
            self.rows.append(0)
        if tag in ('td', 'th'):
            self.rows[-1] += int(dict(attrs).get('colspan', 1))
        self.loaded += [value for key, value in attrs if key in ('src', 'href', 'xlink:href')
                        and not value.startswith(('#', 'data:'))]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope='module')
def comparison():
    return Comparison({'sequence': 'a <place>', 'ground truth': 'SfM'}, several(20))


@pytest.fixture(scope='module')
def page(comparison):
    return html_report(comparison)


def test_the_page_is_well_formed_and_loads_nothing(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == [] and reader.loaded == []
    assert '<script' not in page and '@import' not in page and 'url(http' not in page
    assert 'a &lt;place&gt;' in page and 'name="viewport"' in page


def test_every_row_of_the_table_is_as_wide_as_the_head(page):
    reader = Reader()
    reader.feed(re.search('<div class="wide".*?</div>', page, re.S).group())
    width = len(COLUMNS) + 3  # name, needs, what it is
    assert reader.rows[:2] == [width, len(COLUMNS)] and set(reader.rows[2:]) == {width}
    assert len(reader.rows) == 2 + 8


def test_published_figures_stand_in_tables_of_their_own(page):
    ours, published = page.split('<section class="published">')
    assert '>Active Search<' in published and '>hLoc<' in published
    assert not re.search('Active Search|hLoc|D-SLAM', ours)
    assert '7-Scenes, SfM poses' in published and 'none can be compared' in published


def test_nothing_published_is_shown_without_a_counterpart():
    page = html_report(Comparison({}, [record('reference', [frame(0, 0.1)])]))
    assert 'class="published"' not in page.split('</style>')[1]


def test_the_markdown_has_the_same_rows(comparison):
    text = markdown_report(comparison)
    assert text.count('| nearest mapping view |') == 7  # six groups, and needs
    assert 'forest needs scikit-learn' in text and '## Published figures' in text
    for line in text.splitlines():
        assert not line.startswith('|') or line.endswith('|')


def test_the_results_are_plain_and_finite(comparison):
    values = json.loads(json.dumps(results(comparison), allow_nan=False))
    assert [row['name'] for row in values['rows']][-2:] == ['forest', 'nearest mapping view']
    assert set(values['rows'][0]['values']) == set(values['columns'])
    assert values['published'] and values['sentences']


def test_a_comparison_in_which_all_fails_has_a_page_too():
    page = html_report(Comparison({}, [failed('forest', 'no <depth>')]))
    assert 'failed: no &lt;depth&gt;' in page and 'nothing to rank' in page
    assert 'forest failed' in markdown_report(Comparison({}, [failed('forest')]))


def test_every_field_of_the_results_is_documented(comparison, monkeypatch, repository):
    monkeypatch.syspath_prepend(str(repository / 'scripts'))
    fields = importlib.import_module('json_outputs').FIELDS['compare (DIR/results.json)']
    assert set(fields) == {'schema', *results(comparison)}
