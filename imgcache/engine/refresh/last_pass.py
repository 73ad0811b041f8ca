"""Last pass of a refresh over the articles: judged, written where they should say otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from imgcache.edge.catalog import judged, urls
from imgcache.engine.catalog.site import Site
from imgcache.engine.refresh.article_writer import ArticleWriter, KnownUrls
from imgcache.engine.refresh.writings import Together
from imgcache.engine.run.articles import LoadedArticle, ReadArticle
from imgcache.engine.run.index_session import look_up
from imgcache.engine.run.judge import unread
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import LEFT_OUT, Form, Report
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.units import batches

if TYPE_CHECKING:
    from imgcache.engine.run.beside.article_work import ArticleHelpers

_BATCH = 200


async def write_all(
    writer: ArticleWriter,
    placeholders: Collection[str],
    tools: Tools,
    listener: Listener,
    report: Report,
    interrupt: asyncio.Event,
) -> frozenset[int]:
    """The last pass: report what stands, judge and write each other article, in order.

    Once it is interrupted, only articles that name what this run has asked for are judged and
    written, beside the first ones. Returns the numbers of those that were left out.
    """
    site, states = writer.site, writer.states
    touched = await to_its_end(site.touched, states.ids(), of_size=writer.fixes_sizes)
    left_out: set[int] = set()
    done: Collection[int] | None = None
    for every in batches(range(len(site.articles.found)), _BATCH):
        numbers = every
        if every[0] and interrupt.is_set():
            if done is None:
                done = await to_its_end(judged.naming, site.catalog, states.asked())
            numbers = [one for one in every if site.articles.ids[one] in done]
            left_out.update(set(every).difference(numbers))
        if not numbers:
            continue
        readings = await to_its_end(_readings, numbers, site, touched)
        hrefs = [
            href
            for read in readings.values()
            if isinstance(read, LoadedArticle)
            for href in read.hrefs
        ]
        known = await _known(hrefs, placeholders, site, tools)
        before = report.summary.articles_changed
        await to_its_end(_write_batch, numbers, readings, known, writer, report, tools.helpers)
        listener.judged(len(numbers), report.summary.articles_changed - before)
    if writer.unwritten:
        listener.unwritten(writer.unwritten)
    if left_out:
        listener.warned(LEFT_OUT)
    return frozenset(left_out)


def _readings(
    numbers: Sequence[int], site: Site, touched: Collection[int]
) -> dict[int, ReadArticle]:
    """Those of some files that have to be judged now, as they are by now."""
    articles = site.articles
    return {
        number: articles.read(number)
        for number in numbers
        if articles.ids[number] in touched
        or number in articles.odd
        or not articles.is_as_it_was(number)
    }


async def _known(
    hrefs: Collection[str], placeholders: Collection[str], site: Site, tools: Tools
) -> KnownUrls:
    wanted = list(dict.fromkeys(hrefs))
    facts = await look_up(tools.session, wanted)
    return KnownUrls(facts, await to_its_end(urls.ids_of, site.catalog, wanted), placeholders)


def _write_batch(
    numbers: Sequence[int],
    readings: Mapping[int, ReadArticle],
    known: KnownUrls,
    writer: ArticleWriter,
    report: Report,
    helpers: ArticleHelpers | None,
) -> None:
    site = writer.site
    standing = site.standing(numbers) if len(readings) < len(numbers) else {}
    writings = {
        number: writer.write(number, read, known)
        for number, read in readings.items()
        if isinstance(read, LoadedArticle)
    }
    outcomes = Together(writings, helpers).run()
    for number in numbers:
        shown, read = site.articles.found[number].shown, readings.get(number)
        if read is None:
            site.report_standing(number, standing, Form.FRESH, report)
        elif isinstance(read, LoadedArticle):
            report.add_article(outcomes[number])
        else:
            report.add_article(unread(shown, read))
