"""Colours, links and wrapped lines: what a terminal gets, and what never gets there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from imgcache.render.blocks.ink import Ink, Word, shown_url, words

LINKS = Ink(folder="/srv/my site", host="box")
HOSTILE = ("\x1b]8;;x", "a\nb", "\u202e", "\x9c", "\ud800", "a\x07")


def plain(text: str) -> str:
    return re.sub(r"\x1b\]8;;[^\x1b]*\x1b\\|\x1b\[[0-9;]*m", "", text)


def test_an_article_is_linked_by_its_whole_path() -> None:
    assert LINKS.to_file("a/é #1?.md") == "file://box/srv/my%20site/a/%C3%A9%20%231%3F.md"
    assert LINKS.to_file("/tmp/x.md") == "file://box/tmp/x.md"  # noqa: S108  nothing is written
    assert LINKS.to_file("a.md", 12) == "file://box/srv/my%20site/a.md"
    assert Ink(folder="/", host="box", to_lines=True).to_file("a.md", 12) == "file://box//a.md#12"
    assert Ink().to_file("a.md") is None


def test_a_url_is_linked_as_it_is_asked_for() -> None:
    assert LINKS.to_url("//a.test/\u202e b") == "https://a.test/%E2%80%AE%20b"
    assert Ink().to_url("https://a.test/") is None


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "/a.png", "https://***@a.test/", f"https://a.test/{'a' * 2100}", ""],
)
def test_no_other_url_is_linked(url: str) -> None:
    assert LINKS.to_url(url) is None


@pytest.mark.parametrize("bad", HOSTILE)
def test_nothing_of_strangers_gets_into_a_link(bad: str) -> None:
    for link in (LINKS.to_file(f"a/{bad}.md"), LINKS.to_url(f"https://a.test/{bad}")):
        assert link is None or re.fullmatch(r"[!-~]+", link)
    (line,) = LINKS.written([Word("x", None, "https://a.test/")], 0)
    assert line == "\x1b]8;;https://a.test/\x1b\\x\x1b]8;;\x1b\\\n"


@given(st.text(), st.integers(1, 130), st.integers(0, 12))
def test_wrapped_lines_hold_all_words_and_keep_their_indent(
    text: str, width: int, indent: int
) -> None:
    wanted = list(words(text))
    lines = list(Ink(width=width, colour=True).written(wanted, indent))
    told = [plain(one).removesuffix("\n") for one in lines]
    assert " ".join(one.strip() for one in told) == " ".join(one.text for one in wanted)
    for line in told:
        assert line.startswith(" " * indent)
        is_one_word = line.strip() in {one.text for one in wanted}
        assert is_one_word or cell_len(line) <= max(width, indent + 20)


def test_without_a_width_nothing_is_wrapped() -> None:
    assert list(Ink().written(words("word " * 500), 3)) == [f"   {'word ' * 499}word\n"]


def test_a_number_stays_with_what_it_counts() -> None:
    lines = list(Ink(width=24).written(words("some of them, 1,000 images"), 0))
    assert lines == ["some of them,\n", "1,000 images\n"]


def test_a_command_is_not_broken() -> None:
    (line, *more) = Ink(width=30).written(words("run `imgcache refresh --fix-dimensions`."), 0)
    assert (line, more) == ("run\n", ["`imgcache refresh --fix-dimensions`.\n"])


def test_an_endless_url_is_cut_in_its_middle() -> None:
    url = f"data:image/png;base64,{'A' * 100_000}end"
    assert shown_url(url).endswith("AAend")
    assert len(shown_url(url)) < 210
    assert shown_url("https://a.test/\x1b") == "https://a.test/\\x1b"
    assert shown_url("") == "(empty)"
