"""Garbage collection of the cache (`cache gc`): drops what no article names.

All articles are read first. One that can't be read may name any image, so nothing is dropped then;
without any article this is probably the wrong folder, and without any image in them the settings
do not say where images are. First the index forgets, then the manifest is written, and only then
are files deleted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.cache_results import GcResult
from imgcache.config import DriftSettings, Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.cache import garbage
from imgcache.core.cache.garbage import Garbage, NamedUrls, weight
from imgcache.core.cache.layout import content_paths
from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.edge.articles.files import Found
from imgcache.edge.articles.files import read as read_file
from imgcache.edge.cache.files import KeptFile
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.catalog import articles as rows
from imgcache.edge.catalog import urls
from imgcache.edge.index import scans
from imgcache.edge.index.index import Index
from imgcache.edge.stopping import steps
from imgcache.engine.catalog.site import Site, open_site
from imgcache.engine.run.articles import chosen, search
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.manifest import write_manifest
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, offline_tools, refuse_absent, writing_tools
from imgcache.errors import ArticleError, ConfigError, LocalError, UnreadableError
from imgcache.facts import ImageFacts
from imgcache.model import FileTotals
from imgcache.results import ArticleProblem
from imgcache.units import batches

_BATCH = 500


async def collect_garbage(
    settings: Settings, listener: Listener, *, age: float | None = None, dry_run: bool = False
) -> GcResult:
    """Drop what none of the configured articles names, and was last tried `age` seconds ago.

    Without an age a replaced picture stays for as long as that is told.
    Raises ConfigError where there is no cache, no article is found, or none names an image,
    CacheLockedError, LocalError.
    """
    await to_its_end(refuse_absent, storage_of(settings.cache))
    times = _times(settings.drift, age, time.time())
    tools_for = offline_tools(settings) if dry_run else writing_tools(settings, listener)
    async with tools_for as tools:
        # Under the lock: else a run that ends in between would lose what it has just stored.
        naming, result = await _surveyed(settings, listener, tools, dry_run=dry_run)
        if naming.problems:
            return result
        waste = await tools.session.query(partial(_find_garbage, tools.store, naming, times))
        if not dry_run:
            await _drop(waste, tools, settings, listener)
        return waste.added_to(result)


def _times(drift: DriftSettings, age: float | None, now: float) -> tuple[float, float]:
    """Before when something was last used, and before when a picture was replaced, if it goes."""
    if age is None:
        return math.inf, now - drift.remember
    # An age of 0 spares nothing: neither what is of this moment, nor what a clock ahead has dated.
    before = now - age if age else math.inf
    return before, before


class _Naming(Struct):
    """What all articles name, and the texts that look like broken ones."""

    articles: int = 0
    urls: set[str] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    problems: list[ArticleProblem] = field(default_factory=list)

    def named(self, recorded: Mapping[str, str]) -> NamedUrls:
        """With what those texts mention of the recorded spellings."""
        urls, spellings = set(self.urls), set(self.spellings)
        for text in self.texts:
            mentioned = garbage.mentioned(text, recorded)
            urls |= set(mentioned.urls)
            spellings |= set(mentioned.spellings)
        return NamedUrls(urls, spellings)


async def _surveyed(
    settings: Settings, listener: Listener, tools: Tools, *, dry_run: bool
) -> tuple[_Naming, GcResult]:
    """What all articles name, and the result so far."""
    survey = await to_its_end(search, (), settings)
    for note in survey.notes:
        listener.warned(note)
    async with open_site(survey.found, settings, tools) as site:
        await site.read_articles(chosen((), settings))
        site.keep_only_these()
        await site.tell_of_others(listener, of_places=True)
        naming = await to_its_end(_named, site)
        if not naming.problems and not naming.texts:
            await site.refuse_if_blind("dropped")
    return naming, GcResult(naming.articles, dry_run, problems=tuple(naming.problems))


def _named(site: Site) -> _Naming:
    articles, naming = site.articles, _Naming()
    broken = sum(isinstance(one, ArticleError) for one in articles.odd.values())
    naming.articles = articles.articles - broken
    for some in steps(urls.every(site.catalog), 1):
        naming.urls.update(some)
    for written, is_excluded in rows.spellings(site.catalog):
        naming.spellings.add(written)
        location = locate(written) if is_excluded else None
        if isinstance(location, WebUrl):
            naming.urls.add(location.href)
    for number, why in steps(articles.odd.items(), _BATCH):
        _note_odd(articles.found[number], why, naming)
    if not articles.articles:
        raise ConfigError(
            "no article was found, so nothing is dropped: set `articles`, or run it where they lie"
        )
    return naming


def _note_odd(
    file: Found, why: NotAnArticle | ArticleError | tuple[ArticleError, ...], naming: _Naming
) -> None:
    if isinstance(why, NotAnArticle):
        if file.whole or why is not NotAnArticle.PLAIN:
            naming.texts.append(_text(file))
        return
    if isinstance(why, UnreadableError):
        raise LocalError(f"{file.shown}: {why}") from why
    for problem in why if isinstance(why, tuple) else (why,):
        naming.problems.append(ArticleProblem(file.shown, problem.line, problem.message))


def _text(file: Found) -> str:
    try:
        return read_file(file).decode(errors="replace")
    except ArticleError as exc:
        raise LocalError(f"{file.shown}: {exc}") from exc


class _Garbage(Struct, frozen=True):
    """What is dropped: URLs and spellings from the index, images with thumbnails, unknown files."""

    garbage: Garbage
    images: tuple[ImageFacts, ...]
    strays: tuple[KeptFile, ...]
    total: FileTotals

    def added_to(self, result: GcResult) -> GcResult:
        """The result, with all that is dropped."""
        files = [path for image in self.images for path in content_paths(image)]
        files += [one.path for one in self.strays]
        size = sum(map(weight, self.images)) + sum(one.bytes for one in self.strays)
        kept = FileTotals(self.total.files - len(files), self.total.bytes - size)
        urls = self.garbage.urls
        return replace(
            result, urls=urls, files=tuple(files), dropped=FileTotals(len(files), size), kept=kept
        )


def _find_garbage(
    store: Storage, naming: _Naming, times: tuple[float, float], index: Index
) -> _Garbage:
    """`times` are those of `_times`."""
    recorded, before = scans.spellings(index), times[0]
    statuses, named = scans.url_statuses(index), naming.named(recorded)
    rubbish = garbage.find_garbage(statuses, recorded, named, *times)
    images = list(scans.images(index))
    known = garbage.known_paths(images)
    strays = [one for one in store.files() if one.path not in known]
    size = sum(map(weight, images)) + sum(one.bytes for one in strays)
    return _Garbage(
        rubbish,
        tuple(garbage.unreferenced(images, rubbish.kept, before)),
        tuple(one for one in strays if garbage.is_older(one.mtime_ns, before)),
        FileTotals(len(known) + len(strays), size),
    )


async def _drop(waste: _Garbage, tools: Tools, settings: Settings, listener: Listener) -> None:
    """Forget first, durably; if the manifest can't be written, the files that it names stay."""
    hashes = [image.sha256 for image in waste.images]
    urls, spellings = waste.garbage.urls, waste.garbage.spellings
    if urls or spellings or hashes:
        await tools.session.query(lambda index: scans.forget_urls(index, urls, spellings))
        await tools.session.query(lambda index: index.forget(hashes))
    # Also where there is nothing to forget: an earlier run may have ended before it was written.
    if not await write_manifest(tools, settings, listener):
        raise LocalError("nothing was deleted: the manifest still names what would go")
    paths = (path for image in waste.images for path in content_paths(image))
    for some in batches([*paths, *(one.path for one in waste.strays)], _BATCH):
        await to_its_end(tools.store.drop, *some)
