"""The path of the data, as a literal sequence: `refresh` reads like the story of a run.

article files -> image entries -> one decision per URL -> fetch or revalidate -> decode
  -> store -> index commits | then, article by article: verdicts -> flags -> report
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.cache.plan import Demand
from imgcache.edge.articles import files as articles
from imgcache.edge.index.index import Index
from imgcache.engine.refresh.article_writer import Judge, Manner
from imgcache.engine.refresh.closing import (
    judge_all,
    record_run,
    unmask_placeholders,
    write_manifest,
)
from imgcache.engine.refresh.fetch_stage import Fetching
from imgcache.engine.refresh.planner import plan_work
from imgcache.engine.run.baseline import Baseline, BaselineUse, account
from imgcache.engine.run.listener import Listener, Silence
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import NO_ARTICLE, collect
from imgcache.engine.run.wiring import writing_tools
from imgcache.model import OFFLINE_VERDICTS


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of one refresh beyond the settings; `max_time` in seconds.

    `baseline` lists findings that are known.
    """

    demand: Demand = Demand.DUE
    max_time: float | None = None
    manner: Manner = field(default_factory=Manner)
    baseline: BaselineUse | None = None


async def refresh(
    paths: Sequence[Path | str],
    settings: Settings,
    options: Options | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
) -> Report:
    """Download or revalidate, verify and cache the images of articles; set their flags.

    Without paths the configured articles are meant. Setting `interrupt` ends the fetching; what
    is done by then is judged and written. Raises ConfigError, CacheLockedError, LocalError.
    """
    options, listener = options or Options(), listener or Silence()
    interrupt = interrupt or asyncio.Event()
    baseline = await asyncio.to_thread(Baseline, options.baseline, settings.exclude)
    report = Report("refresh", baseline, dry_run=not options.manner.write)
    began = time.monotonic()
    survey = articles.survey(chosen(paths, settings), cache_dir=settings.cache.dir)
    found = survey.found
    async with writing_tools(settings, listener) as tools:
        if options.manner.write:
            for told in articles.sweep(survey.leftovers):
                listener.warned(told)
        agenda = await collect(found, settings, listener)
        if not agenda.articles:
            listener.warned(NO_ARTICLE)
        work = await plan_work(agenda, tools, settings, options.demand)
        listener.planned(agenda.articles, agenda.urls, work.jobs + len(agenda.in_place))
        fetching = Fetching(tools, settings, listener, interrupt)
        seconds = options.max_time and options.max_time - (time.monotonic() - began)
        await fetching.run(agenda, work, seconds)
        await tools.ledger.flush()
        await unmask_placeholders(agenda, tools.ledger, settings.tolerance)
        await judge_all(found, Judge(agenda, settings, options.manner), tools, listener, report)
        if options.manner.write:
            report.local_fault |= not await write_manifest(tools, listener)
        report.cache_bytes = await tools.ledger.ask(Index.total_bytes)
        report.interrupted = fetching.cut_short or interrupt.is_set()
        report.finish(agenda.urls, agenda.counts(), fetching.traffic)
        report.local_fault |= not await record_run(report, tools, listener)
    await account(report, baseline, [one.shown for one in found], OFFLINE_VERDICTS, listener)
    return report


def chosen(paths: Sequence[Path | str], settings: Settings) -> list[Path]:
    """The given paths, else the configured ones, else articles/, else content/, else here."""
    if paths or settings.articles:
        return [Path(path) for path in paths or settings.articles]
    usual = [Path(name) for name in ("articles", "content")]
    return next(([path] for path in usual if path.is_dir()), [Path()])
