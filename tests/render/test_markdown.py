from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from imgcache.engine.run.report import Report
from imgcache.model import Declared, Severity, Verdict
from imgcache.render import markdown
from imgcache.render.phrases import printable
from imgcache.results import ArticleProblem, EntryResult
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
@example(text="@#")
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
    assert markdown.escaped("fixes #12, gh-3, a-b") == "fixes `#`12, gh`-`3, a-b"


def gone(
    number: int,
    verdict: Verdict = Verdict.GONE,
    severity: Severity = Severity.ERROR,
    line: int = 14,
) -> EntryResult:
    _, found = sample.finished().entries()
    url = f"https://a.test/{number}.jpg"
    return replace(found, url=url, verdict=verdict, severity=severity, line=line)


def told(report: Report) -> str:
    return "".join(markdown.brief(report))


def test_one_picture_in_many_articles_is_one_row_with_its_places() -> None:
    report = Report("verify")
    report.add([gone(1, line=number + 1) for number in range(552)])
    whole = "".join(markdown.render(report))
    assert whole.count("https://a.test/1.jpg") == 1
    assert "`articles/a.md:10:12`<br>and 542 more places |" in whole
    assert "`articles/a.md:3:12`<br>and 549 more places |" in told(report)


def test_the_worst_and_the_most_shown_come_first() -> None:
    report = Report("verify")
    report.add([gone(1, severity=Severity.WARNING), gone(2), gone(3), gone(3)])
    report.add([gone(4, verdict=Verdict.DIMENSIONS_SCALED)])
    assert re.findall(r"a\.test/(\d)", told(report)) == ["3", "2", "4", "1"]


def test_what_was_not_reached_is_one_row() -> None:
    report = Report("verify")
    report.add([gone(number, verdict=Verdict.NOT_CHECKED) for number in range(300)])
    assert told(report).count("not-checked (IMG402)") == 1
    assert "and 297 more places" in told(report)


def test_one_reason_of_many_articles_is_one_row() -> None:
    report = Report("verify")
    for number in range(12):
        report.add_problem(ArticleProblem(f"{number}.md", 3, "no permission", column=9))
    shown = told(report)
    assert shown.count("no permission") == 1
    assert "| `0.md:3`<br>`1.md:3`<br>`2.md:3`<br>and 9 more places |" in shown


def test_a_place_that_says_another_size_tells_so() -> None:
    report = Report("verify")
    wrong = replace(gone(1, Verdict.DIMENSIONS_MISMATCH), declared=Declared(40, 30))
    report.add([wrong, replace(wrong, declared=Declared(50, 30), line=30)])
    assert "`articles/a.md:14:12`<br>`articles/a.md:30:12` (says 50 x 30) |" in told(report)


def test_a_job_summary_is_finished_on_two_screens_and_names_the_rest() -> None:
    report = Report("verify")
    report.add([gone(number) for number in range(1000)])
    report.add([gone(number, verdict=Verdict.EMPTY) for number in range(30)])
    for number in range(12):
        report.add_problem(ArticleProblem(f"{number}.md", None, f"no permission {number}"))
    lines = told(report).splitlines()
    assert len(lines) < 70
    assert "and 2 more." in lines
    assert lines[-1].startswith("Not shown here: 975 gone, 30 empty. `imgcache verify` lists")
    assert "".join(markdown.render(report)).count("gone (IMG201)") == 1000


@pytest.mark.parametrize("text", ["x", "@", "\U0001f600", "`|", "\0", "\ud800"])
def test_whatever_strangers_write_github_takes_the_summary_as_an_issue(text: str) -> None:
    report = Report("verify")
    hostile = text * 3000
    rows = [replace(gone(number), url=f"{number}{hostile}") for number in range(30)]
    report.add([replace(one, message=hostile, article=hostile) for one in rows])
    report.add_problem(ArticleProblem(hostile, None, hostile))
    shown = told(report)
    assert len(shown.encode("utf-8", "replace")) < 65_000
    assert shown.startswith("## imgcache verify\n\n**31 errors, 0 warnings**")
