"""Pipeline of a refresh, as a literal sequence of steps.

article files -> image entries -> one decision per URL -> fetch or revalidate -> decode
  -> store -> index commits | then, article by article: verdicts -> flags -> report
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.http.contact import Contact
from imgcache.core.verdicts.verdict import PLACEHOLDER_PATHS, Served
from imgcache.edge.articles import files
from imgcache.edge.index.index import Index
from imgcache.engine.refresh.article_writer import ArticleWriter, write_all
from imgcache.engine.refresh.fetch_stage import FetchStage
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.planner import plan_work
from imgcache.engine.run.articles import search
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.index_session import IndexSession, KnownFacts, look_up
from imgcache.engine.run.judge import Judge, unmask_placeholders
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.manifest import write_manifest
from imgcache.engine.run.places import fitted
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import NO_ARTICLE, Targets, collect
from imgcache.engine.run.wiring import Tools, writing_tools
from imgcache.errors import LocalError
from imgcache.facts import RunFacts
from imgcache.model import OFFLINE_VERDICTS
from imgcache.render.phrases import count


async def refresh(
    paths: Sequence[Path | str],
    settings: Settings,
    options: RefreshOptions | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
) -> Report:
    """Download or revalidate, verify and cache the images of articles; set their flags.

    Without paths the configured articles are meant. Setting `interrupt` ends the fetching; what
    is done by then is judged and written. Raises ConfigError, CacheLockedError, LocalError.
    """
    options, listener = options or RefreshOptions(), listener or Listener()
    interrupt, settings = interrupt or asyncio.Event(), fitted(settings)
    baseline = await asyncio.to_thread(Baseline, options.baseline, settings.exclude)
    report = Report("refresh", baseline, dry_run=not options.write)
    began = time.monotonic()
    survey = search(paths, settings)
    found = survey.found
    for note in survey.notes:
        listener.warned(note)
    async with writing_tools(settings, listener) as tools:
        if options.write:
            for message in files.sweep(survey.leftovers):
                listener.warned(message)
        targets = await collect(found, settings, listener)
        report.local_fault |= targets.local_fault
        if not targets.articles:
            listener.warned(NO_ARTICLE)
        work = await plan_work(targets, tools, settings, options.scope)
        listener.planned(targets.articles, targets.urls, work.jobs + len(targets.in_place))
        fetching = FetchStage(tools, settings, listener, interrupt)
        seconds = options.max_time and options.max_time - (time.monotonic() - began)
        await fetching.run(targets, work, seconds)
        await tools.session.flush()
        if fetching.contact.is_missing:
            listener.failed(_no_network(fetching.contact))
            options = replace(options, write=False)
            report.dry_run = report.local_fault = True
        await _unmask_placeholders(targets, tools.session, settings.tolerance)
        judge = Judge(targets, settings, strict=options.strict)
        writer = ArticleWriter(judge, targets, settings, options)
        await write_all(found, writer, tools, listener, report)
        if options.write:
            report.local_fault |= not await write_manifest(tools, listener)
        report.cache_bytes = await tools.session.query(Index.total_bytes)
        report.interrupted = fetching.cut_short or interrupt.is_set()
        report.finish(targets.urls, targets.counts(), fetching.traffic)
        report.local_fault |= not await _record_run(report, tools, listener)
    await account(report, baseline, [one.shown for one in found], OFFLINE_VERDICTS, listener)
    return report


def _no_network(contact: Contact) -> str:
    asked = count(len(contact.silent), "host was", "hosts were")
    return (
        f"this machine seems to be offline: {asked} asked, and none gave any answer; no article "
        "and no manifest was written; run again with a network"
    )


async def _unmask_placeholders(targets: Targets, session: IndexSession, tolerance: int) -> None:
    """Only bytes that several URLs share can be a placeholder; the index knows which they are."""
    for urls in await session.query(lambda index: index.shared_copies(PLACEHOLDER_PATHS)):
        facts = await look_up(session, [url for url in urls if url in targets.web])
        unmask_placeholders(targets, _served(targets, facts), tolerance)


def _served(targets: Targets, facts: KnownFacts) -> Iterator[Served]:
    for url, stored in facts.urls.items():
        image, target = facts.images.get(stored.copy or ""), targets.web[url]
        if image is not None and target.held:
            yield target.served(image.sha256, image.size)


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
