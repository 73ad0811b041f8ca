"""Views of the list of all articles, and of the page of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imgcache.core.catalog import ArticleState
from imgcache.render.html.cards import CARDS_PER_PAGE, card
from imgcache.render.html.frame import chrome, entries_of, pager, troubles_of
from imgcache.render.html.links import Links
from imgcache.render.html.views import ArticlesView, ArticleView, Row, Tone
from imgcache.render.phrases import count
from imgcache.results import KnownEntry, Overview

PER_PAGE = 100


def articles(
    overview: Overview, states: Sequence[ArticleState], page: int, links: Links
) -> ArticlesView:
    """A page of the list, the worst first; beyond the last page, the last one.

    `states` are those of all articles, of which only the ones on the page are looked at.
    """
    pages = max(1, -(-len(states) // PER_PAGE))
    page = min(page, pages)
    broken = overview.broken_articles
    headline = f"{count(broken, 'article')} to fix" if broken else "Every article is well"
    return ArticlesView(
        chrome=chrome(headline, overview, links),
        headline=headline if states else "No articles yet",
        counted=f"{entries_of(overview.entries)} in {count(len(states), 'article')}",
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
        troubles_of(facts.problems, links),
    )


def article(
    overview: Overview,
    facts: ArticleState,
    entries: Sequence[KnownEntry],
    links: Links,
    page: int = 1,
) -> ArticleView:
    """A page of one article, its entries as written; beyond the last page, the last one."""
    tones = Counter(Tone.of(one.entry.severity) for one in entries)
    pages = max(1, -(-len(entries) // CARDS_PER_PAGE))
    page = min(page, pages)
    shown = entries[(page - 1) * CARDS_PER_PAGE : page * CARDS_PER_PAGE]
    return ArticleView(
        chrome=chrome(facts.article, overview, links, links.above_articles),
        article=facts.article,
        counted=entries_of(len(entries)),
        totals=[(tone, tones[tone]) for tone in Tone],
        cards=[card(one, links) for one in shown],
        troubles=troubles_of(facts.problems, links),
        pager=pager(page, pages, lambda number: links.article(facts.article, number)),
    )
