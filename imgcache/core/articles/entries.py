"""Image entries of a front matter, from its nodes: where they stand, what they declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import yaml
from msgspec import Struct
from msgspec.structs import replace
from yaml import MappingNode, ScalarNode

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, Language, NotAnArticle, parse
from imgcache.core.articles.filled import filled
from imgcache.core.articles.merge_keys import Pair, ResolvedMappings
from imgcache.core.articles.places.machine import FIELDS, Place, Places
from imgcache.core.articles.places.repeated import on_the_way
from imgcache.core.articles.places.sites import Site, is_writable
from imgcache.core.articles.places.walk import STRING, Found, find, holder
from imgcache.core.articles.positions import Positions
from imgcache.core.articles.titles import told
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry, Notes
from imgcache.place_patterns import Keys
from imgcache.userinfo import masked_within

if TYPE_CHECKING:
    from imgcache.core.bodies.images import BodyImage, BodyKind

_BOOLEANS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(
    ("false", "False", "FALSE"), False
)
_SIZE = re.compile(r"[1-9][0-9]{0,8}")
_NULL = "tag:yaml.org,2002:null"
_SIZE_TAGS = frozenset({STRING, "tag:yaml.org,2002:int"})
# What a report shows of a `url` that is no string.
_SHOWN = 60
# A URL that stands for itself declares nothing.
_NOTHING = Declared(unnamed=FIELDS)
_SIDES = ("width", "height")
# What an image of a body does not declare, by whether its width and its height are missing.
_NOT_IN_BODIES = {
    (True, True): ("width", "height", "cached"),
    (True, False): ("width", "cached"),
    (False, True): ("height", "cached"),
    (False, False): ("cached",),
}


class Article(Struct, frozen=True):
    """An article's image entries in document order, and what editing them needs.

    `problems`: repeated keys on the way to an entry. The entries are listed as a loader sees
    them (the last one wins), but such an article is never edited. `sites` go with `entries`.
    """

    entries: tuple[Entry, ...]
    problems: tuple[ArticleError, ...]
    document: Document
    sites: tuple[Site, ...]
    places: Places
    resolved: ResolvedMappings
    limits: LimitSettings
    notes: Notes
    noted: tuple[str, ...] = ()
    body: BodyKind | None = None


def read(
    data: bytes,
    *,
    whole: bool,
    places: Places,
    limits: LimitSettings,
    language: Language = Language.YAML,
    noted: tuple[str, ...] = (),
    body: BodyKind | None = None,
) -> Article | NotAnArticle:
    """The image entries of an article; `language` is that of a whole file.

    Raises ArticleError as `parse` does. `noted` are the keys of which an entry tells whether they
    are filled. `body`: the images of a body of this kind are entries, too. A whole file (`whole`)
    without entries comes back as an article that has none; whether that is an article at all
    depends on how the file was found (contract section 1).
    """
    document = parse(data, whole=whole, limits=limits, language=language)
    if isinstance(document, NotAnArticle):
        return document
    article = read_document(document, places, limits, noted)
    return article if body is None or whole else _with_body(article, body)


def read_document(
    document: Document, places: Places, limits: LimitSettings, noted: tuple[str, ...] = ()
) -> Article:
    """The image entries of a front matter that is composed already."""
    resolved = ResolvedMappings(document)
    finds = find(document.root, resolved, places)
    positions = Positions(document)
    read_here = [(_entry(one, resolved, positions, noted), one) for one in finds.entries]
    if not places.is_usual:
        # Keys inside may be dotted, so that a walk meets entries in another order.
        read_here.sort(key=lambda pair: (pair[0].line, pair[0].column))
    sites = tuple(Site(one.mapping, one.place) for _, one in read_here)
    return Article(
        tuple(entry for entry, _ in read_here),
        tuple(_problems(document, resolved, places, sites)),
        document,
        sites,
        places,
        resolved,
        limits,
        Notes(
            tuple(sorted({one.place.number for one in finds.entries})),
            tuple(document.line_of(one) for one in finds.strays),
            title=told(document.root, resolved, "title"),
            date=told(document.root, resolved, "date"),
        ),
        noted,
    )


def _with_body(article: Article, kind: BodyKind) -> Article:
    """The article with the images of its body, which follow those of its front matter."""
    # Imported late: most sites have no images in their bodies, and a parser takes its time.
    from imgcache.core.bodies.images import images_of  # noqa: PLC0415

    text, rest = article.document.text, article.document.rest
    line, column = text.count("\n") + 1, len(text) - text.rfind("\n") - 1
    found = images_of(rest, line, kind, article.limits.nodes)
    entries = tuple(
        _entry_of(one, column if one.line == line else 0, article.noted) for one in found.images
    )
    return replace(
        article,
        entries=article.entries + entries,
        sites=article.sites + (Site(),) * len(entries),
        notes=replace(article.notes, templated=found.templated),
        body=kind,
    )


def _entry_of(image: BodyImage, column: int, noted: tuple[str, ...]) -> Entry:
    """An image of a body; what it does not declare is not asked of it."""
    unnamed = _NOT_IN_BODIES[image.width is None, image.height is None]
    has_alt = image.alt is not None and image.alt.strip()
    return Entry(
        None,
        image.line,
        image.column + column,
        image.url,
        image.url,
        Declared(image.width, image.height, unnamed=unnamed, by_hand=_SIDES),
        tuple(key for key in noted if key == "alt" and has_alt),
        sides=tuple(replace(side, column=side.column + column) for side in image.sides),
    )


def _entry(
    found: Found, resolved: ResolvedMappings, positions: Positions, noted: tuple[str, ...]
) -> Entry:
    line, column = positions.of(found.key, found.value)
    document, value, sides = positions.document, found.value, _sides(found, resolved)
    is_scalar = isinstance(value, ScalarNode)
    return Entry(
        found.pointer,
        line,
        column,
        value.value if is_scalar and value.tag == STRING else None,
        value.value if is_scalar else _shortened(document.source(value)),
        _declared(found, sides, document, resolved),
        () if found.mapping is None else filled(resolved.pairs(found.mapping), noted),
        found.place.number,
        tuple(positions.sides(sides, line)),
    )


def _declared(
    found: Found, sides: Mapping[str, Pair | None], document: Document, resolved: ResolvedMappings
) -> Declared:
    mapping, place = found.mapping, found.place
    if mapping is None:
        return _NOTHING
    flag, unnamed = _pair(mapping, place.cached, resolved), place.unnamed
    if flag is None and place.cached is not None:
        held = holder(mapping, place.cached, resolved)
        if held is None or not is_writable(held, "cached", place):
            unnamed = (*unnamed, "cached")
    width, height = (_size(pair) for pair in sides.values())
    sized = (width is not None, height is not None)
    return Declared(
        width,
        height,
        None if flag is None else _flag(flag.value, document),
        () if all(sized) else _strange(sides, document, sized),
        unnamed,
        _by_hand(mapping, place, resolved) if document.language.is_written else _SIDES,
        _placeholder(mapping, place, resolved),
    )


def _placeholder(mapping: MappingNode, place: Place, resolved: ResolvedMappings) -> str | None:
    """What stands for a placeholder; what is no scalar is nothing, until it is to be replaced."""
    if place.placeholder is None:
        return None
    held = holder(mapping, place.placeholder, resolved)
    if held is None or not is_writable(held, "placeholder", place):
        return None
    if held.pair is None or not isinstance(held.pair.value, ScalarNode):
        return ""
    return str(held.pair.value.value)


def _by_hand(mapping: MappingNode, place: Place, resolved: ResolvedMappings) -> tuple[str, ...]:
    """The sides that are named, and can't be added: a mapping is missing on the way to them."""
    by_hand: tuple[str, ...] = ()
    for role, keys in (("width", place.width), ("height", place.height)):
        if keys is not None and len(keys) > 1:
            found = holder(mapping, keys, resolved)
            if found is None or not is_writable(found, role, place):
                by_hand = (*by_hand, role)
    return by_hand


