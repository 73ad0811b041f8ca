"""Writer of articles: judges each one after the last fetch, and sets its flags and sizes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.entries import LARGEST_SIDE
from imgcache.core.articles.writeback import Change, Edited, apply
from imgcache.core.http.location import Location
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle, ReadArticle
from imgcache.engine.run.index_session import KnownFacts, look_up
from imgcache.engine.run.judge import Judge, problem_of, unread, web_evidence
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ArticleError, LocalError, UnreadableError
from imgcache.model import Entry, Verdict
from imgcache.render import diff
from imgcache.results import ArticleDiff, ArticleOutcome, EntryResult
from imgcache.units import batches

_REREADS = 5
_BATCH = 200


@dataclass(frozen=True, slots=True)
class _EntryDecision:
    """One entry, judged; `change` is the edit that its verdict needs."""

    number: int
    entry: Entry
    location: Location
    evidence: Evidence
    judgement: Judgement
    change: Change

    @property
    def needs_edit(self) -> bool:
        """Whether the article differs from what it should say."""
        wanted, declared = self.change, self.entry.declared
        return (
            wanted.cached not in (None, declared.cached)
            or wanted.width not in (None, declared.width)
            or wanted.height not in (None, declared.height)
        )


class ArticleWriter:
    """Judges and writes articles, by the targets of the run and the facts of the index."""

    def __init__(
        self, judge: Judge, targets: Targets, settings: Settings, options: RefreshOptions
    ) -> None:
        self._judge = judge
        self._targets = targets
        self._settings = settings
        self._options = options

    def readings(self, found: Sequence[Found]) -> Iterator[tuple[Found, ReadArticle]]:
        """The articles as they are now, parsed again only where they have changed."""
        return self._targets.first_pass.recall(found, self._settings)

    def write(self, found: Found, read: LoadedArticle, facts: KnownFacts) -> ArticleOutcome:
        """One article: its results, and what of it was changed.

        A file that changes meanwhile is read again, a few times.
        """
        for _ in range(_REREADS):
            decisions = list(self._decisions(read, facts))
            try:
                edited = self._edit(found, read, decisions)
                if self._store(found, read.data, edited.data):
                    return self._done(found, read, edited, decisions)
                again = articles.load(found, self._settings)
            except ArticleError as exc:
                refused = self._refused(found, read, decisions, exc)
                return replace(refused, local_fault=isinstance(exc, UnreadableError))
            except LocalError as exc:
                refused = self._refused(found, read, decisions, ArticleError(str(exc)))
                return replace(refused, local_fault=True)
            if isinstance(again, NotAnArticle):
                break
            read = again
        error = ArticleError("somebody keeps changing this file; run again when it is at rest")
        return self._refused(found, read, list(self._decisions(read, facts)), error)

    def _store(self, found: Found, before: bytes, after: bytes) -> bool:
        """Write what has to be written; False for a file that has changed meanwhile."""
        if before == after:
            return True
        if self._options.write:
            return files.replace(found, before, after)
        files.check_editable(found)
        return True

    def _decisions(self, read: LoadedArticle, facts: KnownFacts) -> Iterator[_EntryDecision]:
        of_web = self._remembered(facts)
        for number, entry, location in self._judge.located(read):
            evidence = self._judge.evidence(location, of_web)
            judgement, change = self._decide(entry, evidence)
            yield _EntryDecision(number, entry, location, evidence, judgement, change)

    def _remembered(self, facts: KnownFacts) -> Callable[[str], Evidence]:
        web, urls, images = self._targets.web, facts.urls, facts.images
        return lambda href: web_evidence(web.get(href), urls.get(href), images)

    def _decide(self, entry: Entry, evidence: Evidence) -> tuple[Judgement, Change]:
        tolerance, on_mismatch = self._settings.tolerance, self._settings.on_mismatch
        judgement = verdict.judge(entry.declared, evidence, tolerance, on_mismatch)
        size = evidence.sound_size
        if (
            not self._options.fix_dimensions
            or size is None
            or not all(1 <= side <= LARGEST_SIDE for side in size)
            or verdict.is_placeholder(entry.declared, evidence)
            or verdict.size_verdict(entry.declared, size, tolerance) is Verdict.OK
        ):
            return judgement, Change(cached=judgement.flag)
        corrected = replace(entry.declared, width=size.width, height=size.height)
        judgement = verdict.judge(corrected, evidence, tolerance, on_mismatch)
        return judgement, Change(judgement.flag, size.width, size.height)

    def _edit(self, found: Found, read: LoadedArticle, decisions: list[_EntryDecision]) -> Edited:
        """The article as it should be; it is parsed only where that differs."""
        changes = {one.number: one.change for one in decisions if one.needs_edit}
        if read.problems or not changes:
            return Edited(read.data, read.entries)
        article = read.parsed or articles.parse(found, read.data, self._settings)
        if isinstance(article, NotAnArticle):
            raise ArticleError("the front matter could not be read again")
        return apply(article, changes)

    def _done(
        self, found: Found, read: LoadedArticle, edited: Edited, decisions: list[_EntryDecision]
    ) -> ArticleOutcome:
        if read.problems:
            problems = [problem_of(found.shown, problem) for problem in read.problems]
            return ArticleOutcome(self._untouched(found, read, decisions), problems)
        changed = edited.data != read.data
        shown = None
        if changed and self._options.diff:
            name = files.relative_name(found)
            text = diff.for_report(found.shown, name, read.data, edited.data)
            shown = ArticleDiff(found.shown, text)
        if changed and self._options.write:
            decisions = [_moved(one, edited.entries[one.number]) for one in decisions]
            read = replace(read, data=edited.data)
        results = [self._result(found, read, one) for one in decisions]
        return ArticleOutcome(results, [], changed, diff=shown)

    def _refused(
        self,
        found: Found,
        read: LoadedArticle,
        decisions: list[_EntryDecision],
        error: ArticleError,
    ) -> ArticleOutcome:
        problems = [problem_of(found.shown, one) for one in (*read.problems, error)]
        return ArticleOutcome(self._untouched(found, read, decisions), problems)

    def _untouched(
        self, found: Found, read: LoadedArticle, decisions: list[_EntryDecision]
    ) -> list[EntryResult]:
        """The article stays as it is: so do its flags and sizes, and they are judged as such."""
        results = []
        for one in decisions:
            declared = one.entry.declared
            judgement = verdict.judge(declared, one.evidence, self._settings.tolerance)
            kept = replace(judgement, flag=declared.cached)
            results.append(self._result(found, read, replace(one, judgement=kept)))
        return results

    def _result(self, found: Found, read: LoadedArticle, one: _EntryDecision) -> EntryResult:
        located = one.entry, one.location
        return self._judge.result(found.shown, read, located, one.evidence, one.judgement)


def _moved(decision: _EntryDecision, written: Entry) -> _EntryDecision:
    """The same decision at the place where its entry stands in the file as written."""
    entry = replace(decision.entry, line=written.line, column=written.column)
    return replace(decision, entry=entry)


async def write_all(
    found: Sequence[Found],
    writer: ArticleWriter,
    tools: Tools,
    listener: Listener,
    report: Report,
) -> None:
    """The last pass: read, judge and write each article again, in order."""
    for readings in batches(writer.readings(found), _BATCH):
        loaded = [read for _, read in readings if isinstance(read, LoadedArticle)]
        urls = {href for read in loaded for href in read.hrefs}
        facts = await look_up(tools.session, list(urls))
        await to_its_end(_write_batch, readings, facts, writer, report)
        listener.judged(len(readings))


def _write_batch(
    readings: Sequence[tuple[Found, ReadArticle]],
    facts: KnownFacts,
    writer: ArticleWriter,
    report: Report,
) -> None:
    for file, read in readings:
        if isinstance(read, LoadedArticle):
            report.add_article(writer.write(file, read, facts))
        else:
            report.add_article(unread(file.shown, read))
