"""Exact edits: write flags and sizes into an article, without changing any other byte of it.

The new text is parsed again, and proof.py must prove that nothing but the wanted values has
changed; what can't be proven is not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace
from yaml import MappingNode

from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.edits import Aliases, Edit, EntryWriter
from imgcache.core.articles.entries import Article, Site, read
from imgcache.core.articles.merge_keys import MERGE_TAG, merge_sources, written
from imgcache.core.articles.proof import is_same_but
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry


class Change(Struct, frozen=True):
    """What one entry shall declare; None leaves a field as it stands."""

    cached: bool | None = None
    width: int | None = None
    height: int | None = None


_KEPT = ""
_INEXACT = "can't be edited without changing something else too; edit this entry by hand"
# What to write, by the entry's index and the key: `true`, `false` or a size in pixels.
_Plan = dict[int, dict[str, str]]


class Edited(Struct, frozen=True):
    """An article's new bytes, and its entries at the places where they now stand."""

    data: bytes
    entries: tuple[Entry, ...]


def apply(article: Article, changes: Mapping[int, Change]) -> Edited:
    """The article with `changes` (by index in `article.entries`) made.

    The very same bytes where nothing differs. Raises ArticleError, with line and reason, for an
    article that can't be edited exactly; then it must be left alone as a whole.
    """
    document = article.document
    targets = [
        _target(entry.declared, changes.get(index, Change()))
        for index, entry in enumerate(article.entries)
    ]
    plan = _planned(article, targets)
    if not plan:
        return Edited(document.data, article.entries)
    if not document.language.is_written:
        raise ArticleError(f"{document.language.name} front matter is read, never written")
    if article.problems:
        raise article.problems[0]
    edits = list(_edits(article, plan))
    data = document.encoded(_spliced(document.text, edits))
    try:
        return Edited(data, _proven(article, data, targets, plan))
    except ArticleError as exc:
        raise ArticleError(exc.message, document.line(edits[0].start)) from exc


def _target(declared: Declared, change: Change) -> Declared:
    return Declared(
        declared.width if change.width is None else change.width,
        declared.height if change.height is None else change.height,
        declared.cached if change.cached is None else change.cached,
    )


def _planned(article: Article, targets: list[Declared]) -> _Plan:
    """What to write where; an entry that inherits what changes gets a value of its own."""
    plan: _Plan = {}
    for index, (entry, target) in enumerate(zip(article.entries, targets, strict=True)):
        before, after = _texts(article, entry.declared), _texts(article, target)
        plan[index] = {key: text for key, text in after.items() if text != before.get(key)}
    if any(plan.values()):
        news = {id(site.node): plan[index] for index, site in enumerate(article.sites)}
        inheriting = [index for index, site in enumerate(article.sites) if _inherits(site)]
        # Repeat until nothing changes: an entry may inherit from one that itself inherits.
        while sum(
            _add_own_keys(article.sites[index], _texts(article, targets[index]), news)
            for index in inheriting
        ):
            pass
    return {index: new for index, new in plan.items() if new}


def _texts(article: Article, declared: Declared) -> dict[str, str]:
    """The declared fields as they are written, by their keys in the order of insertion."""
    fields = article.fields
    cached = None if declared.cached is None else str(declared.cached).lower()
    texts = {fields.width: declared.width, fields.height: declared.height, fields.cached: cached}
    return {key: str(value) for key, value in texts.items() if value is not None}


def _inherits(site: Site) -> bool:
    return any(key.tag == MERGE_TAG for key, _ in site.node.value)


def _add_own_keys(site: Site, texts: dict[str, str], news: dict[int, dict[str, str]]) -> bool:
    """Plans explicit keys for what an entry would inherit differently; whether there were any."""
    missing = {
        key: text
        for key, text in texts.items()
        if _final(site.node, key, news) not in {None, _KEPT, text}
    }
    news[id(site.node)].update(missing)
    return bool(missing)


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
    aliases = Aliases(article.document.root)
    for index, new in plan.items():
        writer = EntryWriter(article.document, article.sites[index].node, article.fields, aliases)
        for key, text in new.items():
            yield writer.edit(key, text)


def _comparable(entry: Entry, declared: Declared) -> Entry:
    """The entry with these values; without its place, and without values that are no sizes."""
    return replace(entry, declared=replace(declared, strange=()), line=0, column=0)


def _spliced(text: str, edits: list[Edit]) -> str:
    """`text` with the edits made; those at one place in the order in which they came."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += text[done:start], new
        done = end
    return "".join([*parts, text[done:]])


def _proven(
    article: Article, data: bytes, targets: list[Declared], plan: _Plan
) -> tuple[Entry, ...]:
    """The entries of the new bytes. Raises ArticleError unless they are exactly what was wanted."""
    before = article.document
    try:
        after = read(
            data,
            whole=before.whole,
            fields=article.fields,
            limits=article.limits,
            noted=article.noted,
        )
    except ArticleError as exc:
        raise ArticleError(f"can't be edited: {exc.message}") from exc
    wanted = [
        _comparable(entry, target) for entry, target in zip(article.entries, targets, strict=True)
    ]
    if isinstance(after, NotAnArticle) or wanted != [
        _comparable(entry, entry.declared) for entry in after.entries
    ]:
        raise ArticleError(_INEXACT)
    new = {id(article.sites[index].node): texts for index, texts in plan.items()}
    if not is_same_but(before, after.document, new):
        raise ArticleError(_INEXACT)
    return after.entries
