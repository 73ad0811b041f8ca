"""Questions of `verify` to the network: each URL is asked for, and what comes is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from imgcache.config import Settings
from imgcache.core.cache.layout import image_path
from imgcache.core.cache.plan import Known
from imgcache.edge.cache import integrity
from imgcache.edge.catalog import urls
from imgcache.edge.stopping import StoppedError, steps, stopped_by
from imgcache.engine.catalog.site import Site
from imgcache.engine.images.in_place import AT_ONCE, measure_some
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.index_session import look_up
from imgcache.engine.run.judge import Judge, gathered, unmask_placeholders
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import LEFT_OUT, Report
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.tasks import to_its_end, until_interrupted
from imgcache.engine.run.wiring import Tools
from imgcache.engine.verify.options import VerifyOptions
from imgcache.engine.verify.prober import Prober
from imgcache.engine.verify.readers import open_reader
from imgcache.engine.verify.readings import KEPT, Readings
from imgcache.facts import ImageFacts
from imgcache.units import batches

_BATCH = 500
# So many articles are taken together: each trip to a thread takes as long as reading one.
_SOME = 100


async def ask_and_judge(
    site: Site,
    readings: Readings,
    tools: Tools,
    report: Report,
    listener: Listener,
    interrupt: asyncio.Event,
    options: VerifyOptions,
) -> Collection[int]:
    """Ask for each URL, and report what came of it.

    Once it is interrupted, only articles that name what was asked for are judged, beside the first
    ones. Returns the numbers of those that were left out.
    """
    settings, targets = site.settings, readings.targets
    try:
        with stopped_by(interrupt):
            for numbers in steps(batches(readings.not_noted(), _SOME), 1):
                await to_its_end(readings.note_known, numbers)
    except StoppedError:
        report.cut_short(listener)
        return ()
    listener.planned(site.articles.articles, targets.urls, len(targets.web) + len(targets.in_place))
    with open_reader(tools, settings, options.depth) as reader:
        prober = Prober(reader, settings, listener)
        report.interrupted = not await gather_evidence(targets, tools, settings, prober, interrupt)
    judge = Judge(targets, settings, site.began, strict=options.strict)
    judging = partial(_report_some, site, readings, judge, report)
    left_out = await _judge_all(site, targets, judging, listener, interrupt)
    report.finish(targets.urls, targets.counts(), prober.traffic)
    if left_out:
        report.interrupted = True
        listener.warned(LEFT_OUT)
    return left_out


async def _judge_all(
    site: Site,
    targets: Targets,
    judging: Callable[[Sequence[int]], None],
    listener: Listener,
    interrupt: asyncio.Event,
) -> Collection[int]:
    """Have each article judged, in order; returns the numbers of those that were left out."""
    left_out: set[int] = set()
    done: Collection[int] | None = None
    for every in batches(range(len(site.articles.found)), _SOME):
        numbers = every
        if every[0] >= KEPT and interrupt.is_set():
            if done is None:
                asked = [one.url.href for one in targets.web.values() if one.evidence is not None]
                done = await to_its_end(urls.articles_naming, site.catalog, asked)
            numbers = [one for one in every if site.articles.ids[one] in done]
            left_out.update(set(every).difference(numbers))
        await to_its_end(judging, numbers)
        listener.judged(len(numbers))
    return left_out


def _report_some(
    site: Site, readings: Readings, judge: Judge, report: Report, numbers: Sequence[int]
) -> None:
    for number in numbers:
        shown = site.articles.found[number].shown
        report.add_article(judge.outcome(shown, readings.last(number)))


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
    for places in batches(targets.in_place.values(), AT_ONCE):
        where = (place.location for place in places)
        seen = await measure_some(where, tools.pool, settings, targets.paths)
        for place, evidence in zip(places, seen, strict=True):
            place.evidence = evidence
            prober.measured()
    prober.begins(scheduler.lanes)
    await scheduler.drain(jobs)
