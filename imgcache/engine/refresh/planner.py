"""Planner of a refresh: one decision per URL, from what the index and the disk know of it."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.core.http.location import place_key
from imgcache.core.http.url import WebUrl
from imgcache.core.images.thumbnail_plan import fingerprint
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import urls
from imgcache.edge.catalog.urls import Seen
from imgcache.edge.index import scans
from imgcache.edge.index.index import Index
from imgcache.edge.stopping import steps
from imgcache.engine.catalog.judging import Unmeasured, unmeasured
from imgcache.engine.catalog.site import Site
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import IndexSession, KnownFacts, look_up
from imgcache.engine.run.targets import InPlaceImage, Target, Targets
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.facts import ImageFacts
from imgcache.model import Source
from imgcache.units import batches

_BATCH = 500
# What is known of most URLs of a first run.
_NOTHING = plan.Known()


class WorkPlan(Struct):
    """What a run has to do before it can judge.

    URLs to ask for, thumbnails to make again, images in place to measure.
    """

    ask: list[Job] = field(default_factory=list)
    remake: list[Job] = field(default_factory=list)
    measure: list[tuple[Unmeasured, InPlaceImage]] = field(default_factory=list)

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self.ask) + len(self.remake) + len(self.measure)


async def plan_work(
    site: Site, tools: Tools, settings: Settings, demand: plan.Scope
) -> tuple[Targets, WorkPlan]:
    """Decide about each URL on the web that is not fresh; the others need no work.

    Raises StoppedError.
    """
    work, now = WorkPlan(), time.time()
    pauses = await tools.session.query(Index.pauses)
    ended = [host for host, pause in pauses.items() if not plan.is_in_force(pause, now)]
    if ended:
        await tools.session.query(lambda index: index.resume(ended))
    await site.look_up(tools.session)
    await check_copies(site, tools)
    targets = await to_its_end(_targets, site, math.inf if demand is plan.Scope.EVERYTHING else now)
    for batch in steps(batches(targets.web.values(), _BATCH), 1):
        facts = await look_up(tools.session, [target.url.href for target in batch])
        for target in batch:
            known = _known(target, facts)
            pause = pauses.get(target.url.host)
            decision = plan.decide(known, pause, demand, settings.freshness, now)
            _enlist(target, known, decision, settings, work)
    await to_its_end(_unmeasured, site, targets, work)
    await _remake_thumbnails(site, targets, tools, settings, work)
    await _note_new_spellings(site, targets, tools.session)
    return targets, work


def _targets(site: Site, now: float) -> Targets:
    """The URLs that are not fresh."""
    targets = Targets()
    for number, url in steps(urls.due(site.catalog, now, whole=site.articles.whole), _BATCH):
        targets.web[url.href] = _target(site, number, url)
    return targets


def _unmeasured(site: Site, targets: Targets, work: WorkPlan) -> None:
    for place in unmeasured(site.catalog, site.settings, site.paths):
        image = InPlaceImage(place.location, site.paths)
        targets.in_place[place_key(place.location)] = image
        work.measure.append((place, image))


def _target(site: Site, number: int, url: WebUrl) -> Target:
    written = dict.fromkeys(urls.written(site.catalog, number))
    # There may be very many, and most are written as they are asked for.
    return Target(url, () if list(written) == [url.href] else tuple(written), id=number)


async def check_copies(site: Site, tools: Tools) -> None:
    """Look at the cached files that have changed; the index learns what was lost or touched."""
    copies = await site.changed_copies(tools.store)
    # What an export has noted of a damaged file stands in the catalog, not yet in the index.
    of_run = not site.articles.whole
    copies.update(await to_its_end(urls.unlike_recorded, site.catalog, of_run=of_run))
    if await _check(site, tools, copies):
        await check_new_copies(site, tools)


async def check_new_copies(site: Site, tools: Tools) -> None:
    """As above, of the copies that the catalog does not know yet.

    What somebody has deleted since this run stored it is lost, too: the catalog remembers what it
    saw, so no later run would miss it.
    """
    if await _check(site, tools, await site.new_copies()):
        await site.inspect(tools.store, _as_on_disk, await site.new_copies())


async def _check(site: Site, tools: Tools, copies: Collection[str]) -> bool:
    """Look at the files of some copies; whether the index had to learn anything."""
    touched: list[ImageFacts] = []
    lost: list[str] = []

    def look(store: Storage, image: ImageFacts) -> Seen:
        found = _as_on_disk(store, image)
        if found.image is None:
            lost.append(image.sha256)
        elif found.image is not image:
            touched.append(found.image)
        return found

    await site.inspect(tools.store, look, copies)
    if not lost and not touched:
        return False
    tools.session.record(images=touched)
    await tools.session.flush()
    if lost:
        await tools.session.query(lambda index: index.forget(lost))
    await site.look_up(tools.session)
    return True


async def _remake_thumbnails(
    site: Site, targets: Targets, tools: Tools, settings: Settings, work: WorkPlan
) -> None:
    """Add the copies of fresh URLs that lack a thumbnail, or have one of another recipe."""
    recipes = {name: fingerprint(how) for name, how in settings.thumbnails.items()}
    lacking = await tools.session.query(lambda index: scans.lacking(index, recipes))
    found = await to_its_end(lambda: list(urls.with_copies(site.catalog, lacking)))
    fresh = [(number, url) for number, url in found if url.href not in targets.web]
    for batch in steps(batches(fresh, _BATCH), 1):
        facts = await look_up(tools.session, [url.href for _, url in batch])
        for number, url in batch:
            target = await to_its_end(_target, site, number, url)
            targets.web[url.href] = target
            _enlist(target, _known(target, facts), plan.UseFresh(), settings, work)


async def _note_new_spellings(site: Site, targets: Targets, session: IndexSession) -> None:
    """The manifest names each copy by every spelling that an article has for its URL."""
    for articles in steps(batches(site.articles.new, _BATCH), 1):
        found = await to_its_end(urls.spellings, site.catalog, articles)
        await _note_spellings(found, session)
    for some in steps(batches(targets.web.values(), _BATCH), 1):
        names = {name: one.url.href for one in some for name in one.spellings}
        await _note_spellings(names, session)


async def _note_spellings(spellings: Mapping[str, str], session: IndexSession) -> None:
    before = await session.query(lambda index: index.spellings(spellings))
    new = {name: href for name, href in spellings.items() if before.get(name) != href}
    session.record(spellings=new)


def _known(target: Target, facts: KnownFacts) -> plan.Known:
    url = facts.urls.get(target.url.href)
    copy = facts.images.get(url.copy) if url is not None and url.copy is not None else None
    target.held = copy is not None
    target.failed = url is not None and url.failure is not None
    if url is not None and copy is None:
        url = replace(url, copy=None, response=None)
    return _NOTHING if url is None else plan.Known(url, copy)


def _enlist(
    target: Target, known: plan.Known, decision: plan.Decision, settings: Settings, work: WorkPlan
) -> None:
    match decision:
        case plan.Fetch(validators):
            work.ask.append(Job(target, known, validators))
            return
        case plan.UseFresh():
            target.source = Source.FRESH
        case plan.UseStale(failure):
            target.failure = failure
            target.failed = target.failed or failure is not None
        case _:
            assert_never(decision)
    if known.copy is not None and plan.is_incomplete(known.copy, settings.thumbnails):
        work.remake.append(Job(target, known))


def _as_on_disk(store: Storage, image: ImageFacts) -> Seen:
    """A copy as a refresh sees it: by size and mtime; missing or damaged thumbnails left out."""
    sound = store.sound_image(image)
    if sound is None:
        return Seen(None, hashed=True)
    found = store.sound_thumbnails(image)
    if found != image.thumbnails:
        sound = replace(sound, thumbnails=found)
    return Seen(sound, hashed=bool(store.was_hashed(sound)))
