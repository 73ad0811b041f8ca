"""Which place an entry counts for, against a slow reference that follows each place by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.merge_keys import ResolvedMappings
from imgcache.core.articles.places.machine import Place, Places, places_of
from imgcache.core.articles.places.walk import STRING, find, url_of
from imgcache.place_patterns import Pattern, Step


class Seen(NamedTuple):
    """A find of the reference. `url`: the URL however it is found; `entry`: what aliases share."""

    pointer: str
    place: int
    is_string: bool
    url: tuple[int, int]
    entry: tuple[int, int]


def composed(text: str) -> tuple[Document, ResolvedMappings]:
    document = parse(f"---\n{text}\n---\n".encode(), whole=False, limits=LimitSettings())
    assert isinstance(document, Document)
    return document, ResolvedMappings(document)


def places(*tables: dict[str, Any]) -> Places:
    return places_of(tuple(ImagePlace.model_validate(one) for one in tables))


def entries(text: str, found_by: Places) -> list[tuple[str, int]]:
    document, resolved = composed(text)
    finds = find(document.root, resolved, found_by)
    return [(one.pointer, one.place.number) for one in finds.entries]


# A node, its pointer, the key before it, the mapping that inherits the pair (or 0).
_Stand = tuple[Node, str, Node, int]


def below(stand: _Stand, step: str | Step, resolved: ResolvedMappings) -> Iterator[_Stand]:
    node, pointer, _, _ = stand
    if step is Step.ITEM and isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield item, f"{pointer}/{index}", item, 0
    elif step is not Step.ITEM and isinstance(node, MappingNode):
        for text, pair in resolved.pairs(node).items():
            if step is Step.EACH or step == text:
                heir = 0 if pair.owner is node else id(node)
                yield pair.value, f"{pointer}/{text}", pair.key, heir


def reached(stand: _Stand, pattern: Pattern, resolved: ResolvedMappings) -> Iterator[_Stand]:
    """Every way of a pattern, each alias followed again."""
    if not pattern:
        yield stand
    elif pattern[0] is Step.ANYWHERE:
        yield from reached(stand, pattern[1:], resolved)
        for step in (Step.ITEM, Step.EACH):
            for one in below(stand, step, resolved):
                yield from reached(one, pattern, resolved)
    else:
        for one in below(stand, pattern[0], resolved):
            yield from reached(one, pattern[1:], resolved)


def seen(stand: _Stand, place: Place, resolved: ResolvedMappings) -> Iterator[Seen]:
    node, pointer, key, heir = stand
    if isinstance(node, ScalarNode) and node.tag == STRING:
        yield Seen(pointer, place.number, True, (heir, id(key)), (id(node), 0))  # noqa: FBT003
    elif isinstance(node, MappingNode):
        found = url_of(node, place, resolved)
        if found is not None and found.pair is not None:
            heir = 0 if found.pair.owner is found.mapping else id(found.mapping)
            mark = id(found.pair.key)
            yield Seen(pointer, place.number, False, (heir, mark), (id(node), mark))  # noqa: FBT003


def reference(text: str, found_by: Places) -> set[tuple[str, int]]:
    """One find of each URL, then one of each shared entry: those of the first place."""
    document, resolved = composed(text)
    assert document.root is not None
    start: _Stand = (document.root, "", document.root, 0)
    finds = [
        one
        for place, pattern in zip(found_by.places, found_by.patterns, strict=True)
        for stand in reached(start, pattern, resolved)
        for one in seen(stand, place, resolved)
    ]
    kept = [
        one
        for one in finds
        if (one.place, one.is_string)
        == min((two.place, two.is_string) for two in finds if two.url == one.url)
    ]
    groups: dict[tuple[int, int], set[tuple[int, bool, str]]] = {}
    for one in kept:
        groups.setdefault(one.entry, set()).add((one.place, one.is_string, one.pointer))
    return {_first_in_document(group, found_by, text) for group in groups.values()}


def _first_in_document(
    group: set[tuple[int, bool, str]], found_by: Places, text: str
) -> tuple[str, int]:
    """Of the ways of the first place the one that the walk takes first."""
    place = min(group)[0]
    pointers = [pointer for number, _, pointer in group if number == place]
    document, resolved = composed(text)
    assert document.root is not None
    ways = _pointers(document.root, "", resolved)
    order = {pointer: index for index, pointer in enumerate(ways)}
    return min(pointers, key=order.__getitem__), place


def _pointers(node: Node, pointer: str, resolved: ResolvedMappings) -> Iterator[str]:
    yield pointer
    for step in (Step.ITEM, Step.EACH):
        for value, longer, _, _ in below((node, pointer, node, 0), step, resolved):
            yield from _pointers(value, longer, resolved)


@pytest.mark.parametrize(
    ("tables", "text", "expected"),
    [
        # a shared list, the key of the second place first
        ([{"at": "b[]"}, {"at": "a[]"}], "a: &l [x, y]\nb: *l", [("/b/0", 0), ("/b/1", 0)]),
        ([{"at": "a[]"}, {"at": "b[]"}], "a: &l [x]\nb: *l", [("/a/0", 0)]),
        ([{"at": "b[]"}, {"at": "a[]"}], "a: &l [{url: x}]\nb: *l", [("/b/0", 0)]),
        ([{"at": "b"}, {"at": "a"}], "a: &u x\nb: *u", [("/b", 0)]),
        ([{"at": "b"}, {"at": "a"}], "a: &m {url: x}\nb: *m", [("/b", 0)]),
        # a place that names nothing more than another one: the width of the first counts
        ([{"at": "z.b", "width": "w"}, {"at": "*.b"}], "a: &m {b: {url: x}}\nz: *m",
         [("/z/b", 0)]),
        # of one place the mapping counts, not the string in it
        ([{"at": "**.image", "url": "image"}], "image: {image: x}", [("/image", 0)]),
        # what an earlier place has found otherwise is no find of the later one
        ([{"at": "m", "url": "a"}, {"at": "m.a"}, {"at": "b"}], "m: {a: &x u}\nb: *x",
         [("/m", 0), ("/b", 2)]),
    ],
)  # fmt: skip
def test_an_entry_counts_for_the_first_place_wherever_its_key_stands(
    tables: list[dict[str, Any]], text: str, expected: list[tuple[str, int]]
) -> None:
    assert entries(text, places(*tables)) == expected
    assert reference(text, places(*tables)) == set(expected)


_KEYS = ["a", "b", "url"]


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """Front matters whose mappings and lists are shared through aliases and merge keys."""
    anchors: list[tuple[str, bool]] = []

    def node(depth: int) -> str:
        kinds = ["x", "x", "3", "alias"] + ["list", "map", "map"] * (depth < 3)
        kind = draw(st.sampled_from(kinds))
        if kind == "alias":
            return f"*{draw(st.sampled_from(anchors))[0]}" if anchors else "y"
        if kind in {"x", "3"}:
            return anchored(kind, is_mapping=False)
        if kind == "list":
            items = [node(depth + 1) for _ in range(draw(st.integers(0, 3)))]
            return anchored(f"[{', '.join(items)}]", is_mapping=False)
        return anchored(f"{{{', '.join(pairs(depth))}}}", is_mapping=True)

    def pairs(depth: int) -> Iterator[str]:
        bases = [name for name, is_mapping in anchors if is_mapping]
        if bases and draw(st.integers(0, 3)) == 0:
            yield f"<<: *{draw(st.sampled_from(bases))}"
        for key in draw(st.lists(st.sampled_from(_KEYS), max_size=3, unique=True)):
            yield f"{key}: {node(depth + 1)}"

    def anchored(text: str, *, is_mapping: bool) -> str:
        if not draw(st.booleans()):
            return text
        anchors.append((f"n{len(anchors)}", is_mapping))
        return f"&{anchors[-1][0]} {text}"

    keys = draw(st.permutations(["a", "b", "c", "d"]))
    return "\n".join(f"{key}: {node(0)}" for key in keys)


_STEPS = st.sampled_from(["a", "b", "c", "d", "url", "*", "a[]", "b[]", "c[]", "*[]"])
_TABLES = st.builds(
    lambda first, steps, url: {"at": ".".join([*first, *steps]), "url": url},
    st.sampled_from([[], [], ["**"]]),
    st.lists(_STEPS, min_size=1, max_size=3),
    st.sampled_from(["url", "a", ["a", "url"], "b.url"]),
)


@given(_documents(), st.lists(_TABLES, min_size=1, max_size=4))
def test_each_entry_counts_once_for_the_first_place_that_finds_it(
    text: str, tables: list[dict[str, Any]]
) -> None:
    found_by = places(*tables)
    met = entries(text, found_by)
    assert len(met) == len(set(met))
    assert set(met) == reference(text, found_by)
