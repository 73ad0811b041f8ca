"""`verify`: the same verdicts as a refresh, as far as the bytes read can tell, writing nothing.

article files -> image entries -> probe, whole or cache only -> evidence -> verdicts -> report
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from imgcache.config import Settings
from imgcache.core.cache.layout import TMP
from imgcache.core.cache.plan import Known
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Served
from imgcache.edge.articles import changed as changes
from imgcache.edge.articles import files as articles
from imgcache.edge.articles.files import Found
from imgcache.engine.images.ingest import Keeper
from imgcache.engine.refresh.fetch_stage import until_interrupted
from imgcache.engine.refresh.pipeline import chosen
from imgcache.engine.refresh.planner import batches, look_up
from imgcache.engine.run.baseline import Baseline, account
from imgcache.engine.run.judge import offline_evidence
from imgcache.engine.run.listener import Listener, Silence
from imgcache.engine.run.report import Report
from imgcache.engine.run.scheduler import HostLanes
from imgcache.engine.run.targets import NO_ARTICLE, Agenda, collect
from imgcache.engine.run.tools import Tools
from imgcache.engine.run.wiring import offline_tools, reading_tools
from imgcache.engine.verify.options import Depth, Examiner, Inquiry
from imgcache.engine.verify.prober import PrefixReader, Probe, Prober, Reader, WholeReader
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts

_BATCH = 500


async def verify(
    paths: Sequence[Path | str],
    settings: Settings,
    inquiry: Inquiry | None = None,
    listener: Listener | None = None,
    interrupt: asyncio.Event | None = None,
) -> Report:
    """Judge the images of articles; no article, cache or index is written.

    Without paths the configured articles are meant. Setting `interrupt` ends the asking; what is
    known by then is judged. Raises ConfigError and LocalError.
    """
    inquiry, listener = inquiry or Inquiry(), listener or Silence()
    interrupt = interrupt or asyncio.Event()
    baseline = await asyncio.to_thread(Baseline, inquiry.baseline, settings.exclude)
    report = Report("verify", baseline)
    found = await asyncio.to_thread(_discover, chosen(paths, settings), settings, inquiry)
    tools_for = offline_tools if inquiry.depth is Depth.OFFLINE else reading_tools
    async with tools_for(settings) as tools:
        agenda = await collect(found, settings, listener)
        if not agenda.articles:
            rev = inquiry.changed_since
            listener.warned(NO_ARTICLE if rev is None else f"no article changed since {rev}")
        with open_reader(tools, settings, inquiry.depth) as reader:
            prober = Prober(reader, settings, listener)
            inquest = Inquest(tools, settings, prober, inquiry.depth)
            report.interrupted = not await inquest.hold(agenda, listener, interrupt)
        examiner = Examiner(agenda, settings, inquiry)
        for file, read in agenda.memo.recall(found, settings):
            examiner.examine(file, read, report)
    report.finish(agenda.urls, agenda.counts(), prober.traffic)
    await account(report, baseline, [one.shown for one in found], inquiry.depth.unseen, listener)
    return report


@dataclass(frozen=True, slots=True)
class Inquest:
    """How the URLs of an agenda get their evidence: with what, by whom, how deep."""

    tools: Tools
    settings: Settings
    prober: Prober
    depth: Depth = Depth.PROBE

    async def hold(self, agenda: Agenda, listener: Listener, interrupt: asyncio.Event) -> bool:
        """Whether it came to its end; the interrupt ends it early. Raises LocalError."""
        probes = await _plan(agenda, self.tools, self.depth)
        listener.planned(agenda.articles, agenda.urls, len(probes) + len(agenda.in_place))
        keeper = Keeper(self.tools, self.settings)
        work = _look_at(agenda, probes, self.prober, keeper, self.settings)
        finished = await until_interrupted(work, interrupt)
        unmask_placeholders(agenda, self.settings.tolerance)
        return finished and self.prober.left_out == 0


def _discover(paths: Sequence[Path], settings: Settings, inquiry: Inquiry) -> Sequence[Found]:
    found = articles.discover(paths, cache_dir=settings.cache.dir)
    if inquiry.changed_since is None:
        return found
    changed = changes.changed_since(inquiry.changed_since, paths)
    return [one for one in found if changes.is_changed(one.path, changed)]


@contextmanager
def open_reader(tools: Tools, settings: Settings, depth: Depth) -> Iterator[Reader]:
    """What reads as deep as that; large bodies lie in a temporary folder, gone at the end."""
    with ExitStack() as stack:

        @cache
        def folder() -> Path:
            """Made when the first body needs it."""
            try:
                made = stack.enter_context(tempfile.TemporaryDirectory(prefix="imgcache-"))
                (Path(made) / TMP).mkdir()
            except OSError as exc:
                raise LocalError(f"no temporary folder can be made: {exc.strerror}") from exc
            return Path(made)

        whole = WholeReader(tools, folder)
        yield whole if depth is Depth.FULL else PrefixReader(tools, settings, whole)


async def _plan(agenda: Agenda, tools: Tools, depth: Depth) -> list[Probe]:
    """What the cache knows of each URL; offline that is all the evidence there is."""
    probes = []
    for items in batches(agenda.web.values(), _BATCH):
        facts = await look_up(tools.ledger, [item.url.href for item in items])
        intact = await asyncio.to_thread(_intact, tools, facts.images.values())
        for item in items:
            url = facts.urls.get(item.url.href)
            copy = intact.get(url.copy) if url is not None and url.copy is not None else None
            if depth is Depth.OFFLINE:
                item.evidence = offline_evidence(url, copy)
            else:
                probes.append(Probe(item, Known(url, copy)))
    return probes


def _intact(tools: Tools, images: Iterable[ImageFacts]) -> dict[str, ImageFacts]:
    return {one.sha256: one for one in images if tools.store.is_intact(one)}


async def _look_at(
    agenda: Agenda, probes: list[Probe], prober: Prober, keeper: Keeper, settings: Settings
) -> None:
    lanes = HostLanes(settings.fetch, prober.attempt, prober.skip)
    for place in agenda.in_place.values():
        place.evidence = await keeper.measure(place.location)
    await lanes.drain(probes)


def unmask_placeholders(agenda: Agenda, tolerance: int) -> None:
    """Mark the evidence of URLs that answered with a host's stand-in picture."""
    for url in verdict.placeholders(_served(agenda), tolerance):
        item = agenda.web[url]
        item.evidence = replace(item.evidence or Evidence(), placeholder=True)


def _served(agenda: Agenda) -> Iterator[Served]:
    for url, item in agenda.web.items():
        seen = item.evidence
        image = (seen.measured or seen.copy) if seen is not None else None
        if image is not None and image.sha256 is not None:
            host, path = item.url.host, urlsplit(url).path
            yield Served(url, host, path, image.sha256, image.size, item.declared)
