from __future__ import annotations

import re

from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size

from imgcache.engine.run.report import Report
from imgcache.render import text
from imgcache.results import ArticleDiff, ArticleProblem
from tests.render import sample

GOLDEN = """\
articles/a.md
     14:12  error    gone (IMG201)  /related/0/images/0
            the server answered 404; replace the image
         --> articles/a.md:14:12
           |
        14 |     - url: https://a.test/gone.jpg\\x1b[2J
           |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

articles/b.md
         3  error    the key 'images' occurs twice

2 image entries in 2 articles: 1 ok, 1 gone
1 downloaded, 0 revalidated, 0 fresh, 1 failed: 2 requests, 183 kB in 1.2 s
1 article changed, 1 article could not be read or edited
"""


def test_the_report_for_a_person() -> None:
    assert "".join(text.render(sample.finished())) == GOLDEN


def test_the_report_of_a_troubled_run() -> None:
    assert "".join(text.render(sample.troubled())) == sample.golden("troubled.txt")


def test_a_host_that_is_down_is_one_line_and_others_keep_theirs() -> None:
    told = "".join(text.render(sample.troubled()))
    (line,) = (one for one in told.splitlines() if "down.test" in one)
    assert "5 dns-error, 1 timeout" in line
    assert "articles/z.md:4:10" in line
    assert "https://few.test/5.jpg" in told


def test_carets_stand_under_the_value_and_long_lines_are_cut_around_it() -> None:
    for report in (sample.troubled(), sample.finished()):
        lines = "".join(text.render(report)).splitlines()
        carets = [number for number, line in enumerate(lines) if line.endswith("^")]
        assert carets
        for number in carets:
            source, marks = lines[number - 1], lines[number]
            start = len(set_cell_size(source, marks.index("^")))
            assert source[start:].lstrip("\"'").startswith(("https://", "a|b"))
            assert len(source) < 130
            assert cell_len(marks) <= cell_len(source)


def test_the_line_of_a_broken_article_is_quoted_with_a_caret() -> None:
    report = sample.finished()
    line = '\ttitle: "é\x1b[2J"x"'
    report.add_problem(ArticleProblem("articles/c.md", 12, "is broken", 9, line))
    told = "".join(text.render(report)).split("articles/c.md\n")[1].split("\n\n")[0]
    assert told.split("\n") == [
        "        12  error    is broken",
        "         --> articles/c.md:12:9",
        "           |",
        '        12 |     title: "é\\x1b[2J"x"',
        "           |            ^",
    ]


def test_colour_adds_nothing_but_colour() -> None:
    coloured = "".join(text.render(sample.finished(), colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == GOLDEN


def test_diffs_stand_at_the_end() -> None:
    told = "".join(text.render(sample.finished(), with_diffs=True))
    assert told.endswith(f"could not be read or edited\n\n{sample.DIFF}")


def test_a_diff_is_exact_but_never_steers_a_terminal() -> None:
    report = sample.finished()
    odd = "--- a/b\n+++ b/b\n@@ -1 +1 @@\n-\ta\xa0\x85\u202e\x9b\u2028\r\n+b\r\n"
    report.add([], ArticleDiff("b", odd))
    assert "".join(text.render(report, with_diffs=True)).endswith(f"\n\n{odd}")
    told = "".join(text.render(report, with_diffs=True, terminal=True))
    assert told.endswith("\n-\ta\\xa0\\x85\\u202e\\x9b\\u2028\r\n+b\r\n")


def test_text_of_strangers_can_not_steer_the_terminal() -> None:
    assert text.printable("a\x1b[2J\x9b\ud800\u202e é") == "a\\x1b[2J\\x9b\\ud800\\u202e é"
    assert text.printable("\t\x07\r", also="\t\r") == "\t\\x07\r"


def test_a_run_without_requests_says_so() -> None:
    report = sample.finished()
    report.summary.requests = 0
    report.summary.fresh = 4
    report.summary.articles_changed = report.summary.articles_failed = 0
    told = "".join(text.render(report))
    assert "no request was sent: 4 fresh, 1 failed" in told
    assert "no article needed a change" in told


def test_amounts_are_for_people() -> None:
    assert [text.amount(size) for size in (0, 999, 1000, 183_211, 12_345_678)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "183 kB",
        "12 MB",
    ]


def test_verify_tells_what_was_asked_and_nothing_of_writing() -> None:
    report = sample.finished()
    report.command = "verify"
    assert "".join(text.render(report)).endswith(
        "1 ok, 1 gone\n2 URLs looked at, 1 failed: 2 requests, 183 kB in 1.2 s\n"
        "1 article could not be read\n"
    )


def test_a_long_line_is_cut_around_the_value() -> None:
    report = Report("verify")
    url = f"https://a.test/{'x' * 200}.jpg"
    found = next(sample.finished().findings())
    before = "\t" + "k" * 48
    report.add([replace(found, url=url, column=50, excerpt=f"{before}{url} # end")])
    told = "".join(text.render(report)).splitlines()
    line, carets = told[5], told[6]
    assert "...k" in line
    assert line.endswith("...")
    assert line[carets.index("^") :].startswith("https://a.test/")
    assert max(map(len, told[4:7])) < 120
