"""Image entries of a front matter, from its nodes: where they stand, what they declare."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml
from msgspec import Struct
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.config import Fields, LimitSettings
from imgcache.core.articles.document import Document, Language, NotAnArticle, parse
from imgcache.core.articles.filled import filled
from imgcache.core.articles.merge_keys import MERGE_TAG, Duplicate, Pair, ResolvedMappings, written
from imgcache.core.articles.spans import value_start
from imgcache.core.articles.yaml_nodes import children
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry
from imgcache.userinfo import masked_within

_BOOLEANS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(
    ("false", "False", "FALSE"), False
)
# The largest side that an article can declare.
LARGEST_SIDE = 999_999_999
_SIZE = re.compile(r"[1-9][0-9]{0,8}")
_NEWLINE = re.compile(r"\n")
_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_SIZE_TAGS = frozenset({_STRING, "tag:yaml.org,2002:int"})
# What a report shows of a `url` that is no string.
_SHOWN = 60


class Site(Struct, frozen=True):
    """Where an entry is written: its mapping, and its pairs with merge keys resolved."""

    node: MappingNode
    pairs: dict[str, Pair]


class Article(Struct, frozen=True):
    """An article's image entries in document order, and what editing them needs.

    `problems`: repeated keys on the way to an entry. The entries are listed as a loader sees
    them (the last one wins), but such an article is never edited. `sites` go with `entries`.
    """

    entries: tuple[Entry, ...]
    problems: tuple[ArticleError, ...]
    document: Document
    sites: tuple[Site, ...]
    fields: Fields
    limits: LimitSettings
    noted: tuple[str, ...] = ()


def read(
    data: bytes,
    *,
    whole: bool,
    fields: Fields,
    limits: LimitSettings,
    language: Language = Language.YAML,
    noted: tuple[str, ...] = (),
) -> Article | NotAnArticle:
    """The image entries of an article; `language` is that of a whole file.

    Raises ArticleError as `parse` does. `noted` are the keys of which an entry tells whether they
    are filled. A whole file (`whole`) without entries comes back as an article that has none;
    whether that is an article at all depends on how the file was found (contract section 1).
    """
    document = parse(data, whole=whole, limits=limits, language=language)
    if isinstance(document, NotAnArticle):
        return document
    resolved = ResolvedMappings(document)
    found = tuple(_walk(document.root, resolved, fields))
    sites = tuple(site for _, site in found)
    places = _Places(document)
    return Article(
        tuple(_entry(pointer, site, places, fields, noted) for pointer, site in found),
        tuple(_problems(document, resolved, sites, fields)),
        document,
        sites,
        fields,
        limits,
        noted,
    )


class _Visit(NamedTuple):
    node: yaml.Node
    pointer: str
    listed: bool  # a list under the key `images`, or an item of one


def _walk(
    root: yaml.Node | None, resolved: ResolvedMappings, fields: Fields
) -> Iterator[tuple[str, Site]]:
    """Each entry once, at its first place, in document order; without recursion."""
    seen: set[int] = set()
    listed: set[int] = set()
    stack = [] if root is None else [_Visit(root, "", listed=False)]
    while stack:
        visit = stack.pop()
        node = visit.node
        if visit.listed and id(node) not in listed:
            # A list or mapping may have been visited elsewhere, before it was found under `images`.
            listed.add(id(node))
            if isinstance(node, MappingNode):
                pairs = resolved.pairs(node)
                if fields.url in pairs:
                    yield visit.pointer, Site(node, pairs)
        elif id(node) in seen:
            continue
        seen.add(id(node))
        stack.extend(reversed(list(_below(visit, resolved, fields))))


def _below(visit: _Visit, resolved: ResolvedMappings, fields: Fields) -> Iterator[_Visit]:
    node, pointer, is_listed = visit
    if isinstance(node, MappingNode):
        for text, pair in resolved.pairs(node).items():
            if not isinstance(pair.value, ScalarNode):
                step = text.replace("~", "~0").replace("/", "~1")
                is_images = text == fields.images and isinstance(pair.value, SequenceNode)
                yield _Visit(pair.value, f"{pointer}/{step}", is_images)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            if not isinstance(item, ScalarNode):
                is_item = is_listed and isinstance(item, MappingNode)
                yield _Visit(item, f"{pointer}/{index}", is_item)


def _entry(
    pointer: str, site: Site, places: _Places, fields: Fields, noted: tuple[str, ...]
) -> Entry:
    url = site.pairs[fields.url]
    line, column = places.of(url)
    text = places.document.source(url.value)
    is_scalar = isinstance(url.value, ScalarNode)
    return Entry(
        pointer,
        line,
        column,
        url.value.value if is_scalar and url.value.tag == _STRING else None,
        url.value.value if is_scalar else _shortened(text),
        _declared(site, places.document, fields),
        filled(site.pairs, noted),
    )


def _shortened(text: str) -> str:
    text = masked_within(" ".join(text.split()))  # before a cut that would hide an @
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\u2026"


def _declared(site: Site, document: Document, fields: Fields) -> Declared:
    cached = site.pairs.get(fields.cached)
    sides = {"width": site.pairs.get(fields.width), "height": site.pairs.get(fields.height)}
    return Declared(
        _size(sides["width"]),
        _size(sides["height"]),
        None if cached is None else _flag(cached.value, document),
        tuple(_strange(sides, document)),
    )


def _strange(sides: Mapping[str, Pair | None], document: Document) -> Iterator[tuple[str, str]]:
    """What is written for a side and is no size; an empty value is nothing that is written."""
    for name, pair in sides.items():
        if pair is not None and pair.value.tag != _NULL and _size(pair) is None:
            yield name, _shortened(document.source(pair.value))


def _size(pair: Pair | None) -> int | None:
    node = None if pair is None else pair.value
    if not isinstance(node, ScalarNode) or node.style in {"|", ">"} or node.tag not in _SIZE_TAGS:
        return None
    return int(node.value) if _SIZE.fullmatch(node.value) else None


def _flag(node: yaml.Node, document: Document) -> bool | None:
    """The boolean of a plain scalar without a tag; what YAML 1.1 adds (`yes`, `on`) is unknown."""
    if not isinstance(node, ScalarNode) or node.style or "!" in document.source(node):
        return None
    return _BOOLEANS.get(node.value)


class _Places:
    """Lines and columns for reports, from 1, by line feeds alone."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._starts: list[int] = []

    def of(self, pair: Pair) -> tuple[int, int]:
        """Line and column of the first character of a value, its tag and anchor passed over."""
        if not self._starts:
            text, end = self.document.text, self.document.end
            self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text, 0, end))]
        index = value_start(self.document, pair.key, pair.value)
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1


