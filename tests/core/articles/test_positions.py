"""Where the sides of a size stand: the place in the file says what was declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.model import Entry

URL = "https://a.test/a.jpg"


def entries(text: str) -> tuple[Entry, ...]:
    found = read(text.encode(), whole=False, places=places_of(None), limits=LimitSettings())
    assert isinstance(found, Article)
    return found.entries


def written(text: str) -> list[dict[str, str]]:
    """By side, what stands at the place that each entry names; checked against its excerpt."""
    lines, found = text.split("\n"), []
    for entry in entries(text):
        sides = {}
        for side in entry.sides:
            line = lines[side.line - 1].removesuffix("\r")
            assert (side.excerpt is None) == (side.line == entry.line)
            assert side.excerpt in {None, line}
            sides[side.name] = line[side.column - 1 : side.column - 1 + side.length]
        found.append(sides)
    return found


def yaml(body: str) -> str:
    return f"---\nimages:\n{body}---\nbody\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (yaml(f"  - url: {URL}\n    width: 16 # x\n    height: 9\n"), ("16", "9")),
        (yaml(f"  - height: '9'\n    url: {URL}\n    width: \"16\"\n"), ('"16"', "'9'")),
        (yaml(f"  - {{url: {URL}, width: 16, height: 9}}\n"), ("16", "9")),
        (yaml(f"  - {{url: {URL},\n     width: !!int 16, height: &h 9}}\n"), ("16", "9")),
        (yaml(f"  - url: {URL}\n    width: 50%\n    height: [1,\n      2]\n"), ("50%", "[1,")),
        (yaml(f"  - url: {URL}\r\n    width: 16\r\n    height: 9\r\n"), ("16", "9")),
        (f"---\nw: &w 16\nimages:\n  - {{url: {URL}, width: *w, height: 9}}\n---\n", ("*w", "9")),
        (f"---\nb: &b\n  width: 16\n  height: 9\nimages:\n  - url: {URL}\n    <<: *b\n---\n",
         ("16", "9")),
        (f'+++\n[[images]]\nurl = "{URL}"\nwidth = 16\nheight = "9"\n+++\n', ("16", '"9"')),
        (f'{{"images": [{{"url": "{URL}",\n "width": 16, "height": 9}}]}}\n', ("16", "9")),
    ],
)  # fmt: skip
def test_a_side_stands_where_it_is_written(text: str, wanted: tuple[str, str]) -> None:
    assert written(text) == [dict(zip(("width", "height"), wanted, strict=True))]


def test_what_is_not_declared_stands_nowhere() -> None:
    assert written(yaml(f"  - url: {URL}\n    height: 9\n  - url: {URL}\n")) == [
        {"height": "9"},
        {},
    ]


def test_a_line_that_may_not_be_shown_is_left_out() -> None:
    hidden = "https://alice:secret@a.test/"
    text = yaml(f"  - url: {URL}\n    width: 16 # {hidden}\n    height: 9 # {'x' * 600}\n")
    assert written(text) == [{}]


def test_only_what_is_written_is_editable() -> None:
    (one,) = entries(yaml(f"  - url: {URL}\n"))
    (other,) = entries(f'+++\n[[images]]\nurl = "{URL}"\n+++\n')
    assert (one.declared.is_editable, other.declared.is_editable) == (True, False)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 99_999),
            st.integers(1, 99_999),
            st.sampled_from(("", '"', "'")),
            st.booleans(),
            st.text("é図 x", max_size=8),
        ),
        max_size=6,
    )
)
def test_each_side_of_many_is_found(images: list[tuple[int, int, str, bool, str]]) -> None:
    body = ""
    for width, height, quote, flow, alt in images:
        size = (f"width: {quote}{width}{quote}", f"height: {quote}{height}{quote}")
        pairs = (f'alt: "{alt}"', size[0], f"url: {URL}", size[1])
        body += f"  - {{{', '.join(pairs)}}}\n" if flow else "  - " + "\n    ".join(pairs) + "\n"
    wanted = [
        {"width": f"{quote}{width}{quote}", "height": f"{quote}{height}{quote}"}
        for width, height, quote, *_ in images
    ]
    assert written(yaml(body or "  []\n")) == wanted
