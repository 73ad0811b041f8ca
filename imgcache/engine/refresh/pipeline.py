"""Pipeline of a refresh, as a literal sequence of steps.

article files -> image entries -> one decision per URL -> fetch or revalidate -> decode
  -> store -> index commits | then, article by article: verdicts -> flags -> report
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache.plan import Scope
from imgcache.core.http.contact import Contact
from imgcache.core.verdicts.traits import Sight, unseen
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.articles import files
from imgcache.edge.catalog import judged, kept, urls
from imgcache.edge.catalog.urls import UrlCounts
from imgcache.edge.index.index import Index
from imgcache.edge.stopping import StoppedError, stopped_by
from imgcache.engine.catalog.judging import note_measured
from imgcache.engine.catalog.site import NO_ARTICLE, Site, keep, open_site
from imgcache.engine.refresh.article_writer import ArticleWriter
from imgcache.engine.refresh.last_pass import write_all
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.planner import check_new_copies, plan_work
from imgcache.engine.refresh.shards.engines import opened, stage_of
from imgcache.engine.refresh.states import States
from imgcache.engine.refresh.work import WorkPlan
from imgcache.engine.run.articles import are_files, chosen, searched
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.run.judge import Judge
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.manifest import write_manifest
from imgcache.engine.run.places import fitted
from imgcache.engine.run.report import Report
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, writing_tools
from imgcache.errors import LocalError
from imgcache.facts import RunFacts
from imgcache.model import Failure, Source, Verdict
from imgcache.render.phrases import count


async def refresh(
    paths: Sequence[Path | str],
    settings: Settings,
    options: RefreshOptions | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
    beside: Beside = ALONE,
) -> Report:
    """Download or revalidate, verify and cache the images of articles; set their flags.

    Without paths the configured articles are meant. Setting `interrupt` ends the fetching; what
    is done by then is judged and written. `beside`: other processes that do a part of it. Raises
    ConfigError, CacheLockedError, LocalError.
    """
    options, listener = options or RefreshOptions(), listener or Listener()
    interrupt = interrupt or asyncio.Event()
    baseline = await asyncio.to_thread(Baseline, options.baseline, settings.exclude)
    report = Report(
        "refresh",
        baseline,
        dry_run=not options.write,
        strict=options.strict,
        selection=options.selection,
    )
    began = time.monotonic()
    survey = await searched(paths, settings, interrupt)
    if survey is None:
        return report.cut_short(listener)
    found = survey.found
    for note in survey.notes:
        listener.warned(note)
    async with (
        opened(options.engine, settings) as engine,
        writing_tools(fitted(settings), listener, beside) as tools,
    ):
        if options.write:
            for message in files.sweep(survey.leftovers):
                listener.warned(message)
        folder = await to_its_end(kept.working_folder, tools.store)
        with report.ends_with_it(listener):
            async with open_site(found, settings, tools, folder) as site:
                planned = await _plan(paths, site, tools, options, listener, interrupt)
                report.local_fault |= site.articles.local_fault
                if planned is None:
                    report.local_fault |= not await _keep(site, tools, listener, interrupt)
                    return report.cut_short(listener)
                states, work = planned
                counts = await to_its_end(urls.count, site.catalog)
                listener.planned(site.articles.articles, sum(counts), work.jobs)
                fetching = stage_of(engine, tools, settings, states, work, listener, interrupt)
                report.traffic = fetching.traffic
                seconds = options.max_time and options.max_time - (time.monotonic() - began)
                await fetching.run(seconds)
                report.shards = fetching.shards
                if not await _committed(tools, site, states, listener):
                    options = replace(options, write=False)
                    report.dry_run = report.local_fault = True
                if fetching.contact.is_missing:
                    listener.failed(_no_network(fetching.contact))
                    options = replace(options, write=False)
                    report.dry_run = report.local_fault = True
                placeholders = await _note_outcome(site, work, tools)
                judge = Judge(work.targets, settings, site.began, strict=options.strict)
                writer = ArticleWriter(judge, site, states, settings, options)
                left_out = await write_all(writer, placeholders, tools, listener, report, interrupt)
                if options.write:
                    report.local_fault |= not await write_manifest(tools, settings, listener)
                report.cache_bytes = await tools.session.query(Index.total_bytes)
                report.interrupted = fetching.cut_short or interrupt.is_set()
                report.finish(sum(counts), await _fared(site, states, counts), fetching.traffic)
                if not report.interrupted:
                    await site.tell_if_blind(report, listener, of_part=are_files(found))
                report.local_fault |= not await _keep(site, tools, listener, interrupt)
            report.local_fault |= not await _record_run(report, tools, listener)
            await account(report, baseline, site.reached(left_out), unseen(Sight.WHOLE), listener)
    return report


async def _plan(
    paths: Sequence[Path | str],
    site: Site,
    tools: Tools,
    options: RefreshOptions,
    listener: Listener,
    interrupt: asyncio.Event,
) -> tuple[States, WorkPlan] | None:
    """Read the articles, and decide what is to be done; None where that was interrupted."""
    settings = site.settings
    if site.trouble is not None:
        listener.warned(f"the kept catalog {site.trouble}, and is made again")
    try:
        with stopped_by(interrupt):
            all_are_due = options.scope is Scope.EVERYTHING
            if all_are_due or await to_its_end(urls.may_be_due, site.catalog, site.began):
                tools.fetcher.expect()
            await site.read_articles(chosen(paths, settings), tools.now, listener)
            await site.tell_of_others(listener, of_places=not paths)
            if not site.articles.articles:
                listener.warned(NO_ARTICLE)
            return await plan_work(site, tools, settings, options.scope)
    except StoppedError:
        return None


async def _committed(tools: Tools, site: Site, states: States, listener: Listener) -> bool:
    """Whether all that was fetched has its row; if not, tell so, and trust none of the rest."""
    fault = ""
    try:
        await tools.session.flush()
    except LocalError as exc:
        fault = f": {exc}"
    lost = tools.session.lost
    if not fault and not lost:
        return True
    for number in (await to_its_end(urls.ids_of, site.catalog, list(lost))).values():
        states.lose(number, Failure(Verdict.LOCAL_ERROR, f"its facts were not recorded{fault}"))
    # Files of images that no index knows: the next run, which fetches anew, removes them.
    tools.store.failed_to_publish = True
    listener.failed(f"no article and no manifest was written, as facts were not recorded{fault}")
    return False


async def _note_outcome(site: Site, work: WorkPlan, tools: Tools) -> frozenset[str]:
    """Note what the fetches have brought; returns the URLs that answered with a placeholder."""
    await site.look_up(tools.session)
    await check_new_copies(site, tools)
    for place, image in work.measure:
        if image.evidence != Evidence():
            note_measured(site.catalog, place, image.evidence)
    return await site.find_placeholders()


async def _fared(site: Site, states: States, counts: UrlCounts) -> Counter[str]:
    """How many URLs ended with each source, and how many failed; those without work are fresh."""
    fared = states.counts()
    fared[str(Source.FRESH)] += counts.web - fared.pop("due", 0)
    fared["failed"] += await to_its_end(judged.failed_places, site.catalog) + counts.unusable
    return fared


async def _keep(site: Site, tools: Tools, listener: Listener, interrupt: asyncio.Event) -> bool:
    """Keep what was derived for later runs; False, with a message, if it can't be written.

    An interrupted run leaves the judging of what it left out to the next one.
    """
    try:
        if site.articles.whole and not interrupt.is_set():
            with suppress(StoppedError), stopped_by(interrupt):
                await site.judge()
        await keep(site, tools)
    except LocalError as exc:
        listener.failed(f"the catalog was not kept: {exc}")
        return False
    return True


def _no_network(contact: Contact) -> str:
    asked = count(len(contact.silent), "host was", "hosts were")
    return (
        f"this machine seems to be offline: {asked} asked, and none gave any answer; no article "
        "and no manifest was written; run again with a network"
    )


async def _record_run(report: Report, tools: Tools, listener: Listener) -> bool:
    """Remember in the index how the run went; False, with a message, if it can't be written."""
    summary = report.summary
    run = RunFacts(
        started=report.started,
        seconds=report.seconds,
        urls=summary.urls,
        fresh=summary.fresh,
        revalidated=summary.revalidated,
        downloaded=summary.downloaded,
        failed=summary.failed,
        requests=summary.requests,
        bytes=summary.bytes,
    )
    try:
        await tools.session.query(lambda index: index.record_run(run))
    except LocalError as exc:
        listener.failed(f"this run was not added to the statistics: {exc}")
        return False
    return True
