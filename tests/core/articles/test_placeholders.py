"""Placeholders written into entries: exactly there, only where asked for, whatever the style."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.changes import Change
from imgcache.core.articles.document import Language
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.core.articles.writeback import apply
from imgcache.core.images import placeholder
from imgcache.errors import ArticleError, ConfigError

NEW = placeholder.text(b"RIFF\x00\xff\xfe\xfb")
OLD = placeholder.text(b"WEBP")
PLACE = ImagePlace(at="**.images[]", placeholder="lqip")


def places(**changes: object) -> Places:
    return places_of((PLACE.model_copy(update=changes),))


def parsed(text: str, where: Places | None = None) -> Article:
    data = text.encode()
    article = read(data, whole=False, places=where or places(), limits=LimitSettings())
    assert isinstance(article, Article)
    return article


def written(text: str, where: Places | None = None) -> str:
    article = parsed(text, where)
    changes = {number: Change(placeholder=NEW) for number in range(len(article.entries))}
    return apply(article, changes).data.decode()


# As it stands in block and in flow style, and what becomes of it.
VALUES = [
    (f'"{OLD}"', f'"{NEW}"'),
    (f"'{OLD}'", f"'{NEW}'"),
    ("none", f'"{NEW}"'),
    ("~", f'"{NEW}"'),
    ("7", f'"{NEW}"'),
    ("true", f'"{NEW}"'),
    ('""', f'"{NEW}"'),
    (f'"{NEW}"', f'"{NEW}"'),
    (f"'{NEW}'", f"'{NEW}'"),
]
ALTS = ['"x: [y"', "plain", "'it''s'"]
COMMENTS = ["", "  ", " # {a note: [\U0001f600", "\t# lqip: x"]


def flow(pairs: list[str], key: str, at: int | None, value: str) -> str:
    """An entry in flow style; without `at` its placeholder was not there, and comes last."""
    shown = [*pairs, f"{key}: {value}"] if at is None and value else list(pairs)
    if at is not None:
        shown.insert(at, f"{key}: {value}")
    return f"  - {{{', '.join(shown)}}}"


def block(pairs: list[str], key: str, at: int | None, value: str, note: str) -> str:
    """The same in block style, where it comes behind the URL, which comes first."""
    lines = [f"{pair}{note}" for pair in pairs]
    if at is not None:
        lines.insert(at, f"{key}: {value}{note}")
    elif value:
        lines.insert(1, f"{key}: {value}")
    return "  - " + "\n    ".join(lines)


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, str]:
    """An article before and after each of its entries got its placeholder."""
    pick, both = st.sampled_from, (["---\nimages:\n"], ["---\nimages:\n"])
    for number in range(draw(st.integers(1, 4))):
        quote, note = draw(pick(["", '"', "'"])), draw(pick(COMMENTS))
        url, alt = f"{quote}url{quote}: 'https://a.test/{number}'", draw(pick(ALTS))
        key, is_flow = f"{quote}lqip{quote}", draw(st.booleans())
        # A new key follows the URL, which in flow style stands last here.
        pairs = [f"alt: {alt}", url] if is_flow else [url, f"alt: {alt}"]
        at = draw(st.none() | st.integers(0 if is_flow else 1, 2))
        values = ("", f'"{NEW}"') if at is None else draw(pick(VALUES))
        for text, value in zip(both, values, strict=True):
            if is_flow:
                text.append(f"{flow(pairs, key, at, value)}{note}\n")
            else:
                text.append(f"{block(pairs, key, at, value, note)}\n")
    newline, bom = draw(pick(["\n", "\r\n"])), draw(pick(["", "\ufeff"]))
    end = "tags: [a]\n---\nBody lqip: none\n"
    before, after = (bom + "".join([*text, end]).replace("\n", newline) for text in both)
    return before, after


@given(articles())
def test_nothing_but_the_placeholders_changes(pair: tuple[str, str]) -> None:
    before, after = pair
    assert written(before) == after
    assert written(after) == after
    assert [one.declared.placeholder for one in parsed(after).entries] == [NEW] * len(
        parsed(before).entries
    )


ENTRY = "---\nimages:\n  - url: https://a.test/a\n---\n"


@pytest.mark.parametrize(
    "text",
    [
        ENTRY,  # asked for nowhere
        ENTRY.replace("a\n---", f'a\n    lqip: "{OLD}"\n---'),
    ],
)
def test_where_no_place_asks_for_one_none_is_written(text: str) -> None:
    assert written(text, places(placeholder=None)) == text


def test_without_add_none_is_added_and_one_that_stands_is_replaced() -> None:
    where = places(add=False)
    assert written(ENTRY, where) == ENTRY
    assert parsed(ENTRY, where).entries[0].declared.placeholder is None
    text = ENTRY.replace("a\n---", "a\n    lqip:\n---")
    assert written(text, where) == text.replace("lqip:", f'lqip: "{NEW}"')


def test_a_key_below_another_is_written_where_that_is() -> None:
    where = places(placeholder="look.lqip")
    assert written(ENTRY, where) == ENTRY
    text = ENTRY.replace("a\n---", "a\n    look: {color: red}\n---")
    wanted = text.replace("red}", f'red, lqip: "{NEW}"}}')
    assert written(text, where) == wanted


def test_a_url_that_stands_alone_gets_none() -> None:
    text = "---\nimages:\n  - https://a.test/a\n---\n"
    assert written(text) == text


@pytest.mark.parametrize(
    "value", ["[1, 2]", "{a: 1}", "&x none", "!!str none", "\n      a: 1", "\n      - 1"]
)
def test_what_can_not_be_replaced_exactly_is_told(value: str) -> None:
    text = ENTRY.replace("a\n---", f"a\n    lqip: {value}\n---")
    with pytest.raises(ArticleError):
        written(text)


@pytest.mark.parametrize(
    ("value", "tail"), [("|\n      old\n", ""), (">-\n      old\n      text\n", "    alt: x\n")]
)
def test_a_block_of_text_is_replaced_as_a_whole(value: str, tail: str) -> None:
    text = f"---\nimages:\n  - url: https://a.test/a\n    lqip: {value}{tail}---\n"
    (entry,) = parsed(written(text)).entries
    assert entry.declared.placeholder == NEW
    assert written(text).endswith(f'lqip: "{NEW}"\n{tail}---\n')


def test_entries_that_inherit_another_one_get_their_own() -> None:
    text = (
        f'---\nbase: &base {{lqip: "{OLD}"}}\nimages:\n'
        "  - {url: https://a.test/a, <<: *base}\n---\n"
    )
    after = written(text)
    assert f'lqip: "{OLD}"' in after
    assert parsed(after).entries[0].declared.placeholder == NEW


def test_toml_and_json_are_not_written() -> None:
    text = '+++\n[[images]]\nurl = "https://a.test/a"\nlqip = "x"\n+++\n'
    article = parsed(text)
    assert article.document.language is Language.TOML
    assert article.entries[0].declared.placeholder == "x"
    with pytest.raises(ArticleError, match="read, never written"):
        written(text)


def test_a_placeholder_stands_under_a_key_of_its_own() -> None:
    with pytest.raises(ConfigError, match="must be different keys"):
        ImagePlace(at="images[]", placeholder="url")
