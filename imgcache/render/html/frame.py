"""Parts that all pages share: frame, pager, counts and troubles."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from imgcache.render.html.links import Form, Links, Selection
from imgcache.render.html.moments import moment
from imgcache.render.html.page_views import Chrome, Pager
from imgcache.render.html.views import Trouble
from imgcache.render.phrases import count
from imgcache.results import ArticleProblem, Overview


def chrome(title: str, overview: Overview, links: Links, above: str = "") -> Chrome:
    """The frame of a page with this title."""
    return Chrome(
        f"{title} \u00b7 imgcache",
        above,
        home=links.gallery(Selection()),
        articles=links.articles(1),
        hosts=links.hosts(1),
        icon=links.asset("icon.svg"),
        stylesheet=links.asset("gallery.css"),
        script=links.asset("gallery.js"),
        made=moment(overview.made_at),
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


def forms(to: Callable[[Form], str | None]) -> list[tuple[str, str]]:
    """Links to what a page shows, for programs: none in a folder."""
    found = ((one.value.upper(), to(one)) for one in Form)
    return [(label, href) for label, href in found if href is not None]


def troubles_of(problems: Iterable[ArticleProblem], links: Links) -> list[Trouble]:
    """What is wrong with articles themselves."""
    return [Trouble(one, links.article(one.article)) for one in problems]
