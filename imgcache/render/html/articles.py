"""Views of the list of all articles, and of the page of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imgcache.core.catalog import ArticleState, Catalog
from imgcache.render.html.cards import CARDS_PER_PAGE, card_of
from imgcache.render.html.frame import chrome, entries_of, pager, troubles_of
from imgcache.render.html.links import Links
from imgcache.render.html.views import ArticlesView, ArticleView, Row, Tone
from imgcache.render.phrases import count
from imgcache.results import EntryResult

PER_PAGE = 100


def articles(catalog: Catalog, page: int, links: Links) -> ArticlesView:
    """A page of the list, the worst first; beyond the last page, the last one."""
    states = catalog.broken_articles
    pages = max(1, -(-len(states) // PER_PAGE))
    page = min(page, pages)
    broken = sum(one.errors > 0 or bool(one.problems) for one in states)
    headline = f"{count(broken, 'article')} to fix" if broken else "Every article is well"
    return ArticlesView(
        chrome=chrome(headline, catalog, links),
        headline=headline if states else "No articles yet",
        counted=f"{entries_of(len(catalog.entries))} in {count(len(states), 'article')}",
        rows=[_row(one, links) for one in states[(page - 1) * PER_PAGE : page * PER_PAGE]],
        pager=pager(page, pages, links.articles),
    )


def _row(facts: ArticleState, links: Links) -> Row:
    well = facts.entries - facts.errors - facts.warnings
    totals = [(Tone.ERROR, facts.errors), (Tone.WARNING, facts.warnings), (Tone.OK, well)]
    tone = next((tone for tone, number in totals if number), Tone.OK)
    return Row(
        facts.article,
        links.article(facts.article),
        entries_of(facts.entries),
        totals,
        Tone.ERROR if facts.problems else tone,
        troubles_of(facts, links),
    )


def article(
    catalog: Catalog,
    facts: ArticleState,
    entries: Sequence[EntryResult],
    links: Links,
    page: int = 1,
) -> ArticleView:
    """A page of one article, its entries as written; beyond the last page, the last one."""
    tones = Counter(map(Tone.of, entries))
    pages = max(1, -(-len(entries) // CARDS_PER_PAGE))
    page = min(page, pages)
    shown = entries[(page - 1) * CARDS_PER_PAGE : page * CARDS_PER_PAGE]
    return ArticleView(
        chrome=chrome(facts.article, catalog, links),
        article=facts.article,
        counted=entries_of(len(entries)),
        totals=[(tone, tones[tone]) for tone in Tone],
        cards=[card_of(entry, catalog, links) for entry in shown],
        troubles=troubles_of(facts, links),
        pager=pager(page, pages, lambda number: links.article(facts.article, number)),
    )
