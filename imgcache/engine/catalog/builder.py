"""Makes catalogues, one after the other: articles, index and cached files as they are now.

article files -> image entries | index -> facts -> sound copies -> evidence -> verdicts -> catalogue

The verdicts are those of `verify --offline`. What has not changed since the last one (an article,
a hashed file, an image below `site_root`) is not read again.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.catalog import ArticleState, Catalog
from imgcache.core.http.location import SitePath
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge import site_files
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.cache.integrity import IntegrityChecker
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import Identity
from imgcache.engine.images.in_place import measure
from imgcache.engine.run.articles import LoadedArticle, ReadArticle, load
from imgcache.engine.run.index_session import KnownFacts, look_up
from imgcache.engine.run.judge import Judge, gathered, offline_evidence, unmask_placeholders
from imgcache.engine.run.targets import InPlaceImage, Target, Targets
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ArticleError
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Severity, Verdict
from imgcache.results import ArticleOutcome, EntryResult, UrlState
from imgcache.units import batches

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class _Article:
    found: Found
    identity: Identity | None
    read: ReadArticle


@dataclass(frozen=True, slots=True)
class _Place:
    """An image that needs no fetch, as it was measured; `identity` of its file, if it is one."""

    identity: Identity | None
    evidence: Evidence

    @property
    def is_our_fault(self) -> bool:
        """Whether this machine could not measure it, which may pass."""
        failure = self.evidence.failure
        return failure is not None and failure.verdict is Verdict.LOCAL_ERROR


class CatalogBuilder:
    """Makes catalogues of the articles in `paths`. One call at a time; all raise LocalError.

    `notes` are sentences for the user about the last survey.
    """

    def __init__(self, paths: Sequence[Path], settings: Settings, tools: Tools) -> None:
        self._paths = paths
        self._settings = settings
        self._tools = tools
        self._inspector = IntegrityChecker(tools.store)
        self.notes: tuple[str, ...] = ()
        self._articles: dict[str, _Article] = {}
        self._places: dict[bytes, _Place] = {}
        self._editions = (f"{secrets.token_hex(4)}-{number}" for number in count(1))

    async def survey(self) -> bool:
        """Look at the articles, and tell whether one came, went or changed since last time."""
        return await asyncio.to_thread(self._survey)

    async def catalog(self) -> Catalog:
        """What is known of the articles that the last survey found."""
        targets = await asyncio.to_thread(self._targets)
        self._inspector.begin()
        states: dict[str, UrlState] = {}
        for batch in batches(targets.web.values(), _BATCH):
            facts = await look_up(self._tools.session, [target.url.href for target in batch])
            states |= await asyncio.to_thread(self._weigh, batch, facts)
        await self._measure(targets)
        size = await self._tools.session.query(Index.total_bytes)
        return await asyncio.to_thread(self._judged, targets, states, size)

    def _survey(self) -> bool:
        survey = files.survey(self._paths, cache_dir=self._settings.cache.dir)
        self.notes = survey.notes
        before, self._articles = self._articles, {}
        for one in survey.found:
            known, now = before.get(one.place), one.identity()
            if known is None or now is None or known.identity != now:
                known = _Article(one, now, _read(one, self._settings))
            self._articles[one.place] = known
        return list(before.values()) != list(self._articles.values())

    def _targets(self) -> Targets:
        targets = Targets()
        for _, read in self._readings():
            for entry, location in zip(read.entries, read.locations, strict=True):
                targets.add(entry, location, self._settings)
        return targets

    async def _measure(self, targets: Targets) -> None:
        """Decode what needs no fetch, unless it was measured before and is still the same."""
        identities = await asyncio.to_thread(self._identities, targets.in_place)
        places: dict[bytes, _Place] = {}
        for key, place in targets.in_place.items():
            known = self._places.get(key)
            if known is None or known.identity != identities[key] or known.is_our_fault:
                known = _Place(identities[key], await self._measured(place))
            places[key] = known
            place.evidence = known.evidence
        self._places = places

    async def _measured(self, place: InPlaceImage) -> Evidence:
        return await measure(place.location, self._tools.pool, self._settings)

    def _identities(self, places: Mapping[bytes, InPlaceImage]) -> dict[bytes, Identity | None]:
        root = self._settings.site_root
        located = ((key, place.location) for key, place in places.items())
        return {
            key: site_files.identity(root, location) if isinstance(location, SitePath) else None
            for key, location in located
        }

    def _weigh(self, batch: Sequence[Target], facts: KnownFacts) -> dict[str, UrlState]:
        """The states of some URLs; each item gets its evidence."""
        sound, states = self._inspector.inspect(facts.images.values()), {}
        for target in batch:
            href = target.url.href
            known = facts.urls.get(href)
            copy = sound.get(known.copy) if known is not None and known.copy is not None else None
            target.evidence = offline_evidence(known, copy)
            states[href] = _state(target.url, known, copy)
        return states

    def _judged(self, targets: Targets, urls: Mapping[str, UrlState], size: int) -> Catalog:
        unmask_placeholders(targets, gathered(targets), self._settings.tolerance)
        judge = Judge(targets, self._settings, offline=True)
        entries: list[EntryResult] = []
        states: list[ArticleState] = []
        for article in self._articles.values():
            shown = article.found.shown
            outcome = judge.outcome(shown, article.read)
            if outcome is not None:
                entries += outcome.results
                states.append(_article_state(shown, outcome))
        catalog = Catalog(next(self._editions), time.time(), entries, states, urls, size)
        catalog.prepare()
        return catalog

    def _readings(self) -> Iterator[tuple[Found, LoadedArticle]]:
        for article in self._articles.values():
            if isinstance(article.read, LoadedArticle):
                yield article.found, article.read


def _read(found: Found, settings: Settings) -> ReadArticle:
    try:
        read = load(found, settings)
    except ArticleError as exc:
        return exc
    return read.without_text() if isinstance(read, LoadedArticle) else read


def _article_state(shown: str, outcome: ArticleOutcome) -> ArticleState:
    weights = [one.severity for one in outcome.results]
    errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
    return ArticleState(shown, len(weights), errors, warnings, tuple(outcome.problems))


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
