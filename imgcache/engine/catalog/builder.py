"""Makes catalogues, one after the other: articles, index and cached files as they are now.

article files -> image entries | index -> facts -> sound copies -> evidence -> verdicts -> catalogue

The verdicts are those of `verify --offline`. What has not changed since the last one (an article,
a hashed file, an image below `site_root`) is not read again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.catalog import ArticleState, Catalogue
from imgcache.core.http.location import SitePath
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge import site_files as site
from imgcache.edge.articles import files as articles
from imgcache.edge.articles.files import Found
from imgcache.edge.cache.integrity import Inspector
from imgcache.edge.index.index import Index
from imgcache.engine.images.ingest import Keeper
from imgcache.engine.refresh.planner import Facts, batches, look_up
from imgcache.engine.run import articles as reading
from imgcache.engine.run.articles import Reading
from imgcache.engine.run.judge import offline_evidence
from imgcache.engine.run.targets import Agenda, InPlace, Item
from imgcache.engine.run.tools import Tools
from imgcache.engine.verify.options import Depth, Examiner, Inquiry
from imgcache.engine.verify.pipeline import unmask_placeholders
from imgcache.errors import ArticleError
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Severity, Verdict
from imgcache.results import ArticleProblem, EntryResult, UrlState

_BATCH = 2000
_Read = Reading | NotAnArticle | ArticleError
_Identity = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Article:
    found: Found
    identity: _Identity | None
    read: _Read


@dataclass(frozen=True, slots=True)
class _Place:
    """An image that needs no fetch, as it was measured; `identity` of its file, if it is one."""

    identity: _Identity | None
    evidence: Evidence

    @property
    def is_our_fault(self) -> bool:
        """Whether this machine could not measure it, which may pass."""
        failure = self.evidence.failure
        return failure is not None and failure.verdict is Verdict.LOCAL_ERROR


class Cataloguer:
    """Makes catalogues of the articles in `paths`. One call at a time; all raise LocalError."""

    def __init__(self, paths: Sequence[Path], settings: Settings, tools: Tools) -> None:
        self._paths = paths
        self._settings = settings
        self._tools = tools
        self._keeper = Keeper(tools, settings)
        self._inspector = Inspector(tools.store)
        self._articles: dict[Path, _Article] = {}
        self._places: dict[bytes, _Place] = {}
        self._editions = (f"{secrets.token_hex(4)}-{number}" for number in count(1))

    async def survey(self) -> bool:
        """Look at the articles, and tell whether one came, went or changed since last time."""
        return await asyncio.to_thread(self._survey)

    async def catalogue(self) -> Catalogue:
        """What is known of the articles that the last survey found."""
        agenda = await asyncio.to_thread(self._agenda)
        self._inspector.begin()
        states: dict[str, UrlState] = {}
        for items in batches(agenda.web.values(), _BATCH):
            facts = await look_up(self._tools.ledger, [item.url.href for item in items])
            states |= await asyncio.to_thread(self._weigh, items, facts)
        await self._measure(agenda)
        size = await self._tools.ledger.ask(Index.total_bytes)
        return await asyncio.to_thread(self._judged, agenda, states, size)

    def _survey(self) -> bool:
        found = articles.discover(self._paths, cache_dir=self._settings.cache.dir)
        before, self._articles = self._articles, {}
        for one in found:
            known, identity = before.get(one.path), _identity(one.path)
            if known is None or identity is None or known.identity != identity:
                known = _Article(one, identity, _read(one, self._settings))
            self._articles[one.path] = known
        return list(before.values()) != list(self._articles.values())

    def _agenda(self) -> Agenda:
        agenda = Agenda()
        for _, read in self._readings():
            for entry, location in zip(read.entries, read.locations, strict=True):
                agenda.add(entry, location, self._settings)
        return agenda

    async def _measure(self, agenda: Agenda) -> None:
        """Decode what needs no fetch, unless it was measured before and is still the same."""
        identities = await asyncio.to_thread(self._identities, agenda.in_place)
        places: dict[bytes, _Place] = {}
        for key, place in agenda.in_place.items():
            known = self._places.get(key)
            if known is None or known.identity != identities[key] or known.is_our_fault:
                known = _Place(identities[key], await self._keeper.measure(place.location))
            places[key] = known
            place.evidence = known.evidence
        self._places = places

    def _identities(self, places: Mapping[bytes, InPlace]) -> dict[bytes, _Identity | None]:
        root = self._settings.site_root
        located = ((key, place.location) for key, place in places.items())
        return {
            key: site.identity(root, location) if isinstance(location, SitePath) else None
            for key, location in located
        }

    def _weigh(self, items: Sequence[Item], facts: Facts) -> dict[str, UrlState]:
        """The states of some URLs; each item gets its evidence."""
        sound, states = self._inspector.inspect(facts.images.values()), {}
        for item in items:
            href = item.url.href
            known = facts.urls.get(href)
            copy = sound.get(known.copy) if known is not None and known.copy is not None else None
            item.evidence = offline_evidence(known, copy)
            states[href] = _state(item.url, known, copy)
        return states

    def _judged(self, agenda: Agenda, urls: Mapping[str, UrlState], size: int) -> Catalogue:
        unmask_placeholders(agenda, self._settings.tolerance)
        examiner = Examiner(agenda, self._settings, Inquiry(Depth.OFFLINE))
        entries: list[EntryResult] = []
        states: list[ArticleState] = []
        for article in self._articles.values():
            results, state = _examined(article, examiner)
            entries.extend(results)
            states.extend(state)
        catalogue = Catalogue(next(self._editions), time.time(), entries, states, urls, size)
        catalogue.prepare()
        return catalogue

    def _readings(self) -> Iterator[tuple[Found, Reading]]:
        for article in self._articles.values():
            if isinstance(article.read, Reading):
                yield article.found, article.read


def _read(found: Found, settings: Settings) -> _Read:
    try:
        read = reading.load(found, settings)
    except ArticleError as exc:
        return exc
    return read.without_text() if isinstance(read, Reading) else read


def _identity(path: Path) -> _Identity | None:
    """What changes when a file does; None where nobody can tell."""
    try:
        status = os.stat(path)  # noqa: PTH116  a third faster, and there may be 10,000
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _examined(
    article: _Article, examiner: Examiner
) -> tuple[list[EntryResult], list[ArticleState]]:
    """The results of one article and its state; neither where the file is none."""
    shown, read = article.found.shown, article.read
    if isinstance(read, NotAnArticle):
        return [], []
    if isinstance(read, ArticleError):
        return [], [ArticleState(shown, 0, 0, 0, (ArticleProblem(shown, read.line, read.message),))]
    results = examiner.results(shown, read)
    weights = [one.severity for one in results]
    errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
    problems = tuple(ArticleProblem(shown, one.line, one.message) for one in read.problems)
    return results, [ArticleState(shown, len(results), errors, warnings, problems)]


def _state(url: WebUrl, known: UrlFacts | None, copy: ImageFacts | None) -> UrlState:
    if known is None:
        return UrlState(url.href, url.host)
    failure, response = known.failure, known.response
    return UrlState(
        url.href,
        url.host,
        asked_at=known.tried_at or None,
        succeeded_at=response.answered_at if response is not None else None,
        failing_since=(failure.since or known.tried_at) if failure is not None else None,
        failure=failure,
        status=failure.status if failure else response.status if response else None,
        copy=copy,
    )
