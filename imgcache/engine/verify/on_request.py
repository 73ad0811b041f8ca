"""Verdicts for somebody who asks now: entries or an article that stand in no file.

The same engine, guards and limits as `verify --probe`, over tools that stay open between the
questions; nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.http.location import Location, locate
from imgcache.edge.articles.files import Found
from imgcache.engine.run import articles as reading
from imgcache.engine.run.articles import Reading
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import Agenda
from imgcache.engine.run.tools import Tools
from imgcache.engine.verify.options import Examiner, Inquiry
from imgcache.engine.verify.pipeline import Inquest
from imgcache.engine.verify.prober import Prober, Reader
from imgcache.engine.verify.sharing import Places, SharedReader
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry
from imgcache.results import ArticleProblem

# How results and problems of a text without a file are named; no file is called so.
NAMELESS = ""


class Checker:
    """Answers questions side by side; the limits of `fetch` hold over all of them."""

    def __init__(
        self, settings: Settings, tools: Tools, reader: Reader, listener: Listener
    ) -> None:
        self._settings = settings
        self._tools = tools
        self._listener = listener
        self._reader = SharedReader(reader, Places(settings.fetch))

    async def check_entries(
        self, entries: Iterable[tuple[str, Declared]], interrupt: asyncio.Event
    ) -> Report:
        """The verdicts on URLs and what is declared of them; pointers are `/entries/0` and so on.

        Setting `interrupt` ends the asking, as in `verify`. Raises LocalError.
        """
        asked = tuple(
            Entry(f"/entries/{at}", 1, 1, url, url, declares)
            for at, (url, declares) in enumerate(entries)
        )
        return await self._check(Reading(b"", asked, _locations(asked)), interrupt)

    async def check_article(self, text: str, interrupt: asyncio.Event) -> Report:
        """The verdicts on an article's text; what is wrong with the text itself is a problem.

        As `check_entries`.
        """
        read = await asyncio.to_thread(self._read, text)
        if isinstance(read, Reading):
            return await self._check(read, interrupt)
        report = Report("verify")
        report.summary.articles = 1
        report.add_problem(ArticleProblem(NAMELESS, read.line, read.message))
        report.finish(0, {}, self._prober().traffic)
        return report

    async def _check(self, read: Reading, interrupt: asyncio.Event) -> Report:
        report, prober, agenda = Report("verify"), self._prober(), Agenda()
        for entry, location in zip(read.entries, read.locations, strict=True):
            agenda.add(entry, location, self._settings)
        inquest = Inquest(self._tools, self._settings, prober)
        report.interrupted = not await inquest.hold(agenda, self._listener, interrupt)
        examiner = Examiner(agenda, self._settings, Inquiry())
        report.summary.articles = 1
        report.add(examiner.results(NAMELESS, read))
        for problem in read.problems:
            report.add_problem(ArticleProblem(NAMELESS, problem.line, problem.message))
        report.finish(agenda.urls, agenda.counts(), prober.traffic)
        return report

    def _read(self, text: str) -> Reading | ArticleError:
        data = text.encode()
        nameless = Found(Path("article.md"), NAMELESS, named=True, root=Path())
        try:
            article = reading.parse(nameless, data, self._settings)
        except ArticleError as exc:
            return exc
        if isinstance(article, NotAnArticle):
            return reading.refusal(article)
        return Reading.of(data, article)

    def _prober(self) -> Prober:
        return Prober(self._reader, self._settings, self._listener)


def _locations(entries: Iterable[Entry]) -> tuple[Location, ...]:
    return tuple(locate(entry.url) for entry in entries)
