"""Views of the list of all articles, and of the page of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imgcache.core.catalog import ArticleState
from imgcache.render.html.cards import CARDS_PER_PAGE, card
from imgcache.render.html.frame import chrome, entries_of, forms, pager, troubles_of
from imgcache.render.html.links import Links
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import ArticlesView, ArticleView, Row
from imgcache.render.html.views import Tone
from imgcache.render.phrases import count
from imgcache.results import KnownEntry, Overview

PER_PAGE = 100


# So many articles from that number on, those with most errors first.
Worst = Callable[[int, int], Sequence[ArticleState]]


def articles(overview: Overview, worst: Worst, page: int, links: Links) -> ArticlesView:
    """A page of the list, the worst first; beyond the last page, the last one."""
    pages = max(1, -(-overview.articles // PER_PAGE))
    page = min(page, pages)
    broken = overview.broken_articles
    headline = f"{count(broken, 'article')} to fix" if broken else "Every article is well"
    return ArticlesView(
        chrome=chrome(headline, overview, links),
        headline=headline if overview.articles else "No articles yet",
        counted=f"{entries_of(overview.entries)} in {count(overview.articles, 'article')}",
        rows=[_row(one, links) for one in worst((page - 1) * PER_PAGE, PER_PAGE)],
        forms=forms(lambda form: links.list_as("articles", page, form)),
        pager=pager(page, pages, links.articles),
    )


def _row(facts: ArticleState, links: Links) -> Row:
    well = facts.entries - facts.errors - facts.warnings
    totals = [(Tone.ERROR, facts.errors), (Tone.WARNING, facts.warnings), (Tone.OK, well)]
    tone = next((tone for tone, number in totals if number), Tone.OK)
    return Row(
        facts.article,
        facts.title,
        facts.date,
        links.article(facts.article) if links.narrows or has_page(facts) else None,
        entries_of(facts.entries),
        totals,
        Tone.ERROR if facts.problems else tone,
        troubles_of(facts.problems, links),
    )


def has_page(facts: ArticleState) -> bool:
    """Whether there is anything to tell of an article."""
    return bool(facts.entries or facts.problems)


def pages_of(facts: ArticleState) -> int:
    """How many pages an article has."""
    return max(1, -(-facts.entries // CARDS_PER_PAGE))


def article(
    overview: Overview,
    facts: ArticleState,
    entries: Sequence[KnownEntry],
    links: Links,
    moments: Moments,
    page: int = 1,
) -> ArticleView:
    """A page of one article; `entries` are those of this page, as written."""
    tones = {
        Tone.ERROR: facts.errors,
        Tone.WARNING: facts.warnings,
        Tone.QUIET: facts.ignored,
        Tone.OK: facts.entries - facts.errors - facts.warnings - facts.ignored,
    }
    return ArticleView(
        chrome=chrome(facts.title or facts.article, overview, links, links.above_articles),
        article=facts.article,
        title=facts.title,
        date=facts.date,
        counted=entries_of(facts.entries),
        totals=list(tones.items()),
        cards=[card(one, links, moments) for one in entries],
        troubles=troubles_of(facts.problems, links),
        pager=pager(page, pages_of(facts), lambda number: links.article(facts.article, number)),
    )
