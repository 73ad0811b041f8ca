"""One line a finding, for grep, cut and sort: `path:line:column CODE verdict url message`.

Sorted by path, line and column. Where there is no URL, as of an article that can't be read, stands
`-`; such an error without a line is at 1:1.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.findings import Finding
from imgcache.render.blocks.ink import shown_url
from imgcache.render.phrases import printable
from imgcache.results import ArticleProblem, EntryResult, Findings


class _Row(NamedTuple):
    article: str
    line: int
    column: int
    code: str
    name: str
    url: str
    message: str


def render(findings: Findings) -> Iterator[str]:
    """The lines; none where nothing was found."""
    rows = _sorted(findings)
    problems = sorted(map(_of_problem, findings.article_errors()))
    for row in heapq.merge(problems, rows):
        where = f"{row.article}:{row.line}:{row.column}"
        yield f"{printable(f'{where} {row.code} {row.name} {row.url} {row.message}')}\n"


def _sorted(findings: Findings) -> Iterator[_Row]:
    """The rows of entries; held in memory only where articles were named in another order."""
    names = (article for article, _ in groupby(findings.findings(), lambda one: one.article))
    rows = (_of_finding(entry, one) for entry in findings.findings() for one in entry.listed)
    if any(name > later for name, later in pairwise(names)):
        yield from sorted(rows)
        return
    for _, of_article in groupby(rows, lambda row: row.article):
        yield from sorted(of_article)


def _of_finding(entry: EntryResult, found: Finding) -> _Row:
    rule = "" if found.rule is None else f" (rule {found.rule})"
    where = (entry.article, entry.line, entry.column)
    # An image in its URL would be a line without end.
    url = shown_url(entry.url) if entry.url.startswith("data:") else entry.url
    return _Row(*where, found.code, found.name, url or "-", found.message + rule)


def _of_problem(problem: ArticleProblem) -> _Row:
    where = (problem.article, problem.line or 1, problem.column or 1)
    return _Row(*where, ARTICLE_ERROR.code, ARTICLE_ERROR.name, "-", problem.message)
