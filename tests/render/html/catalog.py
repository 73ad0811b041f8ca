"""A catalogue for the pages, made of plain entries, and what pages know of an entry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from imgcache.core.catalog import ArticleState, Order, Query
from imgcache.model import Severity
from imgcache.render.html.cards import PLACES
from imgcache.results import ArticleProblem, EntryResult, KnownEntry
from tests.support.listed import ListedCatalog


def stock_of(entries: Sequence[EntryResult], *problems: ArticleProblem) -> ListedCatalog:
    articles = []
    for name, some in groupby(entries, lambda one: one.article):
        weights = [one.worst for one in some]
        errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
        ignored = weights.count(Severity.IGNORE)
        articles.append(ArticleState(name, len(weights), errors, warnings, (), ignored))
    articles += [ArticleState(one.article, 0, 0, 0, (one,)) for one in problems]
    return ListedCatalog(entries, articles)


def known_of(stock: ListedCatalog) -> list[KnownEntry]:
    query = Query(order=Order.AS_WRITTEN)
    return list(stock.known(query, 0, len(stock.entries), PLACES))
