"""Parts that all pages share: frame, pager, counts and troubles."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from imgcache.render.html.cards import moment
from imgcache.render.html.links import Links, Selection
from imgcache.render.html.views import Chrome, Moment, Pager, Trouble
from imgcache.render.phrases import count
from imgcache.results import ArticleProblem, Overview

_NEVER = Moment("", "")


def chrome(title: str, overview: Overview, links: Links, above: str = "") -> Chrome:
    """The frame of a page with this title."""
    return Chrome(
        f"{title} \u00b7 imgcache",
        above,
        home=links.gallery(Selection()),
        articles=links.articles(1),
        icon=links.asset("icon.svg"),
        stylesheet=links.asset("gallery.css"),
        script=links.asset("gallery.js"),
        made=moment(overview.made_at) or _NEVER,
    )


def pager(page: int, pages: int, to: Callable[[int], str]) -> Pager:
    """The links from this page to the others."""
    return Pager(
        page,
        pages,
        first=to(1) if page > 1 else None,
        previous=to(page - 1) if page > 1 else None,
        following=to(page + 1) if page < pages else None,
        last=to(pages) if page < pages else None,
    )


def entries_of(number: int) -> str:
    """A number of image entries in words."""
    return count(number, "image entry", "image entries")


def troubles_of(problems: Iterable[ArticleProblem], links: Links) -> list[Trouble]:
    """What is wrong with articles themselves."""
    return [Trouble(one, links.article(one.article)) for one in problems]