def _sides(found: Found, resolved: ResolvedMappings) -> dict[str, Pair | None]:
    """The pairs in which the size of an entry is written."""
    if found.mapping is None:
        return {}
    keys = {"width": found.place.width, "height": found.place.height}
    return {name: _pair(found.mapping, one, resolved) for name, one in keys.items()}


def _pair(mapping: MappingNode, keys: Keys | None, resolved: ResolvedMappings) -> Pair | None:
    if keys is None:
        return None
    if len(keys) == 1:
        return resolved.pairs(mapping).get(keys[0])
    found = holder(mapping, keys, resolved)
    return None if found is None else found.pair


def _shortened(text: str) -> str:
    text = masked_within(" ".join(text.split()))  # before a cut that would hide an @
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\u2026"


def _strange(
    sides: Mapping[str, Pair | None], document: Document, sized: tuple[bool, bool]
) -> tuple[tuple[str, str], ...]:
    """What is written for a side and is no size; an empty value is nothing that is written."""
    return tuple(
        (name, _shortened(document.source(pair.value)))
        for (name, pair), is_size in zip(sides.items(), sized, strict=True)
        if pair is not None and not is_size and pair.value.tag != _NULL
    )


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


def _problems(
    document: Document, resolved: ResolvedMappings, places: Places, sites: tuple[Site, ...]
) -> Iterator[ArticleError]:
    if not resolved.duplicates:
        return
    slots = (slot for one in sites for slot in (one.url(resolved), *one.slots(resolved).values()))
    read_there = {id(one.mapping) for one in (*sites, *slots) if one is not None}
    for _, text, key in on_the_way(document.root, resolved, places, read_there):
        yield ArticleError(
            f"the key `{text}` stands twice in one mapping; remove one of them",
            document.line_of(key),
        )
