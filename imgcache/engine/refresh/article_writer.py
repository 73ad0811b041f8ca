"""Writer of articles: judges each one after the last fetch, and sets its flags and sizes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.articles.entries import LARGEST_SIDE
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.articles.writeback import Change, Edited, apply
from imgcache.core.http.location import Location
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.catalog import judged, urls
from imgcache.engine.catalog.site import Site
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.unwritten import told
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle, ReadArticle, excerpts
from imgcache.engine.run.index_session import KnownFacts, look_up
from imgcache.engine.run.judge import (
    Judge,
    fresh_evidence,
    may_be_flagged,
    problem_of,
    unread,
    web_evidence,
)
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Form, Report
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


class _EntryDecision(Struct, frozen=True):
    """One entry, judged; `change` is the edit that its verdict needs."""

    number: int
    entry: Entry
    location: Location
    excerpt: str
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


class KnownUrls(Struct, frozen=True):
    """Facts of some URLs; `fresh`: those that the run knows, and whether each is a placeholder."""

    facts: KnownFacts
    fresh: Mapping[str, bool]


class ArticleWriter:
    """Judges and writes articles, by the targets of the run and the facts of the index.

    `unwritten`: the entries that should say otherwise, in articles that are never written.
    """

    def __init__(
        self,
        judge: Judge,
        site: Site,
        targets: Targets,
        settings: Settings,
        options: RefreshOptions,
    ) -> None:
        self._judge = judge
        self._site = site
        self._targets = targets
        self._settings = settings
        self._options = options
        self.fixes_sizes = options.fix_dimensions
        self.unwritten: list[str] = []

    def write(self, number: int, read: LoadedArticle, known: KnownUrls) -> ArticleOutcome:
        """One article: its results, and what of it was changed.

        A file that changes meanwhile is read again, a few times.
        """
        found = self._site.articles.found[number]
        for _ in range(_REREADS):
            decisions = list(self._decisions(read, known))
            try:
                outcome = self._written(number, read, decisions)
                if outcome is not None:
                    return outcome
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
        return self._refused(found, read, list(self._decisions(read, known)), error)

    def _written(
        self, number: int, read: LoadedArticle, decisions: list[_EntryDecision]
    ) -> ArticleOutcome | None:
        """The article as it should be; None for a file that has to be read (again) first."""
        found = self._site.articles.found[number]
        changes = {one.number: one.change for one in decisions if one.needs_edit}
        if read.problems or not changes:
            return self._unchanged(found, read, decisions)
        if read.parsed is None or read.data is None:
            return None
        if not read.parsed.document.language.is_written:
            todo = [one for one in decisions if one.needs_edit]
            self.unwritten += [told(found.shown, one.entry, one.change) for one in todo]
            return ArticleOutcome(self._untouched(found, decisions), [])
        edited = apply(read.parsed, changes)
        if not self._store(found, read.data, edited.data):
            return None
        return self._changed(number, read, edited, decisions)

    def _store(self, found: Found, before: bytes, after: bytes) -> bool:
        """Write what has to be written; False for a file that has changed meanwhile."""
        if before == after:
            return True
        if self._options.write:
            return files.replace(found, before, after)
        files.check_editable(found)
        return True

    def _decisions(self, read: LoadedArticle, known: KnownUrls) -> Iterator[_EntryDecision]:
        of_web = self._remembered(known)
        for number, entry, location in self._judge.located(read):
            evidence = self._judge.evidence(location, of_web, self._of_place)
            judgement, change = self._decide(entry, evidence)
            if not may_be_flagged(entry.declared, location):
                judgement, change = replace(judgement, flag=None), replace(change, cached=None)
            excerpt = read.excerpts[number]
            yield _EntryDecision(number, entry, location, excerpt, evidence, judgement, change)

    def _of_place(self, key: bytes) -> Evidence:
        return judged.place_evidence(self._site.catalog, key) or Evidence()

    def _remembered(self, known: KnownUrls) -> Callable[[str], Evidence]:
        web, urls, images = self._targets.web, known.facts.urls, known.facts.images

        def evidence(href: str) -> Evidence:
            target, facts = web.get(href), urls.get(href)
            if target is None and href in known.fresh:
                return fresh_evidence(facts, images, placeholder=known.fresh[href])
            return web_evidence(target, facts, images)

        return evidence

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

    def _unchanged(
        self, found: Found, read: LoadedArticle, decisions: list[_EntryDecision]
    ) -> ArticleOutcome:
        if read.problems:
            problems = [problem_of(found.shown, problem) for problem in read.problems]
            return ArticleOutcome(self._untouched(found, decisions), problems)
        return ArticleOutcome([self._result(found, one) for one in decisions], [])

    def _changed(
        self, number: int, read: LoadedArticle, edited: Edited, decisions: list[_EntryDecision]
    ) -> ArticleOutcome:
        found, before = self._site.articles.found[number], read.data or b""
        changed, shown = edited.data != before, None
        if changed and self._options.diff:
            name = files.relative_name(found)
            text = diff.for_report(found.shown, name, before, edited.data)
            shown = ArticleDiff(found.shown, text)
        if changed and self._options.write:
            now = replace(
                read,
                entries=edited.entries,
                excerpts=excerpts(edited.data, edited.entries),
                notes=edited.notes,
            )
            self._site.articles.put(number, now, edited.data)
            decisions = [_moved(one, now) for one in decisions]
        results = [self._result(found, one) for one in decisions]
        return ArticleOutcome(results, [], changed, diff=shown)

    def _refused(
        self,
        found: Found,
        read: LoadedArticle,
        decisions: list[_EntryDecision],
        error: ArticleError,
    ) -> ArticleOutcome:
        problems = [problem_of(found.shown, one) for one in (*read.problems, error)]
        return ArticleOutcome(self._untouched(found, decisions), problems)

    def _untouched(self, found: Found, decisions: list[_EntryDecision]) -> list[EntryResult]:
        """The article stays as it is: so do its flags and sizes, and they are judged as such."""
        results = []
        for one in decisions:
            declared = one.entry.declared
            judgement = verdict.judge(declared, one.evidence, self._settings.tolerance)
            kept = replace(judgement, flag=declared.cached)
            results.append(self._result(found, replace(one, judgement=kept)))
        return results

    def _result(self, found: Found, one: _EntryDecision) -> EntryResult:
        located = one.entry, one.location
        return self._judge.result(found.shown, one.excerpt, located, one.evidence, one.judgement)


def _moved(decision: _EntryDecision, written: LoadedArticle) -> _EntryDecision:
    """The same decision at the place where its entry stands in the file as written."""
    moved, excerpt = written.entries[decision.number], written.excerpts[decision.number]
    entry = replace(decision.entry, line=moved.line, column=moved.column)
    return replace(decision, entry=entry, excerpt=excerpt)


async def write_all(
    writer: ArticleWriter,
    site: Site,
    targets: Targets,
    placeholders: Collection[str],
    tools: Tools,
    listener: Listener,
    report: Report,
) -> None:
    """The last pass: report what stands, judge and write each other article, in order."""
    due = [one.id for one in targets.web.values()]
    touched = await to_its_end(site.touched, due, of_size=writer.fixes_sizes)
    for numbers in batches(range(len(site.articles.found)), _BATCH):
        readings = await to_its_end(_readings, numbers, site, touched)
        hrefs = [
            href
            for read in readings.values()
            if isinstance(read, LoadedArticle)
            for href in read.hrefs
        ]
        known = await _known(hrefs, placeholders, site, tools)
        await to_its_end(_write_batch, numbers, readings, known, writer, site, report)
        listener.judged(len(numbers))
    if writer.unwritten:
        listener.unwritten(writer.unwritten)


def _readings(
    numbers: Sequence[int], site: Site, touched: Collection[int]
) -> dict[int, ReadArticle]:
    """Those of some files that have to be judged now, as they are by now."""
    articles = site.articles
    return {
        number: articles.read(number)
        for number in numbers
        if articles.ids[number] in touched
        or number in articles.odd
        or not articles.is_as_it_was(number)
    }


async def _known(
    hrefs: Collection[str], placeholders: Collection[str], site: Site, tools: Tools
) -> KnownUrls:
    wanted = list(dict.fromkeys(hrefs))
    facts = await look_up(tools.session, wanted)
    known = await to_its_end(urls.known, site.catalog, wanted)
    return KnownUrls(facts, {href: href in placeholders for href in known})


def _write_batch(
    numbers: Sequence[int],
    readings: Mapping[int, ReadArticle],
    known: KnownUrls,
    writer: ArticleWriter,
    site: Site,
    report: Report,
) -> None:
    standing = site.standing(numbers) if len(readings) < len(numbers) else {}
    for number in numbers:
        shown, read = site.articles.found[number].shown, readings.get(number)
        if read is None:
            site.report_standing(number, standing, Form.FRESH, report)
        elif isinstance(read, LoadedArticle):
            report.add_article(writer.write(number, read, known))
        else:
            report.add_article(unread(shown, read))
