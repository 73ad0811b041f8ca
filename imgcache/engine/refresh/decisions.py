"""Decisions about the entries of an article: what each is, and what the article should say."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.articles.changes import Change, Edited
from imgcache.core.http.location import Location
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.engine.run.articles import LoadedArticle
from imgcache.model import Entry, Size
from imgcache.results import Correction
from imgcache.userinfo import masked


class EntryDecision(Struct, frozen=True):
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


def corrections(article: str, decisions: list[EntryDecision]) -> list[Correction]:
    """The sizes that are corrected; entries that share one (`<<: *image`) have it once."""
    told: dict[Hashable, Correction] = {}
    for one in decisions:
        if one.corrects:
            found = _correction(article, one)
            before = (found.before.width, found.before.height)
            told.setdefault((found.line, found.column, before, found.after), found)
    return list(told.values())


def _correction(article: str, one: EntryDecision) -> Correction:
    entry, change = one.entry, one.change
    after = Size(change.width or 0, change.height or 0)
    url = masked(entry.url_text)
    return Correction(article, entry.line, entry.column, url, entry.declared, after)


def filled(decision: EntryDecision, edited: Edited) -> EntryDecision:
    """The same decision of an entry that has the keys which the edit fills."""
    has = edited.entries[decision.number].filled
    return replace(decision, entry=replace(decision.entry, filled=has))


def moved(decision: EntryDecision, written: LoadedArticle) -> EntryDecision:
    """The same decision at the place where its entry stands in the file as written."""
    moved, excerpt = written.entries[decision.number], written.excerpts[decision.number]
    entry = replace(decision.entry, line=moved.line, column=moved.column, sides=moved.sides)
    return replace(decision, entry=entry, excerpt=excerpt)
