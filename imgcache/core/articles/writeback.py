"""Exact edits: write flags and sizes into an article, without changing any other byte of it.

The new text is parsed again, and proof.py must prove that nothing but the wanted values has
changed; what can't be proven is not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace
from yaml import MappingNode

from imgcache.core.articles.changes import Change, Edited
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.edits import Aliases, Edit, KeyStyle, MappingWriter
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.merge_keys import MERGE_TAG, merge_sources, written
from imgcache.core.articles.places.machine import FIELDS
from imgcache.core.articles.places.referrers import check_parts
from imgcache.core.articles.places.sites import Slot
from imgcache.core.articles.proof import is_same_but
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry

_KEPT = ""
_INEXACT = "can't be edited without changing something else too; edit this entry by hand"
_FLAG = "cached"
_TEXT = "placeholder"


def apply(article: Article, changes: Mapping[int, Change]) -> Edited:
    """The article with `changes` (by index in `article.entries`) made.

    The very same bytes where nothing differs. Raises ArticleError, with line and reason, for an
    article that can't be edited exactly; then it must be left alone as a whole.
    """
    document = article.document
    targets = [
        _target(entry.declared, changes.get(index, Change()))
        if entry.pointer is not None
        else entry.declared
        for index, entry in enumerate(article.entries)
    ]
    plan = _planned(article, targets)
    if not plan.news:
        return Edited(document.data, article.entries, article.notes)
    if not document.language.is_written:
        raise ArticleError(f"{document.language.name} front matter is read, never written")
    if article.problems:
        raise article.problems[0]
    check_parts(article, plan.slots, plan.news)
    edits = list(_edits(article, plan))
    data = document.encoded(_spliced(document.text, edits))
    try:
        after = _proven(article, data, targets, plan)
    except ArticleError as exc:
        raise ArticleError(exc.message, document.line(edits[0].start)) from exc
    return Edited(data, after.entries, after.notes)


def _target(declared: Declared, change: Change) -> Declared:
    """What the entry shall declare; what it can't have is never written."""
    wanted = {
        role: new
        for role in FIELDS
        if (new := getattr(change, role)) is not None and role not in declared.unnamed
    }
    if change.placeholder is not None and declared.placeholder is not None:
        wanted[_TEXT] = change.placeholder
    return replace(declared, **wanted) if wanted else declared


class _Use(Struct, frozen=True):
    """One value of one entry: where it stands, how it reads, and how it shall read."""

    entry: int
    role: str
    slot: Slot | None
    before: str | None
    after: str | None


class _Plan(Struct):
    """What to write: new texts by their keys, by the identity of their mapping.

    `slots`: where the values of each entry are written, by their roles.
    """

    slots: list[dict[str, Slot]]
    news: dict[int, dict[str, str]] = {}
    mappings: dict[int, MappingNode] = {}

    def set(self, slot: Slot, text: str) -> None:
        """Write this there."""
        self.mappings[id(slot.mapping)] = slot.mapping
        self.news.setdefault(id(slot.mapping), {})[slot.key] = text

    def text(self, slot: Slot) -> str | None:
        """What is written there; None for nothing new."""
        return self.news.get(id(slot.mapping), {}).get(slot.key)


def _planned(article: Article, targets: list[Declared]) -> _Plan:
    """What to write where; a mapping that inherits what changes gets a value of its own."""
    plan = _Plan([site.slots(article.resolved) for site in article.sites])
    uses = list(_uses(article, targets, plan.slots))
    for use in uses:
        if use.after is not None and use.after != use.before:
            if use.slot is None:
                line = article.entries[use.entry].line
                raise ArticleError(f"no place to add its {use.role}; add it by hand", line)
            if plan.text(use.slot) is None:
                plan.set(use.slot, use.after)
    if plan.news:
        _check_shared(article, plan, uses)
        inheriting = [use for use in uses if use.slot is not None and _inherits(use.slot.mapping)]
        # Repeat until nothing changes: an entry may inherit from one that itself inherits.
        while sum(_add_own_key(use, plan) for use in inheriting):
            pass
    return plan


def _uses(
    article: Article, targets: list[Declared], places: list[dict[str, Slot]]
) -> Iterator[_Use]:
    for index, (entry, slots) in enumerate(zip(article.entries, places, strict=True)):
        before, after = _texts(entry.declared), _texts(targets[index])
        for role, text in after.items():
            yield _Use(index, role, slots.get(role), before[role], text)


