"""The last pass: article by article, facts become verdicts, verdicts flags, flags bytes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from imgcache.config import Settings
from imgcache.core import layout, verdict, wording
from imgcache.core.article import NotAnArticle
from imgcache.core.declared import Article
from imgcache.core.gate import WebUrl
from imgcache.core.location import locate
from imgcache.core.verdict import Evidence, Judgement
from imgcache.core.writeback import Change, apply
from imgcache.edge import articles
from imgcache.edge.articles import Found
from imgcache.engine import reading
from imgcache.engine.agenda import Agenda, Item, text_key
from imgcache.engine.planning import Facts
from imgcache.engine.reading import Reading
from imgcache.errors import ArticleError, LocalError
from imgcache.model import Entry, Failure, ImageFacts, Source, UrlFacts
from imgcache.report import diff
from imgcache.report.findings import ArticleDiff, ArticleProblem, CachedThumbnail, EntryResult

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

    entry: Entry
    evidence: Evidence
    judgement: Judgement
    change: Change


class Judge:
    """Judges and writes articles from the agenda of the run and the facts of the index."""

    def __init__(self, agenda: Agenda, settings: Settings, manner: Manner) -> None:
        self._agenda = agenda
        self.settings = settings
        self._manner = manner

    def judge(self, found: Found, read: Reading, facts: Facts) -> Judged:
        """One article: its results, and what of it was changed.

        A file that changes under our hands is read again, a few times.
        """
        for _ in range(_REREADS):
            rulings = list(self._rule(read.article, facts))
            try:
                after = self._edit(read, rulings)
                if after == read.data or not self._manner.write:
                    return self._done(found, read, after, rulings)
                if articles.replace(found, read.data, after):
                    return self._done(found, read, after, rulings)
                again = reading.load(found, self.settings)
            except ArticleError as exc:
                return self._refused(found, read, rulings, exc)
            except LocalError as exc:
                refused = self._refused(found, read, rulings, ArticleError(str(exc)))
                return replace(refused, local_fault=True)
            if isinstance(again, NotAnArticle):
                break
            read = again
        error = ArticleError("somebody keeps changing this file; run again when it is at rest")
        return self._refused(found, read, list(self._rule(read.article, facts)), error)

    def _rule(self, article: Article, facts: Facts) -> Iterator[_Ruling]:
        for entry in article.entries:
            evidence = self._evidence(entry, facts)
            if evidence is not None:
                yield self._ruling(entry, evidence)

    def _ruling(self, entry: Entry, evidence: Evidence) -> _Ruling:
        tolerance, on_mismatch = self.settings.tolerance, self.settings.on_mismatch
        judgement = verdict.judge(entry.declared, evidence, tolerance, on_mismatch)
        change = Change(cached=judgement.flag)
        size = evidence.size
        if self._manner.fix_dimensions and size and judgement.verdict.is_about_size:
            change = replace(change, width=size.width, height=size.height)
            corrected = replace(entry.declared, width=size.width, height=size.height)
            judgement = verdict.judge(corrected, evidence, tolerance, on_mismatch)
            change = replace(change, cached=judgement.flag)
        return _Ruling(entry, evidence, judgement, change)

    def _evidence(self, entry: Entry, facts: Facts) -> Evidence | None:
        """None for an excluded entry."""
        location = locate(entry.url)
        if isinstance(location, Failure):
            if reading.is_excluded(entry, None, self.settings):
                return None
            return Evidence(failure=location)
        href = location.href if isinstance(location, WebUrl) else None
        if reading.is_excluded(entry, href, self.settings):
            return None
        if href is None:
            place = self._agenda.in_place.get(text_key(entry))
            return place.evidence if place else Evidence()
        return web_evidence(self._agenda.web.get(href), facts.urls.get(href), facts.images)

    def _edit(self, read: Reading, rulings: list[_Ruling]) -> bytes:
        if read.article.problems:
            return read.data
        by_entry = {id(ruling.entry): ruling.change for ruling in rulings}
        changes = {
            index: by_entry[id(entry)]
            for index, entry in enumerate(read.article.entries)
            if id(entry) in by_entry
        }
        return apply(read.article, changes)

    def _done(self, found: Found, read: Reading, after: bytes, rulings: list[_Ruling]) -> Judged:
        if read.article.problems:
            problems = [_problem(found, problem) for problem in read.article.problems]
            return Judged(self._untouched(found, rulings), problems)
        changed = after != read.data
        shown = None
        if changed and self._manner.diff:
            texts = (read.data.decode(), after.decode())
            shown = ArticleDiff(found.shown, diff.unified(found.shown, *texts))
        if changed and self._manner.write:
            rulings = self._moved(found, read, after, rulings)
        return Judged([self._result(found, ruling) for ruling in rulings], [], changed, diff=shown)

    def _moved(
        self, found: Found, read: Reading, after: bytes, rulings: list[_Ruling]
    ) -> list[_Ruling]:
        """The same rulings at the places where their entries stand in the file as written."""
        written = reading.parse(found, after, self.settings)
        if isinstance(written, NotAnArticle):
            raise ArticleError("the edited front matter could not be read again")
        places = {
            id(entry): moved
            for entry, moved in zip(read.article.entries, written.article.entries, strict=True)
        }
        return [
            replace(ruling, entry=replace(ruling.entry, line=place.line, column=place.column))
            for ruling in rulings
            for place in (places[id(ruling.entry)],)
        ]

    def _refused(
        self, found: Found, read: Reading, rulings: list[_Ruling], error: ArticleError
    ) -> Judged:
        known = [_problem(found, problem) for problem in read.article.problems]
        return Judged(self._untouched(found, rulings), [*known, _problem(found, error)])

    def _untouched(self, found: Found, rulings: list[_Ruling]) -> list[EntryResult]:
        """The article stays as it is: so do its flags and sizes, and they are judged as such."""
        results = []
        for ruling in rulings:
            declared, evidence = ruling.entry.declared, ruling.evidence
            judgement = verdict.judge(declared, evidence, self.settings.tolerance)
            kept = replace(judgement, flag=declared.cached)
            results.append(self._result(found, replace(ruling, judgement=kept)))
        return results

    def _result(self, found: Found, ruling: _Ruling) -> EntryResult:
        entry, evidence, judgement = ruling.entry, ruling.evidence, ruling.judgement
        weight = verdict.severity(
            judgement.verdict,
            entry.url or "",
            held=judgement.held,
            settings=self.settings.severity,
            strict=self._manner.strict,
        )
        flag = entry.declared.cached if judgement.flag is None else judgement.flag
        result = EntryResult(
            article=found.shown,
            line=entry.line,
            column=entry.column,
            pointer=entry.pointer,
            url=entry.url_text,
            verdict=judgement.verdict,
            severity=weight,
            message=wording.message(judgement.verdict, weight, entry.declared, evidence),
            declared=entry.declared,
            actual=evidence.size,
            cached=flag,
            format=evidence.format,
            status=evidence.status,
            source=evidence.source,
        )
        return _with_copy(result, evidence)


def _problem(found: Found, error: ArticleError) -> ArticleProblem:
    return ArticleProblem(found.shown, error.line, error.message)


def _with_copy(result: EntryResult, evidence: Evidence) -> EntryResult:
    known = evidence.copy or evidence.measured or evidence.failure
    result = replace(result, bytes=known.bytes if known else None)
    copy = evidence.copy
    if copy is None:
        return result
    thumbnails = tuple(
        CachedThumbnail(
            one.name,
            layout.thumbnail_path(one.name, copy.sha256, one.suffix),
            one.width,
            one.height,
        )
        for one in copy.thumbnails
    )
    path = layout.image_path(copy.sha256, copy.format)
    return replace(result, sha256=copy.sha256, path=path, thumbnails=thumbnails)


def web_evidence(
    item: Item | None, facts: UrlFacts | None, images: Mapping[str, ImageFacts]
) -> Evidence:
    """What is known of a URL on the web, from this run and from memory."""
    if item is None:
        return Evidence()
    failure = item.failure or (facts.failure if facts else None)
    copy = images.get(facts.copy) if facts and facts.copy and item.held else None
    response = facts.response if facts else None
    status = response.status if response and copy else None
    source = item.source
    if copy is not None and (failure is not None or source is None):
        source = Source.STALE
    return Evidence(
        failure=failure,
        copy=copy,
        placeholder=item.placeholder,
        source=source,
        status=failure.status if failure else status,
    )
