"""Questions of `verify` to the network: each URL is asked for, and what comes is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from imgcache.config import Settings
from imgcache.core.cache.layout import image_path
from imgcache.core.cache.plan import Known
from imgcache.edge.cache import integrity
from imgcache.engine.catalog.site import Site
from imgcache.engine.images.in_place import measure
from imgcache.engine.run.articles import LoadedArticle
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import look_up
from imgcache.engine.run.judge import Judge, gathered, unmask_placeholders
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.engine.run.scheduler import HostScheduler
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.tasks import until_interrupted
from imgcache.engine.run.wiring import Tools
from imgcache.engine.verify.options import VerifyOptions
from imgcache.engine.verify.prober import Prober
from imgcache.engine.verify.readers import open_reader
from imgcache.facts import ImageFacts
from imgcache.units import batches

_BATCH = 500


async def ask_and_judge(
    site: Site,
    tools: Tools,
    report: Report,
    listener: Listener,
    interrupt: asyncio.Event,
    options: VerifyOptions,
) -> None:
    """Ask for each URL, and report what came of it."""
    settings, targets = site.settings, Targets(paths=site.paths)
    articles = range(len(site.articles.found))
    for number in articles:
        read = await asyncio.to_thread(site.articles.read, number)
        if isinstance(read, LoadedArticle):
            for entry, location in zip(read.entries, read.locations, strict=True):
                targets.add(entry, location, settings)
    listener.planned(site.articles.articles, targets.urls, len(targets.web) + len(targets.in_place))
    with open_reader(tools, settings, options.depth) as reader:
        prober = Prober(reader, settings, listener)
        report.interrupted = not await gather_evidence(targets, tools, settings, prober, interrupt)
    judge = Judge(targets, settings, site.began, strict=options.strict)
    for number in articles:
        read = await asyncio.to_thread(site.articles.read, number)
        report.add_article(judge.outcome(site.articles.found[number].shown, read))
        listener.judged(1)
    report.finish(targets.urls, targets.counts(), prober.traffic)


async def gather_evidence(
    targets: Targets, tools: Tools, settings: Settings, prober: Prober, interrupt: asyncio.Event
) -> bool:
    """Whether each target got its evidence; the interrupt ends the work early.

    Raises LocalError.
    """
    jobs = await _plan(targets, tools)
    finished = await until_interrupted(_ask_all(targets, jobs, tools, settings, prober), interrupt)
    unmask_placeholders(targets, gathered(targets), settings.tolerance)
    return finished and prober.left_out == 0


async def _plan(targets: Targets, tools: Tools) -> list[Job]:
    """What the cache knows of each URL, which stands in for an answer that fails."""
    jobs = []
    for batch in batches(targets.web.values(), _BATCH):
        facts = await look_up(tools.session, [target.url.href for target in batch])
        sound = await asyncio.to_thread(_sound, tools, facts.images.values())
        for target in batch:
            url = facts.urls.get(target.url.href)
            copy = sound.get(url.copy) if url is not None and url.copy is not None else None
            jobs.append(Job(target, Known(url, copy)))
    return jobs


def _sound(tools: Tools, images: Iterable[ImageFacts]) -> dict[str, ImageFacts]:
    images = tuple(images)
    store = tools.store.at_once(image_path(one.sha256, one.format) for one in images)
    return {one.sha256: one for one in images if integrity.is_sound(store, one)}


async def _ask_all(
    targets: Targets, jobs: list[Job], tools: Tools, settings: Settings, prober: Prober
) -> None:
    scheduler = HostScheduler(settings.fetch, prober.attempt, prober.skip)
    for place in targets.in_place.values():
        place.evidence = await measure(place.location, tools.pool, settings, place.paths)
        prober.measured()
    prober.begins(scheduler.lanes)
    await scheduler.drain(jobs)
