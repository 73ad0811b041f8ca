"""Pipeline of `verify`: the verdicts of a refresh, as far as the bytes read tell; no writes.

article files -> image entries -> probe, whole or cache only -> evidence -> verdicts -> report
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.cache.plan import Known
from imgcache.edge.articles.changed import changed_since, is_changed
from imgcache.edge.articles.files import Found, Survey
from imgcache.edge.cache import integrity
from imgcache.engine.images.in_place import measure
from imgcache.engine.run.articles import chosen, search
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.index_session import look_up
from imgcache.engine.run.judge import Judge, gathered, offline_evidence, unmask_placeholders
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.places import fitted
from imgcache.engine.run.report import Report
from imgcache.engine.run.scheduler import HostScheduler
from imgcache.engine.run.targets import NO_ARTICLE, Targets, collect
from imgcache.engine.run.tasks import until_interrupted
from imgcache.engine.run.wiring import Tools, offline_tools, reading_tools
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.prober import Prober
from imgcache.engine.verify.readers import open_reader
from imgcache.facts import ImageFacts
from imgcache.units import batches

_BATCH = 500


async def verify(
    paths: Sequence[Path | str],
    settings: Settings,
    options: VerifyOptions | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
) -> Report:
    """Judge the images of articles; no article, cache or index is written.

    Without paths the configured articles are meant. Setting `interrupt` ends the requests; what
    is known by then is judged. Raises ConfigError and LocalError.
    """
    options, listener = options or VerifyOptions(), listener or Listener()
    interrupt, settings = interrupt or asyncio.Event(), fitted(settings)
    baseline = await asyncio.to_thread(Baseline, options.baseline, settings.exclude)
    report = Report("verify", baseline)
    survey = await asyncio.to_thread(search, paths, settings)
    for note in survey.notes:
        listener.warned(note)
    found = await asyncio.to_thread(_changed, survey, chosen(paths, settings), options)
    tools_for = offline_tools if options.depth.is_offline else reading_tools
    async with tools_for(settings) as tools:
        targets = await collect(found, settings, listener)
        report.local_fault |= targets.local_fault
        if not targets.articles:
            rev = options.changed_since
            listener.warned(NO_ARTICLE if rev is None else f"no article changed since {rev}")
        with open_reader(tools, settings, options.depth) as reader:
            prober = Prober(reader, settings, listener)
            report.interrupted = not await gather_evidence(
                targets, tools, settings, prober, listener, interrupt, options.depth
            )
        judge = Judge(targets, settings, offline=options.depth.is_offline, strict=options.strict)
        for file, read in targets.first_pass.recall(found, settings):
            report.add_article(judge.outcome(file.shown, read))
    report.finish(targets.urls, targets.counts(), prober.traffic)
    await account(report, baseline, [one.shown for one in found], options.depth.unseen, listener)
    return report


async def gather_evidence(
    targets: Targets,
    tools: Tools,
    settings: Settings,
    prober: Prober,
    listener: Listener,
    interrupt: asyncio.Event,
    depth: Depth = Depth.PROBE,
) -> bool:
    """Whether each target got its evidence; the interrupt ends the work early.

    Raises LocalError.
    """
    jobs = await _plan(targets, tools, depth)
    listener.planned(targets.articles, targets.urls, len(jobs) + len(targets.in_place))
    finished = await until_interrupted(_ask_all(targets, jobs, tools, settings, prober), interrupt)
    unmask_placeholders(targets, gathered(targets), settings.tolerance)
    return finished and prober.left_out == 0


def _changed(survey: Survey, paths: Sequence[Path], options: VerifyOptions) -> Sequence[Found]:
    if options.changed_since is None:
        return survey.found
    changed = changed_since(options.changed_since, paths)
    return [one for one in survey.found if is_changed(one.path, changed)]


async def _plan(targets: Targets, tools: Tools, depth: Depth) -> list[Job]:
    """What the cache knows of each URL; offline that is all the evidence there is."""
    jobs = []
    for batch in batches(targets.web.values(), _BATCH):
        facts = await look_up(tools.session, [target.url.href for target in batch])
        sound = await asyncio.to_thread(_sound, tools, facts.images.values(), depth)
        for target in batch:
            url = facts.urls.get(target.url.href)
            copy = sound.get(url.copy) if url is not None and url.copy is not None else None
            if depth.is_offline:
                target.evidence = offline_evidence(url, copy)
            else:
                jobs.append(Job(target, Known(url, copy)))
    return jobs


def _sound(tools: Tools, images: Iterable[ImageFacts], depth: Depth) -> dict[str, ImageFacts]:
    check = integrity.is_intact if depth is Depth.REHASH else integrity.is_sound
    return {one.sha256: one for one in images if check(tools.store, one)}


async def _ask_all(
    targets: Targets, jobs: list[Job], tools: Tools, settings: Settings, prober: Prober
) -> None:
    scheduler = HostScheduler(settings.fetch, prober.attempt, prober.skip)
    for place in targets.in_place.values():
        place.evidence = await measure(place.location, tools.pool, settings)
    await scheduler.drain(jobs)
