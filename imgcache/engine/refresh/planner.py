"""Planner of a refresh: one decision per URL, from what the index and the disk know of it."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import assert_never

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.core.images.thumbnail_plan import fingerprint
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import urls
from imgcache.edge.catalog.urls import Seen
from imgcache.edge.index import scans
from imgcache.edge.index.index import Index
from imgcache.edge.stopping import steps
from imgcache.engine.catalog.judging import unmeasured
from imgcache.engine.catalog.site import Site
from imgcache.engine.refresh.states import States
from imgcache.engine.refresh.work import Asks, JobReader, Remakes, WorkPlan
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import IndexSession
from imgcache.engine.run.targets import InPlaceImage
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.facts import HostPause, ImageFacts
from imgcache.model import Source
from imgcache.units import batches

_BATCH = 500


async def plan_work(
    site: Site, tools: Tools, settings: Settings, demand: plan.Scope
) -> tuple[States, WorkPlan]:
    """Decide about each URL on the web that is not fresh; the others need no work.

    Raises StoppedError.
    """
    now = time.time()
    pauses = await _pauses(tools.session, now)
    await site.look_up(tools.session)
    await check_copies(site, tools)
    states = await to_its_end(_states, site)
    reader = JobReader(site.catalog, tools.session)
    work = WorkPlan(Asks(reader), Remakes(reader, states))
    await _note_spellings_of_new_articles(site, tools.session)
    since = math.inf if demand is plan.Scope.EVERYTHING else now
    due = await to_its_end(urls.due, site.catalog, since, whole=site.articles.whole)
    for ids in steps(batches(due, _BATCH), 1):
        jobs = await reader.read(ids)
        names = {name: job.target.url.href for job in jobs for name in job.target.spellings}
        await _note_spellings(names, tools.session)
        for job in jobs:
            pause = pauses.get(job.host)
            decision = plan.decide(job.known, pause, demand, settings.freshness, now)
            _enlist(job, decision, settings, work, reader)
            states.put(job.target)
    await to_its_end(_unmeasured, site, work)
    await _remake_thumbnails(site, states, tools, settings, work)
    return states, work


async def _pauses(session: IndexSession, now: float) -> Mapping[str, HostPause]:
    """The hosts that want no request at `now`; the others resume."""
    pauses = await session.query(Index.pauses)
    lasting = {host: one for host, one in pauses.items() if plan.is_in_force(one, now)}
    if ended := [host for host in pauses if host not in lasting]:
        await session.query(lambda index: index.resume(ended))
    return lasting


def _states(site: Site) -> States:
    whole = site.articles.whole
    of_run = None if whole else urls.due(site.catalog, math.inf, whole=False)
    return States(urls.newest(site.catalog), of_run)


def _unmeasured(site: Site, work: WorkPlan) -> None:
    work.measure += (
        (place, InPlaceImage(place.location, site.paths))
        for place in unmeasured(site.catalog, site.settings, site.paths)
    )


async def check_copies(site: Site, tools: Tools) -> None:
    """Look at the cached files that have changed; the index learns what was lost or touched."""
    copies = await site.changed_copies(tools.store)
    # What an export has noted of a damaged file stands in the catalog, not yet in the index.
    of_run = not site.articles.whole
    copies.update(await to_its_end(urls.unlike_recorded, site.catalog, of_run=of_run))
    await _check(site, tools, copies)
    await check_new_copies(site, tools)


async def check_new_copies(site: Site, tools: Tools) -> None:
    """As above, of the copies that the catalog does not know yet.

    What somebody has deleted since this run stored it is lost, too: the catalog remembers what it
    saw, so no later run would miss it.
    """
    learned = False
    async for some in site.new_copies():
        learned |= await _check(site, tools, some)
    if learned:
        async for some in site.new_copies():
            await site.inspect(tools.store, _as_on_disk, some)


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
    site: Site, states: States, tools: Tools, settings: Settings, work: WorkPlan
) -> None:
    """Add the copies of fresh URLs that lack a thumbnail, or have one of another recipe."""
    recipes = {name: fingerprint(how) for name, how in settings.thumbnails.items()}
    last = ""
    while lacking := await tools.session.query(
        partial(scans.lacking_after, recipes=recipes, sha256=last)
    ):
        found = await to_its_end(lambda some: list(urls.with_copies(site.catalog, some)), lacking)
        for number, copy in found:
            if number not in states:
                states.put_fresh(number)
                work.remake.add(number, copy)
        last = lacking[-1]


async def _note_spellings_of_new_articles(site: Site, session: IndexSession) -> None:
    """The manifest names each copy by every spelling that an article has for its URL."""
    for articles in steps(batches(site.articles.new, _BATCH), 1):
        found = await to_its_end(urls.spellings, site.catalog, articles)
        await _note_spellings(found, session)


async def _note_spellings(spellings: Mapping[str, str], session: IndexSession) -> None:
    before = await session.query(lambda index: index.spellings(spellings))
    new = {name: href for name, href in spellings.items() if before.get(name) != href}
    session.record(spellings=new)


def _enlist(
    job: Job, decision: plan.Decision, settings: Settings, work: WorkPlan, reader: JobReader
) -> None:
    target, copy = job.target, job.known.copy
    match decision:
        case plan.Fetch():
            work.ask.add(job.host, target.id)
            work.new += copy is None
            reader.keep(job)
            return
        case plan.UseFresh():
            target.source = Source.FRESH
        case plan.UseStale(failure):
            target.failure = failure
            target.failed = target.failed or failure is not None
        case _:
            assert_never(decision)
    if copy is not None and plan.is_incomplete(copy, settings.thumbnails):
        work.remake.add(target.id, copy.sha256)


def _as_on_disk(store: Storage, image: ImageFacts) -> Seen:
    """A copy as a refresh sees it: by size and mtime; missing or damaged thumbnails left out."""
    sound = store.sound_image(image)
    if sound is None:
        return Seen(None, hashed=True)
    found = store.sound_thumbnails(image)
    if found != image.thumbnails:
        sound = replace(sound, thumbnails=found)
    return Seen(sound, hashed=bool(store.was_hashed(sound)))
