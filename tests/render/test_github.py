from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.engine.run.report import Report
from imgcache.model import Severity, Verdict
from imgcache.render import github, markdown
from imgcache.results import ArticleProblem
from tests.render import sample

COMMAND = re.compile(r"::(error|warning) (?:[a-z]+=[^:,\r\n]*,?)+::[^\r\n]*\n")


def crowd(errors: int, warnings: int) -> Report:
    _, gone = sample.finished().entries()
    report = Report("verify")
    report.add([replace(gone, verdict=Verdict.DIMENSIONS_SCALED)] * errors)
    report.add([replace(gone, severity=Severity.WARNING)] * warnings)
    report.add([gone])
    return report


def test_the_commands_of_a_troubled_run() -> None:
    assert "".join(github.render(sample.troubled())) == sample.golden("troubled.github")


def test_at_most_what_github_shows_is_sent_and_the_rest_is_counted() -> None:
    *commands, rest = github.render(crowd(30, 20))
    kinds = [one.split(" ", 1)[0] for one in commands]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10
    assert rest == "imgcache verify: 31 errors, 20 warnings in 51 image entries\n"


def test_the_worst_comes_first() -> None:
    first, second, *_ = github.render(crowd(30, 0))
    assert "gone (IMG201)" in first
    assert "dimensions-scaled (IMG103)" in second


@given(text=st.text(st.characters(categories=None)))
def test_no_text_of_strangers_becomes_a_command(text: str) -> None:
    report = Report("verify")
    report.add_problem(ArticleProblem(text, 3, text))
    command, _ = github.render(report)
    assert COMMAND.fullmatch(command)


def test_one_of_each_verdict_comes_before_the_second_of_any() -> None:
    _, gone = sample.finished().entries()
    report = Report("verify")
    report.add([replace(gone, url=f"https://a.test/{number}.jpg") for number in range(20)])
    rare = (Verdict.TOO_LARGE, Verdict.DIMENSIONS_SCALED, Verdict.NOT_AN_IMAGE)
    report.add([replace(gone, verdict=one) for one in rare])
    told = [line for line in github.render(report) if line.startswith("::error")]
    assert [name(line) for line in told[:4]] == [
        "gone", "too-large", "not-an-image", "dimensions-scaled",
    ]  # fmt: skip
    assert [name(line) for line in told[4:]] == ["gone"] * 6


def test_one_picture_in_many_articles_leaves_room_for_others() -> None:
    _, gone = sample.finished().entries()
    report = Report("verify")
    report.add([replace(gone, line=number + 1) for number in range(2000)])
    report.add([replace(gone, url=f"https://a.test/{number}.jpg") for number in range(3)])
    first, *others, last = [line for line in github.render(report) if line.startswith("::")]
    assert "line=1,col=" in first
    assert [re.findall(r"a\.test/(\d)", line) for line in others[:3]] == [["0"], ["1"], ["2"]]
    assert "line=7,col=" in last


def name(command: str) -> str:
    found = re.search(r"title=([a-z-]+) ", command)
    assert found is not None
    return found[1]


def test_the_job_summary_is_the_brief_markdown_report() -> None:
    report = sample.troubled()
    assert "".join(github.summary(report)) == "".join(markdown.brief(report))
