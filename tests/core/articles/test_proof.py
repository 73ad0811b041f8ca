from __future__ import annotations

import pytest
from yaml import MappingNode

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.proof import is_same_but

LIMITS = LimitSettings()


def document(text: str) -> Document:
    found = parse(f"---\n{text}\n---\nbody\n".encode(), whole=False, limits=LIMITS)
    assert isinstance(found, Document)
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1", "a: 2"),
        ("a: 1", "a: '1'"),
        ("a: 'x'", 'a: "x"'),
        ("a: x", "b: x"),
        ("a: x", "a: !t x"),
        ("a: x", "a: [x]"),
        ("a: [x]", "a: [x, y]"),
        ("a: [x, y]", "a: [y, x]"),
        ("a: [x]", "a:\n- x"),
        ("a: 1\nb: 2", "b: 2\na: 1"),
        ("a: 1", "a: 1\nb: 2"),
        ("a: 1\nb: 2", "a: 1"),
        ("a: &x y\nb: *x", "a: &x y\nb: y"),
        ("a: &x y\nb: y", "a: &x y\nb: *x"),
        ("a: &x [y]\nb: [*x]", "a: &x [y]\nb: [[y]]"),
    ],
)
def test_any_other_change_is_seen(before: str, after: str) -> None:
    assert is_same_but(document(before), document(before), {})
    assert not is_same_but(document(before), document(after), {})


def test_comments_and_blanks_are_no_part_of_the_tree() -> None:
    assert is_same_but(document("a: 1"), document("a:   1  # c"), {})


def test_a_changed_body_is_seen() -> None:
    before, after = (
        parse(f"---\na: 1\n---\n{body}".encode(), whole=False, limits=LIMITS) for body in "xy"
    )
    assert isinstance(before, Document)
    assert isinstance(after, Document)
    assert not is_same_but(before, after, {})


@pytest.mark.parametrize(
    ("before", "after", "is_proven"),
    [
        ("a: 1\nflag: no", "a: 1\nflag: true", True),
        ("a: 1\nflag: no", "flag: true\na: 1", False),
        ("a: 1", "a: 1\nflag: true", True),
        ("a: 1", "flag: true\na: 1", True),
        ("a: 1", "a: 1\nflag: false", False),
        ("a: 1", "a: 1\nflag: !t true", False),
        ("a: 1", "a: 1\nflag: [true]", False),
        ("a: 1", "a: 1", False),
        ("a: 1", "a: 1\nflag: true\nflag: true", False),
        ("a: 1", "flag: true", False),
        ("a: 1", "a: 2\nflag: true", False),
    ],
)
def test_the_wanted_change_must_be_there(before: str, after: str, *, is_proven: bool) -> None:
    old = document(before)
    assert isinstance(old.root, MappingNode)
    assert is_same_but(old, document(after), {id(old.root): {"flag": "true"}}) is is_proven
