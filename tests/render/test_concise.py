"""The format for grep: one finding a line, in order, whatever strangers write."""

from __future__ import annotations

import re

from msgspec.structs import replace

from imgcache.engine.run.report import Report
from imgcache.render import concise
from imgcache.results import ArticleProblem
from tests.render import sample

LINE = re.compile(r"(.+):(\d+):(\d+) (IMG\d{3}) ([a-z-]+) (\S+) (.+)")


def told(report: Report) -> list[str]:
    return "".join(concise.render(report)).splitlines()


def test_a_finding_is_one_line_and_so_is_a_broken_article() -> None:
    gone = (
        r"articles/a.md:14:12 IMG201 gone https://a.test/gone.jpg\x1b[2J the server answered 404; "
        "replace the image"
    )
    assert told(sample.finished()) == [
        gone,
        "articles/b.md:3:1 IMG001 article-error - the key 'images' occurs twice",
    ]


def test_all_findings_are_there_those_of_hosts_and_rules_too() -> None:
    for report in (sample.troubled(), sample.ruled()):
        lines, summary = told(report), report.summary
        problems = len(list(report.article_errors()))
        assert len(lines) == summary.errors + summary.warnings + problems
        assert all(map(LINE.fullmatch, lines))
    lines = told(sample.ruled())
    assert any(line.endswith("compress it more (rule hero)") for line in lines)


def test_lines_are_sorted_by_place_whatever_the_order_of_articles() -> None:
    (one,) = sample.finished().findings()
    places = [("b.md", 2), ("b.md", 10), ("a.md", 3), ("a.md", 1), ("c.md", 1)]
    report = Report("verify")
    for article, line in places:
        report.add([replace(one, article=article, line=line)])
    report.add_problem(ArticleProblem("bb.md", None, "no permission to read it"))
    found = [match.groups()[:2] for match in map(LINE.fullmatch, told(report)) if match]
    assert found == [
        ("a.md", "1"),
        ("a.md", "3"),
        ("b.md", "2"),
        ("b.md", "10"),
        ("bb.md", "1"),
        ("c.md", "1"),
    ]


def test_an_image_in_its_url_is_no_endless_line() -> None:
    (one,) = sample.finished().findings()
    report = Report("verify")
    report.add([replace(one, url="data:image/png;base64," + "A" * 100_000)])
    (line,) = told(report)
    assert LINE.fullmatch(line)
    assert len(line) < 400


def test_nothing_found_is_no_line() -> None:
    assert told(Report("verify")) == []
