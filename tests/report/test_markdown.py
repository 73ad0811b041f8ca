from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imgcache.report import markdown
from tests.report import sample

# rich brings markdown-it; as an independent reader of the same dialect.
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
texts = st.text(st.characters(categories=None) | st.sampled_from("|`\\<>[]()*_!&;:#$"))


def kinds(told: str) -> list[str]:
    return [
        child.type for token in READER.parse(told) for child in (token, *(token.children or ()))
    ]


def test_the_report_of_a_troubled_run() -> None:
    assert "".join(markdown.render(sample.troubled())) == sample.golden("troubled.md")


@given(text=texts.filter(str.strip))
def test_no_text_of_strangers_breaks_out_of_its_cell(text: str) -> None:
    plain = "| a | b |\n|---|---|\n| `x` | y |\n"
    hostile = f"| a | b |\n|---|---|\n| {markdown.code(text)} | {markdown.escaped(text)} |\n"
    spans = markdown.escaped(text).count("`@`")
    without = [kind for kind in kinds(hostile) if kind not in {"text", "text_special"}]
    assert without.count("code_inline") == 1 + spans
    assert [kind for kind in without if kind != "code_inline"] == [
        kind for kind in kinds(plain) if kind not in {"text", "code_inline"}
    ]


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    assert markdown.escaped("@all https://e.test www.e.test :tada: a: b") == (
        "`@`all https\\://e.test www\\.e.test \\:tada: a: b"
    )
