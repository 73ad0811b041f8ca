"""The last pass: article by article, facts become verdicts, verdicts flags, flags bytes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.entries import LARGEST_SIDE
from imgcache.core.articles.writeback import Change, apply
from imgcache.core.http.location import Location
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles import files as articles
from imgcache.edge.articles.files import Found
from imgcache.engine.refresh.planner import Facts
from imgcache.engine.run import articles as reading
from imgcache.engine.run import judge as results
from imgcache.engine.run.articles import Reading
from imgcache.engine.run.targets import Agenda, place_key
from imgcache.errors import ArticleError, LocalError
from imgcache.model import Entry, Failure, Verdict
from imgcache.render import diff
from imgcache.results import ArticleDiff, ArticleProblem, EntryResult

_REREADS = 5


@dataclass(frozen=True, slots=True)
class Manner:
    """How a refresh treats the articles it judges."""

    write: bool = True
    fix_dimensions: bool = False
    strict: bool = False
    diff: bool = False


@dataclass(slots=True)
class Judged:
    """One article's part of the report."""

    results: list[EntryResult]
    problems: list[ArticleProblem]
    changed: bool = False
    local_fault: bool = False
    diff: ArticleDiff | None = None


@dataclass(frozen=True, slots=True)
class _Ruling:
    """One entry, judged; `change` is what its verdict asks of the article."""

    index: int
    entry: Entry
    location: Location
    evidence: Evidence
    judgement: Judgement
    change: Change

    @property
    def asks_for_an_edit(self) -> bool:
        """Whether the article does not say already what it should."""
        wanted, says = self.change, self.entry.declared
        return (
            wanted.cached not in (None, says.cached)
            or wanted.width not in (None, says.width)
            or wanted.height not in (None, says.height)
        )


