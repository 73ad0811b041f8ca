"""After the last fetch: stand-in pictures unmasked, articles judged and written, the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from imgcache.core.articles.document import NotAnArticle
from imgcache.core.cache import manifest
from imgcache.core.cache.layout import MANIFEST
from imgcache.core.verdicts.verdict import PLACEHOLDER_PATHS, Served, placeholders
from imgcache.edge.articles.files import Found
from imgcache.edge.index.index import Index
from imgcache.engine.refresh.article_writer import Judge
from imgcache.engine.refresh.planner import Facts, batches, look_up
from imgcache.engine.run.articles import Reading
from imgcache.engine.run.index_session import Ledger
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import Agenda
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.tools import Tools
from imgcache.errors import ArticleError, LocalError
from imgcache.facts import RunFacts
from imgcache.results import ArticleProblem

_BATCH = 200
_Read = Reading | NotAnArticle | ArticleError


async def unmask_placeholders(agenda: Agenda, ledger: Ledger, tolerance: int) -> None:
    """Mark the URLs that got a host's stand-in picture; only bytes of several URLs can be one."""
    for urls in await ledger.ask(lambda index: index.shared_copies(PLACEHOLDER_PATHS)):
        facts = await look_up(ledger, [url for url in urls if url in agenda.web])
        for url in placeholders(_served(agenda, facts), tolerance):
            agenda.web[url].placeholder = True


def _served(agenda: Agenda, facts: Facts) -> Iterator[Served]:
    for url, known in facts.urls.items():
        image = facts.images.get(known.copy or "")
        item = agenda.web[url]
        if image is not None and item.held:
            path = urlsplit(url).path
            yield Served(url, item.url.host, path, image.sha256, image.size, item.declared)


async def judge_all(
    found: Sequence[Found], judge: Judge, tools: Tools, listener: Listener, report: Report
) -> None:
    """The last pass: read, judge and write each article again, in order."""
    for readings in batches(judge.readings(found), _BATCH):
        reads = [read for _, read in readings if isinstance(read, Reading)]
        urls = {href for read in reads for href in read.hrefs}
        facts = await look_up(tools.ledger, list(urls))
        await to_its_end(_judge_batch, readings, facts, judge, report)
        listener.judged(len(readings))


def _judge_batch(
    readings: Sequence[tuple[Found, _Read]], facts: Facts, judge: Judge, report: Report
) -> None:
    for file, read in readings:
        _judge_one(file, read, facts, judge, report)


def _judge_one(file: Found, read: _Read, facts: Facts, judge: Judge, report: Report) -> None:
    if isinstance(read, NotAnArticle):
        return
    report.summary.articles += 1
    if isinstance(read, ArticleError):
        report.add_problem(ArticleProblem(file.shown, read.line, read.message))
        return
    judged = judge.judge(file, read, facts)
    report.local_fault = report.local_fault or judged.local_fault
    report.summary.articles_changed += judged.changed
    report.add(judged.results, judged.diff)
    for problem in judged.problems:
        report.add_problem(problem)


async def write_manifest(tools: Tools, listener: Listener) -> bool:
    """Write manifest.json, if what it says has changed or the file is gone.

    False, and told, if the disk refuses: the articles are judged by now, and so is the report.
    """

    def write(index: Index) -> None:
        generation = index.manifest_due()
        if generation is None and tools.store.has(MANIFEST):
            return
        tools.store.write_manifest(manifest.lines(index.manifest_rows()))
        if generation is not None:
            index.manifest_written(generation)

    try:
        await tools.ledger.ask(write)
    except LocalError as exc:
        listener.failed(f"the manifest was not written: {exc}")
        return False
    return True


async def record_run(report: Report, tools: Tools, listener: Listener) -> bool:
    """Remember in the index how the finished run went; False, and told, if the disk refuses."""
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
        await tools.ledger.ask(lambda index: index.record_run(run))
    except LocalError as exc:
        listener.failed(f"this run was not added to the statistics: {exc}")
        return False
    return True
