"""Writer of articles: judges each one after the last fetch, and sets its flags and sizes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.articles.changes import Change, Edited
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.http.location import Location
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.articles.together import NewText
from imgcache.edge.catalog import judged
from imgcache.engine.catalog.site import Site
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.states import States
from imgcache.engine.refresh.unwritten import told
from imgcache.engine.refresh.writings import Writing
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle, excerpts
from imgcache.engine.run.index_session import KnownFacts
from imgcache.engine.run.judge import (
    Judge,
    fresh_evidence,
    may_be_flagged,
    new_placeholder,
    problem_of,
    true_size,
)
from imgcache.errors import ArticleError, LocalError, NotDurableError, UnreadableError
from imgcache.model import Entry, Size
from imgcache.render import diff
from imgcache.results import ArticleDiff, ArticleOutcome, Correction, EntryResult
from imgcache.userinfo import masked

_REREADS = 5


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
            or wanted.placeholder is not None
        )

    @property
    def corrects(self) -> bool:
        """Whether a size is written that was not declared."""
        declared = self.entry.declared
        return any(
            getattr(self.change, name) not in {None, getattr(declared, name)}
            for name in ("width", "height")
            if name not in declared.unnamed
        )


class KnownUrls(Struct, frozen=True):
    """Facts of some URLs, and the ids of those that the catalog knows."""

    facts: KnownFacts
    ids: Mapping[str, int]
    placeholders: Collection[str]


class ArticleWriter:
    """Judges and writes articles, by what the run found out and the facts of the index.

    `unwritten`: the entries that should say otherwise, in articles that are never written.
    """

    def __init__(
        self,
        judge: Judge,
        site: Site,
        states: States,
        settings: Settings,
        options: RefreshOptions,
    ) -> None:
        self._judge = judge
        self.site = site
        self.states = states
        self._settings = settings
        self._options = options
        self.fixes_sizes = options.fix_dimensions
        self.unwritten: list[str] = []

    def write(self, number: int, read: LoadedArticle, known: KnownUrls) -> Writing[ArticleOutcome]:
        """One article: its results, and what of it was changed.

        A file that changes meanwhile is read again, a few times. An ArticleError or LocalError of
        the file is thrown into it.
        """
        found = self.site.articles.found[number]
        for _ in range(_REREADS):
            decisions = list(self._decisions(read, known))
            try:
                outcome = yield from self._written(number, read, decisions)
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
    ) -> Writing[ArticleOutcome | None]:
        """The article as it should be; None for a file that has to be read (again) first."""
        found = self.site.articles.found[number]
        changes = {one.number: one.change for one in decisions if one.needs_edit}
        if read.problems or not changes:
            return self._unchanged(found, read, decisions)
        if read.parsed is None or read.data is None:
            return None
        if not read.parsed.document.language.is_written:
            todo = [one for one in decisions if one.needs_edit]
            self.unwritten += [told(found.shown, one.entry, one.change) for one in todo]
            return ArticleOutcome(self._untouched(found, decisions), [])
        # It brings the YAML parser along, which a run that writes nothing does not need.
        from imgcache.core.articles.writeback import apply  # noqa: PLC0415

        edited = apply(read.parsed, changes)
        try:
            if not (yield from self._store(NewText(found, read.data, edited.data))):
                return None
        except NotDurableError as exc:
            return self._changed(number, read, edited, decisions, [ArticleError(str(exc))])
        return self._changed(number, read, edited, decisions, [])

    def _store(self, text: NewText) -> Writing[bool]:
        """Write what has to be written; False for a file that has changed meanwhile."""
        if text.old == text.new:
            return True
        if self._options.write:
            return (yield text)
        files.check_editable(text.found)
        return True

    def _decisions(self, read: LoadedArticle, known: KnownUrls) -> Iterator[_EntryDecision]:
        of_web = self._remembered(known)
        parsed = read.parsed
        is_edited = parsed is not None and parsed.document.language.is_written
        for number, entry, location in self._judge.located(read):
            evidence = self._judge.evidence(location, of_web, self._of_place)
            judgement, change = self._decide(entry, evidence, is_edited=is_edited)
            if not may_be_flagged(entry.declared, location):
                judgement, change = replace(judgement, flag=None), replace(change, cached=None)
            change = replace(change, placeholder=new_placeholder(entry, evidence))
            excerpt = read.excerpts[number]
            yield _EntryDecision(number, entry, location, excerpt, evidence, judgement, change)

    def _of_place(self, key: bytes) -> Evidence:
        return judged.place_evidence(self.site.catalog, key) or Evidence()

    def _remembered(self, known: KnownUrls) -> Callable[[str], Evidence]:
        urls, images = known.facts.urls, known.facts.images

        def evidence(href: str) -> Evidence:
            number, facts = known.ids.get(href), urls.get(href)
            if number is None or not self.states.covers(number):
                return Evidence()
            state, placeholder = self.states.get(number), href in known.placeholders
            if state is None:
                seen = fresh_evidence(facts, images, placeholder=placeholder)
            else:
                seen = state.evidence(facts, images, placeholder=placeholder)
            return self._judge.compared(seen, facts.earlier if facts else (), images)

        return evidence

    def _decide(
        self, entry: Entry, evidence: Evidence, *, is_edited: bool
    ) -> tuple[Judgement, Change]:
        """What an entry is, and should say; in an article that is edited only what has a place."""
        tolerance, on_mismatch = self._settings.tolerance, self._settings.on_mismatch
        judgement = verdict.judge(entry.declared, evidence, tolerance, on_mismatch)
        may_fix = self._options.fix_dimensions and not (is_edited and entry.declared.by_hand)
        size = true_size(entry, evidence, tolerance) if may_fix else None
        if size is None:
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
        self,
        number: int,
        read: LoadedArticle,
        edited: Edited,
        decisions: list[_EntryDecision],
        faults: list[ArticleError],
    ) -> ArticleOutcome:
        """What is told of an article that holds the new text; `faults`: of this machine."""
        found, before = self.site.articles.found[number], read.data or b""
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
            decisions = [_moved(one, now) for one in decisions]
            faults = faults + self._noted(number, now, edited.data)
        results = [self._result(found, one) for one in decisions]
        problems = [problem_of(found.shown, fault) for fault in faults]
        corrections = _corrections(found.shown, decisions)
        tiny = sum(one.change.placeholder is not None for one in decisions)
        return ArticleOutcome(results, problems, changed, bool(faults), shown, corrections, tiny)

    def _noted(self, number: int, now: LoadedArticle, data: bytes) -> list[ArticleError]:
        """Note in the catalog what was written; an error does not undo that."""
        try:
            self.site.articles.put(number, now, data)
        except LocalError as exc:
            return [ArticleError(f"was written, but that could not be noted: {exc}")]
        return []

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


def _corrections(article: str, decisions: list[_EntryDecision]) -> list[Correction]:
    """The sizes that are corrected; entries that share one (`<<: *image`) have it once."""
    told: dict[Hashable, Correction] = {}
    for one in decisions:
        if one.corrects:
            found = _correction(article, one)
            before = (found.before.width, found.before.height)
            told.setdefault((found.line, found.column, before, found.after), found)
    return list(told.values())


def _correction(article: str, one: _EntryDecision) -> Correction:
    entry, change = one.entry, one.change
    after = Size(change.width or 0, change.height or 0)
    url = masked(entry.url_text)
    return Correction(article, entry.line, entry.column, url, entry.declared, after)


def _moved(decision: _EntryDecision, written: LoadedArticle) -> _EntryDecision:
    """The same decision at the place where its entry stands in the file as written."""
    moved, excerpt = written.entries[decision.number], written.excerpts[decision.number]
    entry = replace(decision.entry, line=moved.line, column=moved.column, sides=moved.sides)
    return replace(decision, entry=entry, excerpt=excerpt)