def _problems(
    document: Document, resolved: ResolvedMappings, sites: tuple[Site, ...], fields: Fields
) -> Iterator[ArticleError]:
    """Repeated keys that leave open what an entry says, or which entries there are."""
    own = {id(site.node) for site in sites} | resolved.merged
    named = {fields.url, fields.width, fields.height, fields.cached, "<<"}
    for duplicate in resolved.duplicates:
        mapping, text, key = duplicate
        if (text in named and id(mapping) in own) or _leads_to_entries(duplicate, fields):
            yield ArticleError(
                f"the key `{text}` stands twice in one mapping; remove one of them",
                document.line_of(key),
            )


def _leads_to_entries(duplicate: Duplicate, fields: Fields) -> bool:
    """Whether any of the values of a repeated key holds an image entry."""
    stack = list(written(duplicate.mapping, duplicate.text))
    seen: set[int] = set()
    if duplicate.text == fields.images and any(_lists_entries(node, fields) for node in stack):
        return True
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode) and any(
            _lists_entries(value, fields) for value in written(node, fields.images)
        ):
            return True
        stack.extend(children(node))
    return False


def _lists_entries(node: yaml.Node, fields: Fields) -> bool:
    return isinstance(node, SequenceNode) and any(
        isinstance(item, MappingNode)
        and any(key.value == fields.url or key.tag == MERGE_TAG for key, _ in item.value)
        for item in node.value
    )
