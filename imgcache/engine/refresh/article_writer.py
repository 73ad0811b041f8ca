"""Writer of articles: judges each one after the last fetch, and sets its flags and sizes.

It runs after the last fetch, so that the order of downloads changes nothing, and reads each
article again, so that what somebody wrote meanwhile is judged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.articles.changes import Change, Edited
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.articles.together import NewText
from imgcache.edge.catalog import judged
from imgcache.engine.catalog.site import Site
from imgcache.engine.refresh.decisions import EntryDecision, corrections, filled, moved
from imgcache.engine.refresh.options import RefreshOptions
from imgcache.engine.refresh.states import States
from imgcache.engine.refresh.unwritten import told
from imgcache.engine.refresh.writings import Writing
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle, excerpts
from imgcache.engine.run.beside.article_work import Rewritten, Wanted
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
from imgcache.model import Entry
from imgcache.render import diff
from imgcache.results import ArticleDiff, ArticleOutcome, EntryResult

_REREADS = 5


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
        self, number: int, read: LoadedArticle, decisions: list[EntryDecision]
    ) -> Writing[ArticleOutcome | None]:
        """The article as it should be; None for a file that has to be read (again) first."""
        found = self.site.articles.found[number]
        changes = {one.number: one.change for one in decisions if one.needs_edit}
        if read.problems or not changes:
            return self._unchanged(found, read, decisions)
        if read.parsed is None or read.data is None:
            made = yield from self._rewritten(found, read, changes)
            if made is None:
                return None
            return (yield from self._stored(number, read, made, decisions))
        if not read.parsed.document.language.is_written:
            todo = [one for one in decisions if one.needs_edit]
            self.unwritten += [told(found.shown, one.entry, one.change) for one in todo]
            return ArticleOutcome(self._untouched(found, decisions), [])
        # It brings the YAML parser along, which a run that writes nothing does not need.
        from imgcache.core.articles.writeback import apply  # noqa: PLC0415

        made = Rewritten(read.data, apply(read.parsed, changes))
        return (yield from self._stored(number, read, made, decisions))

    def _rewritten(
        self, found: Found, read: LoadedArticle, changes: Mapping[int, Change]
    ) -> Writing[Rewritten | None]:
        """The edit of an article that was not taken apart again; None where that has to be."""
        if read.digest is None:
            return None
        made: Rewritten | None = yield Wanted(found, read.digest, changes)
        return made

    def _stored(
        self, number: int, read: LoadedArticle, made: Rewritten, decisions: list[EntryDecision]
    ) -> Writing[ArticleOutcome | None]:
        """The article as it is written; None for a file that has changed meanwhile."""
        text = NewText(self.site.articles.found[number], made.data, made.edited.data)
        faults = []
        try:
            if not (yield from self._store(text)):
                return None
        except NotDurableError as exc:
            faults.append(ArticleError(str(exc)))
        return self._changed(number, replace(read, data=made.data), made.edited, decisions, faults)

    def _store(self, text: NewText) -> Writing[bool]:
        """Write what has to be written; False for a file that has changed meanwhile."""
        if text.old == text.new:
            return True
        if self._options.write:
            is_written: bool = yield text
            return is_written
        files.check_editable(text.found)
        return True

    def _decisions(self, read: LoadedArticle, known: KnownUrls) -> Iterator[EntryDecision]:
        of_web = self._remembered(known)
        parsed = read.parsed
        is_edited = parsed is not None and parsed.document.language.is_written
        for number, entry, location in read.judged:
            evidence = self._judge.evidence(location, of_web, self._of_place)
            judgement, change = self._decide(entry, evidence, is_edited=is_edited)
            if not may_be_flagged(entry.declared, location):
                judgement, change = replace(judgement, flag=None), replace(change, cached=None)
            change = replace(change, placeholder=new_placeholder(entry, evidence))
            excerpt = read.excerpts[number]
            yield EntryDecision(number, entry, location, excerpt, evidence, judgement, change)

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
        self, found: Found, read: LoadedArticle, decisions: list[EntryDecision]
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
        decisions: list[EntryDecision],
        faults: list[ArticleError],
    ) -> ArticleOutcome:
        """What is told of an article that holds the new text; `faults`: of this machine."""
        found, before = self.site.articles.found[number], read.data or b""
        decisions = [filled(one, edited) for one in decisions]
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
            decisions = [moved(one, now) for one in decisions]
            faults = faults + self._noted(number, now, edited.data)
        results = [self._result(found, one) for one in decisions]
        problems = [problem_of(found.shown, fault) for fault in faults]
        told_sizes = corrections(found.shown, decisions)
        tiny = sum(one.change.placeholder is not None for one in decisions)
        return ArticleOutcome(results, problems, changed, bool(faults), shown, told_sizes, tiny)

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
        decisions: list[EntryDecision],
        error: ArticleError,
    ) -> ArticleOutcome:
        problems = [problem_of(found.shown, one) for one in (*read.problems, error)]
        return ArticleOutcome(self._untouched(found, decisions), problems)

    def _untouched(self, found: Found, decisions: list[EntryDecision]) -> list[EntryResult]:
        """The article stays as it is: so do its flags and sizes, and they are judged as such."""
        results = []
        for one in decisions:
            declared = one.entry.declared
            judgement = verdict.judge(declared, one.evidence, self._settings.tolerance)
            kept = replace(judgement, flag=declared.cached)
            results.append(self._result(found, replace(one, judgement=kept)))
        return results

    def _result(self, found: Found, one: EntryDecision) -> EntryResult:
        located = one.entry, one.location
        return self._judge.result(found.shown, one.excerpt, located, one.evidence, one.judgement)
