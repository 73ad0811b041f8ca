"""A catalogue for the pages, made of plain entries, and what pages know of an entry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from imgcache.core.catalog import ArticleState, Catalog
from imgcache.model import Severity
from imgcache.render.html.cards import PLACES
from imgcache.results import ArticleProblem, EntryResult, KnownEntry
from tests.support.facts import NOON


def stock_of(entries: Sequence[EntryResult], *problems: ArticleProblem) -> Catalog:
    articles = []
    for name, some in groupby(entries, lambda one: one.article):
        weights = [one.severity for one in some]
        errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
        articles.append(ArticleState(name, len(weights), errors, warnings))
    articles += [ArticleState(one.article, 0, 0, 0, (one,)) for one in problems]
    return Catalog("edition", NOON, entries, articles, {})


def known_of(stock: Catalog) -> list[KnownEntry]:
    return [stock.known(one, PLACES) for one in stock.entries]
