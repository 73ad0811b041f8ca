"""Pipeline of `verify`: the verdicts of a refresh, as far as the bytes read tell; no writes.

article files -> image entries -> probe, whole or cache only -> evidence -> verdicts -> report
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

from imgcache.config import Settings
from imgcache.edge.articles.changed import changed_since, is_changed
from imgcache.edge.articles.files import Found, Survey
from imgcache.edge.catalog import judged, urls
from imgcache.edge.stopping import StoppedError, stopped_by
from imgcache.engine.catalog.site import NO_ARTICLE, Site, judge_offline, open_site
from imgcache.engine.run.articles import are_files, chosen, searched
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.places import fitted
from imgcache.engine.run.report import Report, Traffic
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools, offline_tools, reading_tools
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.readings import Readings


async def verify(
    paths: Sequence[Path | str],
    settings: Settings,
    options: VerifyOptions | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
    beside: Beside = ALONE,
) -> Report:
    """Judge the images of articles; no article, cache or index is written.

    Without paths the configured articles are meant. Setting `interrupt` ends the requests; what
    is known by then is judged. `beside`: other processes that do a part of it. Raises ConfigError
    and LocalError.
    """
    options, listener = options or VerifyOptions(), listener or Listener()
    interrupt, settings = interrupt or asyncio.Event(), fitted(settings)
    baseline = await asyncio.to_thread(Baseline, options.baseline, settings.exclude)
    report = Report("verify", baseline, strict=options.strict, selection=options.selection)
    offline, roots = options.depth.is_offline, chosen(paths, settings)
    survey = await searched(paths, settings, interrupt)
    if survey is None:
        return report.cut_short(listener)
    found = await to_its_end(_changed, survey, roots, options)
    for note in survey.notes:
        listener.warned(note)
    left_out: Collection[int] = ()
    open_tools = offline_tools if offline else reading_tools
    async with open_tools(settings, beside) as tools:
        tools.fetcher.expect()
        with report.ends_with_it(listener):
            async with open_site(found, settings, tools) as site:
                readings = Readings(site.articles, roots)
                try:
                    with stopped_by(interrupt):
                        await site.read_articles(
                            roots, listener=listener, taken=None if offline else readings.note
                        )
                        site.keep_only_these()
                        part = bool(paths) or options.changed_since is not None
                        await site.tell_of_others(listener, of_places=not part)
                        report.local_fault |= site.articles.local_fault
                        if not site.articles.articles:
                            rev = options.changed_since
                            listener.warned(
                                NO_ARTICLE if rev is None else f"no article changed since {rev}"
                            )
                        if offline:
                            await _judge_offline(site, tools, report, listener, options.depth)
                except StoppedError:
                    return report.cut_short(listener)
                if not offline:
                    # Imported late: an offline run asks nobody.
                    from imgcache.engine.verify.asking import ask_and_judge  # noqa: PLC0415

                    left_out = await ask_and_judge(
                        site, readings, tools, report, listener, interrupt, options
                    )
                if not report.interrupted:
                    chosen_singly = options.changed_since is not None or are_files(found)
                    await site.tell_if_blind(report, listener, of_part=chosen_singly)
            await account(report, baseline, site.reached(left_out), options.depth.unseen, listener)
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
    listener.judged(site.articles.articles)
    broken = await to_its_end(judged.failed_places, site.catalog)
    report.finish(sum(counts), {"failed": broken + counts.unusable}, Traffic())


def _changed(survey: Survey, paths: Sequence[Path], options: VerifyOptions) -> Sequence[Found]:
    if options.changed_since is None:
        return survey.found
    changed = changed_since(options.changed_since, paths)
    return [one for one in survey.found if is_changed(one.path, changed)]
