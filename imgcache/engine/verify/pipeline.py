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
from imgcache.edge.catalog import judged, urls
from imgcache.engine.catalog.site import NO_ARTICLE, Site, judge_offline, open_site
from imgcache.engine.images.in_place import measure
from imgcache.engine.run.articles import LoadedArticle, chosen, search
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.index_session import look_up
from imgcache.engine.run.judge import Judge, gathered, unmask_placeholders
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.places import fitted
from imgcache.engine.run.report import Report, Traffic
from imgcache.engine.run.scheduler import HostScheduler
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.tasks import to_its_end, until_interrupted
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
    survey = await asyncio.to_thread(search, paths, settings)
    for note in survey.notes:
        listener.warned(note)
    found = await asyncio.to_thread(_changed, survey, chosen(paths, settings), options)
    offline, roots = options.depth.is_offline, chosen(paths, settings)
    report = Report("verify", baseline, strict=options.strict)
    async with (
        (offline_tools if offline else reading_tools)(settings) as tools,
        open_site(found, settings, tools) as site,
    ):
        await site.read_articles(roots)
        site.keep_only_these()
        site.tell_of_others(listener)
        report.local_fault |= site.articles.local_fault
        if not site.articles.articles:
            rev = options.changed_since
            listener.warned(NO_ARTICLE if rev is None else f"no article changed since {rev}")
        if offline:
            await _judge_offline(site, tools, report, listener, options.depth)
        else:
            await _ask(site, tools, report, listener, interrupt, options)
    await account(report, baseline, [one.shown for one in found], options.depth.unseen, listener)
    return report


async def _judge_offline(
    site: Site, tools: Tools, report: Report, listener: Listener, depth: Depth
) -> None:
    """Report what the cache knows of each entry."""
    if depth is Depth.REHASH:
        await site.rehash(tools)
    else:
        await site.look_at_copies(tools)
    await judge_offline(site, tools)
    counts = await to_its_end(urls.count, site.catalog)
    listener.planned(site.articles.articles, sum(counts), 0)
    await to_its_end(site.report_all, report)
    broken = await to_its_end(judged.failed_places, site.catalog)
    report.finish(sum(counts), {"failed": broken + counts.unusable}, Traffic())


async def _ask(
    site: Site,
    tools: Tools,
    report: Report,
    listener: Listener,
    interrupt: asyncio.Event,
    options: VerifyOptions,
) -> None:
    """Ask for each URL, and report what came of it."""
    settings, targets = site.settings, Targets()
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
    judge = Judge(targets, settings, strict=options.strict)
    for number in articles:
        read = await asyncio.to_thread(site.articles.read, number)
        report.add_article(judge.outcome(site.articles.found[number].shown, read))
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


def _changed(survey: Survey, paths: Sequence[Path], options: VerifyOptions) -> Sequence[Found]:
    if options.changed_since is None:
        return survey.found
    changed = changed_since(options.changed_since, paths)
    return [one for one in survey.found if is_changed(one.path, changed)]


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
    return {one.sha256: one for one in images if integrity.is_sound(tools.store, one)}


async def _ask_all(
    targets: Targets, jobs: list[Job], tools: Tools, settings: Settings, prober: Prober
) -> None:
    scheduler = HostScheduler(settings.fetch, prober.attempt, prober.skip)
    for place in targets.in_place.values():
        place.evidence = await measure(place.location, tools.pool, settings)
    await scheduler.drain(jobs)