class Judge:
    """Judges and writes articles from the agenda of the run and the facts of the index."""

    def __init__(self, agenda: Agenda, settings: Settings, manner: Manner) -> None:
        self._agenda = agenda
        self._settings = settings
        self._manner = manner

    def readings(
        self, found: Sequence[Found]
    ) -> Iterator[tuple[Found, Reading | NotAnArticle | ArticleError]]:
        """The articles as they are now, parsed again only where they have changed."""
        return self._agenda.memo.recall(found, self._settings)

    def judge(self, found: Found, read: Reading, facts: Facts) -> Judged:
        """One article: its results, and what of it was changed.

        A file that changes under our hands is read again, a few times.
        """
        for _ in range(_REREADS):
            rulings = list(self._rule(read, facts))
            try:
                after = self._edit(found, read, rulings)
                if self._settle(found, read.data, after):
                    return self._done(found, read, after, rulings)
                again = reading.load(found, self._settings)
            except ArticleError as exc:
                return self._refused(found, read, rulings, exc)
            except LocalError as exc:
                refused = self._refused(found, read, rulings, ArticleError(str(exc)))
                return replace(refused, local_fault=True)
            if isinstance(again, NotAnArticle):
                break
            read = again
        error = ArticleError("somebody keeps changing this file; run again when it is at rest")
        return self._refused(found, read, list(self._rule(read, facts)), error)

    def _settle(self, found: Found, before: bytes, after: bytes) -> bool:
        """Write what has to be written; False for a file that changed under our hands."""
        if before == after:
            return True
        if self._manner.write:
            return articles.replace(found, before, after)
        articles.check_editable(found)
        return True

    def _rule(self, read: Reading, facts: Facts) -> Iterator[_Ruling]:
        located = zip(read.entries, read.locations, strict=True)
        for index, (entry, location) in enumerate(located):
            if not reading.is_excluded(entry, location, self._settings):
                evidence = self._evidence(location, facts)
                judgement, change = self._decide(entry, evidence)
                yield _Ruling(index, entry, location, evidence, judgement, change)

    def _decide(self, entry: Entry, evidence: Evidence) -> tuple[Judgement, Change]:
        tolerance, on_mismatch = self._settings.tolerance, self._settings.on_mismatch
        judgement = verdict.judge(entry.declared, evidence, tolerance, on_mismatch)
        size = evidence.sound_size
        if (
            not self._manner.fix_dimensions
            or size is None
            or not all(1 <= side <= LARGEST_SIDE for side in size)
            or verdict.is_placeholder(entry.declared, evidence)
            or verdict.size_verdict(entry.declared, size, tolerance) is Verdict.OK
        ):
            return judgement, Change(cached=judgement.flag)
        corrected = replace(entry.declared, width=size.width, height=size.height)
        judgement = verdict.judge(corrected, evidence, tolerance, on_mismatch)
        return judgement, Change(judgement.flag, size.width, size.height)

    def _evidence(self, location: Location, facts: Facts) -> Evidence:
        if isinstance(location, WebUrl):
            href = location.href
            return results.web_evidence(
                self._agenda.web.get(href), facts.urls.get(href), facts.images
            )
        if isinstance(location, Failure):
            return Evidence(failure=location)
        place = self._agenda.in_place.get(place_key(location))
        return place.evidence if place else Evidence()

    def _edit(self, found: Found, read: Reading, rulings: list[_Ruling]) -> bytes:
        """The bytes that the article should have; it is parsed only where they differ."""
        changes = {one.index: one.change for one in rulings if one.asks_for_an_edit}
        if read.problems or not changes:
            return read.data
        article = reading.parse(found, read.data, self._settings)
        if isinstance(article, NotAnArticle):
            raise ArticleError("the front matter could not be read again")
        return apply(article, changes)

    def _done(self, found: Found, read: Reading, after: bytes, rulings: list[_Ruling]) -> Judged:
        if read.problems:
            problems = [_problem(found, problem) for problem in read.problems]
            return Judged(self._untouched(found, read, rulings), problems)
        changed = after != read.data
        shown = None
        if changed and self._manner.diff:
            texts = (read.data.decode(), after.decode())
            shown = ArticleDiff(found.shown, diff.unified(found.shown, *texts))
        if changed and self._manner.write:
            rulings = self._moved(found, after, rulings)
            read = replace(read, data=after)
        return Judged([self._result(found, read, one) for one in rulings], [], changed, diff=shown)

    def _moved(self, found: Found, after: bytes, rulings: list[_Ruling]) -> list[_Ruling]:
        """The same rulings at the places where their entries stand in the file as written."""
        written = reading.parse(found, after, self._settings)
        if isinstance(written, NotAnArticle):
            raise ArticleError("the edited front matter could not be read again")
        places = written.entries
        return [
            replace(
                one,
                entry=replace(
                    one.entry, line=places[one.index].line, column=places[one.index].column
                ),
            )
            for one in rulings
        ]

    def _refused(
        self, found: Found, read: Reading, rulings: list[_Ruling], error: ArticleError
    ) -> Judged:
        known = [_problem(found, problem) for problem in read.problems]
        return Judged(self._untouched(found, read, rulings), [*known, _problem(found, error)])

    def _untouched(self, found: Found, read: Reading, rulings: list[_Ruling]) -> list[EntryResult]:
        """The article stays as it is: so do its flags and sizes, and they are judged as such."""
        results = []
        for ruling in rulings:
            declared, evidence = ruling.entry.declared, ruling.evidence
            judgement = verdict.judge(declared, evidence, self._settings.tolerance)
            kept = replace(judgement, flag=declared.cached)
            results.append(self._result(found, read, replace(ruling, judgement=kept)))
        return results

    def _result(self, found: Found, read: Reading, ruling: _Ruling) -> EntryResult:
        weight = verdict.severity(
            ruling.judgement.verdict,
            reading.url_names(ruling.entry, ruling.location),
            held=ruling.judgement.held,
            settings=self._settings.severity,
            strict=self._manner.strict,
        )
        return results.describe(
            found.shown, read, ruling.entry, ruling.evidence, ruling.judgement, weight
        )


def _problem(found: Found, error: ArticleError) -> ArticleProblem:
    return ArticleProblem(found.shown, error.line, error.message)
