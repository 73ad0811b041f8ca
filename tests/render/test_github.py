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


def test_the_job_summary_is_the_markdown_report() -> None:
    report = sample.troubled()
    assert "".join(github.summary(report)) == "".join(markdown.render(report))


def test_a_job_summary_that_github_would_drop_is_cut_at_a_line() -> None:
    told = "".join(github.summary(crowd(9000, 0)))
    assert 900_000 < len(told.encode()) < 1_048_576
    assert told.endswith("|\n\n*The rest does not fit here; the other formats have it all.*\n")
