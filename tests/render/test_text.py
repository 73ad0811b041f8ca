from __future__ import annotations

import re

from imgcache.render import text
from imgcache.render.blocks.ink import Ink
from imgcache.results import ArticleDiff, ArticleProblem
from tests.render import sample

GOLDEN = """\
error    article-error (IMG001)
         the key 'images' occurs twice
         articles/b.md:3

error    gone (IMG201) https://a.test/gone.jpg\\x1b[2J
         the server answered 404; replace the image
         articles/a.md:14:12

2 image entries in 2 articles: 1 ok, 1 gone
1 downloaded, 0 revalidated, 0 fresh, 1 failed: 2 requests, 183 kB in 1.2 s
1 article changed, 1 article could not be read or edited
2 errors, 0 warnings
"""


def test_the_report_for_a_person() -> None:
    assert "".join(text.render(sample.finished())) == GOLDEN


def test_the_report_of_a_troubled_run() -> None:
    assert "".join(text.render(sample.troubled())) == sample.golden("troubled.txt")


def test_a_host_that_is_down_is_one_block_and_others_keep_theirs() -> None:
    told = "".join(text.render(sample.troubled()))
    (line,) = (one for one in told.splitlines() if "5 dns-error, 1 timeout" in one)
    assert line.endswith("for a typing error (as at articles/z.md:4:10; -v lists all)")
    assert told.count("articles/z.md") == 1
    assert "https://few.test/5.jpg" in told
    whole = "".join(text.render(sample.troubled(), whole=True))
    assert "         articles/z.md:3:10 https://down.test/0.jpg\n" in whole
    assert whole.count("https://down.test/") == 6


def test_the_line_of_a_broken_article_is_quoted_with_a_caret() -> None:
    report = sample.finished()
    line = '\ttitle: "é\x1b[2J"x"'
    report.add_problem(ArticleProblem("articles/c.md", 12, "is broken", 9, line))
    told = "".join(text.render(report)).split("is broken\n")[1].split("\n\n")[0]
    assert told.split("\n") == [
        "         articles/c.md:12:9",
        '            12 |     title: "é\\x1b[2J"x"',
        "               |            ^",
    ]


def test_colour_adds_nothing_but_colour() -> None:
    coloured = "".join(text.render(sample.finished(), ink=Ink(colour=True)))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == GOLDEN


def test_diffs_stand_at_the_end() -> None:
    told = "".join(text.render(sample.finished(), with_diffs=True))
    assert told.endswith(f"2 errors, 0 warnings\n\n{sample.DIFF}")


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
        "1 article could not be read\n2 errors, 0 warnings\n"
    )