def _texts(declared: Declared) -> dict[str, str | None]:
    """The declared values as they are written, in the order of insertion."""
    width, height, cached = declared.width, declared.height, declared.cached
    return {
        "width": None if width is None else str(width),
        "height": None if height is None else str(height),
        _FLAG: None if cached is None else str(cached).lower(),
        _TEXT: declared.placeholder or None,
    }


def _check_shared(article: Article, plan: _Plan, uses: list[_Use]) -> None:
    """Raises ArticleError where entries share a value and need different ones."""
    for use in uses:
        if use.slot is not None and plan.text(use.slot) not in {None, use.after}:
            raise ArticleError(
                f"`{use.slot.key}` is shared by entries that need different values; write it out",
                article.entries[use.entry].line,
            )


def _inherits(mapping: MappingNode) -> bool:
    return any(key.tag == MERGE_TAG for key, _ in mapping.value)


def _add_own_key(use: _Use, plan: _Plan) -> bool:
    """Plans an explicit key for what would be inherited differently; whether there was any."""
    slot, text = use.slot, use.after
    if slot is None or text is None:
        return False
    if _final(slot.mapping, slot.key, plan.news) in {None, _KEPT, text}:
        return False
    plan.set(slot, text)
    return True


def _final(mapping: MappingNode, key: str, news: dict[int, dict[str, str]]) -> str | None:
    """The new text that a mapping will have for a key, `_KEPT` for an old one, None for none."""
    planned = news.get(id(mapping), {}).get(key)
    if planned is not None:
        return planned
    if any(True for _ in written(mapping, key)):
        return _KEPT
    for merge_key, value in reversed(mapping.value):
        if merge_key.tag == MERGE_TAG:
            for source in reversed(merge_sources(value)):
                found = _final(source, key, news)
                if found is not None:
                    return found
    return None


def _edits(article: Article, plan: _Plan) -> Iterator[Edit]:
    document = article.document
    # An alias has an asterisk; few front matters have one, and to look at all nodes takes long.
    aliases = Aliases(document.root if "*" in document.text else None)
    styles = _styles(article, plan.slots)
    for number, news in plan.news.items():
        node = plan.mappings[number]
        writer = MappingWriter(article.document, node, styles[number], aliases)
        for key, text in news.items():
            yield writer.edit(key, text)


def _styles(article: Article, places: list[dict[str, Slot]]) -> dict[int, KeyStyle]:
    """By mapping: the entries' keys in it, in the order in which they go, and what they hold."""
    styles: dict[int, KeyStyle] = {}
    for site, slots in zip(article.sites, places, strict=True):
        for role, slot in (("url", site.url(article.resolved)), *slots.items()):
            if slot is None:
                continue
            style = styles.setdefault(id(slot.mapping), KeyStyle())
            style.order.append(slot.key)
            if role == _FLAG:
                style.flags.add(slot.key)
            if role == _TEXT:
                style.texts.add(slot.key)
    return styles


def _wanted(article: Article, targets: list[Declared], plan: _Plan) -> Iterator[Entry]:
    """The entries as they shall be read from the new text, comparable."""
    for entry, site, target in zip(article.entries, article.sites, targets, strict=True):
        wanted = _comparable(entry, target)
        if article.noted and site.mapping is not None:
            # What an heir inherits stays as it was (proof.py): only what is written here counts.
            full = {*(entry.filled or ()), *plan.news.get(id(site.mapping), ())}
            wanted = replace(wanted, filled=tuple(key for key in article.noted if key in full))
        yield wanted


def _comparable(entry: Entry, declared: Declared) -> Entry:
    """The entry with these values; without its place, and without values that are no sizes."""
    return replace(entry, declared=replace(declared, strange=()), line=0, column=0, sides=())


def _spliced(text: str, edits: list[Edit]) -> str:
    """`text` with the edits made; those at one place in the order in which they came."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += text[done:start], new
        done = end
    return "".join([*parts, text[done:]])


def _proven(article: Article, data: bytes, targets: list[Declared], plan: _Plan) -> Article:
    """The article of the new bytes. Raises ArticleError unless it is exactly what was wanted."""
    before = article.document
    try:
        after = read(
            data,
            whole=before.whole,
            places=article.places,
            limits=article.limits,
            noted=article.noted,
            body=article.body,
        )
    except ArticleError as exc:
        raise ArticleError(f"can't be edited: {exc.message}") from exc
    wanted = list(_wanted(article, targets, plan))
    if isinstance(after, NotAnArticle) or wanted != [
        _comparable(entry, entry.declared) for entry in after.entries
    ]:
        raise ArticleError(_INEXACT)
    if not is_same_but(before, after.document, plan.news):
        raise ArticleError(_INEXACT)
    return after
