from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from imgcache.render import markdown
from imgcache.render.phrases import printable
from tests.render import sample

# rich brings markdown-it; as an independent reader of the same dialect.
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
texts = st.text(st.characters(categories=None) | st.sampled_from("|`\\<>*&"))


def cells(told: str) -> list[tuple[set[str], str]]:
    """Of each cell of a table, the kinds of its parts and its text."""
    inlines = [token.children or [] for token in READER.parse(told) if token.type == "inline"]
    return [
        ({one.type for one in parts}, "".join(one.content for one in parts)) for parts in inlines
    ]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_report_of_a_troubled_run() -> None:
    assert "".join(markdown.render(sample.troubled())) == sample.golden("troubled.md")


@given(text=texts.filter(str.strip))
def test_text_of_strangers_is_read_as_it_was_written(text: str) -> None:
    row = f"| {markdown.code(text)} | {markdown.escaped(text)} |\n"
    *_, (span, spanned), (running, ran) = cells(f"| a | b |\n|---|---|\n{row}")
    assert span == {"code_inline"}
    assert running <= {"text", "text_special", "code_inline"}
    assert squeezed(spanned) == squeezed(ran) == squeezed(printable(text))


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    assert markdown.escaped("@all https://e.test www.e.test :tada: a: b") == (
        "`@`all https\\://e.test www\\.e.test \\:tada: a: b"
    )
