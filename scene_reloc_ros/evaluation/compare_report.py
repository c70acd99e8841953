# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Report of a comparison: one page without outside parts, the same in Markdown, plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from itertools import groupby
from typing import Any

from scene_reloc_ros.evaluation.compare import COLUMNS, plain_row, Record, Row, table_rows, Value
from scene_reloc_ros.evaluation.compare_plots import comparison_plots
from scene_reloc_ros.evaluation.compare_ranking import sentences
from scene_reloc_ros.evaluation.published import INDOOR_COLUMNS, indoor_rows, note, other_rows

_CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 1320px; color: #1c1c1c; background: #fff;
  font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: .2rem 0 .6rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, li { max-width: 75ch; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem;
  margin: .5rem 0; }
dt { color: #5c5c5c; } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; border: 1px solid #d4d4d4; border-radius: 6px; }
table { border-collapse: separate; border-spacing: 0; font-size: .87rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid #e6e6e6; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: #f4f4f4; font-weight: 600; vertical-align: bottom; }
thead tr:first-child th { text-align: center; }
thead tr:first-child th.name { text-align: left; }
.first { border-left: 1px solid #d4d4d4; }
th[scope=row], thead th.name { position: sticky; left: 0; z-index: 1; background: #fff;
  text-align: left; border-right: 1px solid #d4d4d4; }
thead th.name { background: #f4f4f4; }
td.text { text-align: left; white-space: normal; min-width: 22rem; }
td.failure { text-align: left; color: #a51d1d; white-space: normal; }
td.failure span { display: block; width: max-content; position: sticky; left: 11rem;
  max-width: min(70ch, calc(100vw - 13rem)); }
tr.ruler > * { color: #5c5c5c; font-style: italic; font-weight: 400; }
@media (max-width: 600px) { th[scope=row] { white-space: normal; max-width: 8rem; } }
.published table, .published table th { color: #757575; font-weight: 400; }
.plots { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill,
  minmax(min(100%, 430px), 1fr)); }
figure { margin: 0; min-width: 0; } figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: .87rem; color: #3c3c3c; margin-bottom: .3rem; }
"""
_PUBLISHED = ('Figures of a lecture on learning-based localisation: other data, other machines, '
              'other ground truth. They are for orientation; none can be compared with a figure '
              'above.')
_KEY = ('A frame counts as missed where there is no pose; a median or a bound of 95 % without a '
        'pose is ∞. Gross errors (beyond 25 cm or 10°, or pictures of other places) are shares '
        'of all queries; good ones (within 10 cm, 5°) that were refused, of the good ones. '
        'Minutes are of the mapping alone, peaks of one process each.')


@dataclass(frozen=True)
class Comparison:
    """All that a report tells."""

    facts: dict[str, str]  # sequence, lists, machine, ...: shown as they are
    records: Sequence[Record]

    @property
    def rows(self) -> list[Row]:
        """The rows of the table."""
        return table_rows(self.records)

    @property
    def methods(self) -> list[str]:
        """The methods compared, each once."""
        return list(dict.fromkeys(str(record['method']) for record in self.records))


def results(comparison: Comparison) -> dict[str, Any]:
    """Return the figures of a comparison as plain values."""
    rows = comparison.rows
    return {'facts': comparison.facts, 'rows': [plain_row(row) for row in rows],
            'columns': {column.key: f'{column.group}, {column.title}' for column in COLUMNS},
            'sentences': sentences(rows),
            'published': [
                *({**asdict(row), 'answered_by': ours}
                  for row, ours in indoor_rows(comparison.methods)),
                *({**asdict(row), 'answered_by': ours}
                  for row, ours in other_rows(comparison.methods))]}


def html_report(comparison: Comparison) -> str:
    """Return the page: style and plots inside, nothing is loaded."""
    rows = comparison.rows
    facts = ''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>'
                    for name, text in comparison.facts.items())
    said = ''.join(f'<li>{escape(text)}</li>' for text in sentences(rows))
    plots = ''.join(f'<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>'
                    for caption, svg in comparison_plots(rows))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Methods compared</title><style>{_CSS}</style></head><body>\n'
        f'<h1>Methods compared</h1><dl>{facts}</dl>\n'
        f'<h2>In short, by rule</h2><ul>{said}</ul>\n'
        f'<h2>Figures</h2>{_html_table(rows)}<p>{escape(_KEY)}</p>\n'
        f'<h2>Plots</h2><div class="plots">{plots}</div>\n'
        f'{_html_published(comparison.methods)}</body></html>\n')


def _html_table(rows: Sequence[Row]) -> str:
    groups = ''.join(
        f'<th class="first" colspan="{len(list(columns))}">{escape(name)}</th>'
        for name, columns in groupby(COLUMNS, key=lambda column: column.group))
    titles = ''.join(f'<th{_first(index)}>{escape(column.title)}</th>'
                     for index, column in enumerate(COLUMNS))
    body = '\n'.join(_html_row(row) for row in rows)
    return ('<div class="wide" tabindex="0"><table><thead>'
            f'<tr><th class="name" rowspan="2">method</th>{groups}'
            '<th class="first" rowspan="2">needs</th><th rowspan="2">what it is</th></tr>'
            f'<tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>')


def _first(index: int) -> str:
    """Return the class of a cell that begins a group of columns."""
    begins = index == 0 or COLUMNS[index].group != COLUMNS[index - 1].group
    return ' class="first"' if begins else ''


def _html_row(row: Row) -> str:
    name = f'<th scope="row">{escape(row.name)}</th>'
    if not row.values:
        return (f'<tr>{name}<td class="failure" colspan="{len(COLUMNS) + 2}"><span>failed: '
                f'{escape(row.failure or "")}</span></td></tr>')
    cells = ''.join(f'<td{_first(index)}>{escape(text)}</td>'
                    for index, text in enumerate(_texts(row)))
    remark = escape(_remark(row))
    return (f'<tr{"" if row.records else " class=ruler"}>{name}{cells}'
            f'<td class="text first">{escape(row.needs)}</td><td class="text">{remark}</td></tr>')


def _remark(row: Row) -> str:
    return '; '.join(text for text in (note(row.method).kind, row.failure) if text)


def _texts(row: Row) -> list[str]:
    unknown = Value(float('nan'))
    return [column.text(row.values.get(column.key, unknown)) for column in COLUMNS]


def _html_published(methods: Sequence[str]) -> str:
    tables = ''.join(
        f'<div class="wide" tabindex="0"><table><thead><tr><th class="name">{escape(header[0])}'
        '</th>' + ''.join(f'<th>{escape(cell)}</th>' for cell in header[1:]) + '</tr></thead>'
        '<tbody>' + ''.join(
            f'<tr><th scope="row">{escape(line[0])}</th>'
            + ''.join(f'<td>{escape(cell)}</td>' for cell in line[1:]) + '</tr>'
            for line in lines) + '</tbody></table></div><br>'
        for header, lines in _published_tables(methods))
    return (f'<section class="published"><h2>Published figures</h2><p>{_PUBLISHED}</p>{tables}'
            '</section>') if tables else ''


def _published_tables(methods: Sequence[str]) -> list[tuple[list[str], list[list[str]]]]:
    """Return (header, lines) of the published tables that have lines."""
    indoor = [[row.name, 'yes' if row.depth_to_map else 'no', row.mapping, row.map_size,
               *('–' if figure is None else f'{figure:.1f}' for figure in (
                   row.seven_scenes_sfm, row.seven_scenes_dslam, row.twelve_scenes_sfm,
                   row.twelve_scenes_dslam)), ', '.join(ours)]
              for row, ours in indoor_rows(methods)]
    other = [[row.name, row.dataset, row.error, row.remark, ', '.join(ours)]
             for row, ours in other_rows(methods)]
    tables = [(['% within 5 cm, 5°', 'depth to map', 'mapping', 'map', *INDOOR_COLUMNS,
                'here answered by'], indoor),
              (['median errors', 'data set and ground truth', 'error', 'remark',
                'here answered by'], other)]
    return [(header, lines) for header, lines in tables if lines]


def markdown_report(comparison: Comparison) -> str:
    """Return the tables and sentences as Markdown; the plots are in the page."""
    rows = comparison.rows
    facts = '\n'.join(f'* {name}: {text}' for name, text in comparison.facts.items())
    said = '\n'.join(f'* {text}' for text in sentences(rows))
    parts = [f'# Methods compared\n\n{facts}', f'## In short, by rule\n\n{said}', '## Figures']
    for name, group in groupby(enumerate(COLUMNS), key=lambda pair: pair[1].group):
        columns = list(group)
        lines = [[row.name, *(_texts(row)[index] for index, _ in columns)]
                 for row in rows if row.values]
        if lines:
            parts.append(f'### {name.capitalize()}\n\n' + _markdown_table(
                ['method', *(column.title for _, column in columns)], lines))
    parts.append('### Needs\n\n' + _markdown_table(
        ['method', 'needs', 'what it is'],
        [[row.name, row.needs, _remark(row)] for row in rows]))
    parts += [_KEY, 'The plots are in `report.html`.']
    published = [_markdown_table(*table) for table in _published_tables(comparison.methods)]
    if published:
        parts += [f'## Published figures\n\n{_PUBLISHED}', *published]
    return '\n\n'.join(parts) + '\n'


def _markdown_table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return '\n'.join('| ' + ' | '.join(cell.replace('|', '\\|') for cell in line) + ' |'
                     for line in (header, ['---'] * len(header), *lines))
