"""What becomes one block of the text report, in which order, and how long a report gets."""

from __future__ import annotations

import re
import tracemalloc

import pytest
from msgspec.structs import replace

from imgcache.engine.run.report import Report, Traffic
from imgcache.model import Declared, Severity, Size, Verdict
from imgcache.render import github, markdown, text
from imgcache.render.blocks.ink import Ink
from imgcache.results import ArticleProblem, EntryResult

IMAGES, FINDINGS = 248, 1051
VERDICTS = (
    (Verdict.GONE, "the server answered 404 Not Found; replace the image or remove the entry"),
    (Verdict.NOT_AN_IMAGE, "the answer is HTML; the URL must lead to the image file itself"),
    (Verdict.DIMENSIONS_MISMATCH, "the image is 800 x 600, the article says 400 x 400: jumps"),
)


def finding(image: int, article: int, line: int = 3) -> EntryResult:
    verdict, message = VERDICTS[image % len(VERDICTS)]
    is_size = verdict.is_about_size
    return EntryResult(
        article=f"articles/{article:04}.md",
        line=line,
        column=10,
        pointer="/images/0",
        url=f"https://host{image % 40}.test/pictures/{image}.jpg",
        verdict=verdict,
        severity=Severity.WARNING if image % 7 == 0 else Severity.ERROR,
        message=message,
        declared=Declared(400, 400),
        actual=Size(800, 600) if is_size else None,
        excerpt="  - url: https://...",
    )


def site() -> Report:
    """Each image stands in several articles; one of them, a logo, in half of all."""
    report = Report("verify")
    for number in range(FINDINGS):
        image = 0 if number % 2 else number // 2 % IMAGES
        report.add([finding(image, number)])
    report.finish(IMAGES, {"failed": IMAGES}, Traffic(requests=IMAGES))
    return report


def report_of(*entries: EntryResult) -> Report:
    report = Report("verify")
    for one in entries:
        report.add([one])
    return report


def told(report: Report, *, whole: bool = False) -> str:
    return "".join(text.render(report, whole=whole))


def heads(report: Report) -> list[str]:
    """The URLs of the blocks, in their order."""
    lines = told(report).splitlines()
    return [one.rsplit(" ", 1)[1] for one in lines if "(IMG" in one and "://" in one]


def test_a_thousand_findings_at_some_hundred_images_are_short() -> None:
    report = site()
    for width in (80, 120):
        assert len("".join(text.render(report, ink=Ink(width=width))).splitlines()) <= 200
    lines = told(report).splitlines()
    assert len(lines) <= 200
    assert len(heads(report)) == 50
    assert "and 518 more places" in lines[2]
    (more,) = (one for one in lines if one.startswith("... and 198 more blocks ("))
    assert re.search(r"\(\d+ errors, \d+ warnings\); all of them", more)
    assert "--format concise" in more
    errors, warnings = report.summary.errors, report.summary.warnings
    assert lines[-1] == f"{errors} errors, {warnings} warnings"


SHORT, LONG = "articles/{:04}.md", f"content/posts/2024/{{:04}}-{'a-long-way-' * 8}/index.en.md"
LONG_URL = f"https://images.example.com/uploads/{'a-long-way-' * 8}{{}}.jpg"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", [SHORT, LONG])
@pytest.mark.parametrize("often", [1, 4, 12])
def test_a_long_report_is_read_at_any_width(width: int, name: str, often: int) -> None:
    """However often each of 248 images stands in articles, and however these are called."""
    report = Report("verify")
    for number in range(IMAGES * often):
        found = finding(number // often, number)
        url = LONG_URL.format(number // often) if name is LONG else found.url
        report.add([replace(found, article=name.format(number), url=url)])
    lines = "".join(text.render(report, ink=Ink(width=width))).splitlines()
    assert len(lines) <= 200
    blocks = "\n".join(lines).split("\nerror")[1:]
    assert all(":3:10" in one for one in blocks)
    # What is not named is counted.
    counts = [len(re.findall(":3:10", one)) + _more(one) for one in blocks[:20]]
    assert set(counts) <= {often, 2 * often}


def _more(block: str) -> int:
    return sum(int(one) for one in re.findall(r"and\s+(\d+)\s+more\s+place", block))


def test_of_what_is_left_out_only_numbers_are_held() -> None:
    report = Report("verify")
    for number in range(4000):
        report.add([finding(number, number)])
    text.render(report)
    tracemalloc.start()
    for _ in text.render(report):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_500_000  # some 200 bytes for each image, where an entry has thousands


def test_nothing_is_left_out_of_a_whole_report() -> None:
    report = site()
    lines = told(report, whole=True)
    assert lines.count("(IMG") == IMAGES
    assert lines.count(":3:10") == FINDINGS
    assert " more" not in lines


def test_one_url_with_one_verdict_is_one_block_where_its_first_place_is() -> None:
    report = report_of(finding(1, 1), finding(0, 1, 9), finding(1, 2), finding(3, 2, 9))
    assert [one[-6:] for one in heads(report)] == ["/1.jpg", "/0.jpg", "/3.jpg"]
    assert "\n         articles/0001.md:3:10, articles/0002.md:3:10\n" in told(report)


def test_what_differs_is_not_one() -> None:
    first = finding(0, 1)
    others = (
        replace(first, verdict=Verdict.BLOCKED),
        replace(first, message="there is no such file beside this article"),
        replace(first, severity=Severity.ERROR),
    )
    assert len(heads(report_of(first, *others))) == 4


def test_sizes_that_are_declared_otherwise_are_told_at_their_places() -> None:
    first = finding(2, 1)
    says = (Declared(400, 300), Declared(None, 400), Declared(), Declared(400, 400))
    others = [
        replace(first, article=f"articles/{number}.md", declared=one, message=f"{number}")
        for number, one in enumerate(says)
    ]
    report = report_of(first, *others)
    assert len(heads(report)) == 1
    places = told(report).splitlines()[2].strip().split(", ")
    assert places == [
        "articles/0001.md:3:10",
        "articles/0.md:3:10 (says 400 x 300)",
        "articles/1.md:3:10 (says height 400)",
        "articles/2.md:3:10 (says no size)",
        "articles/3.md:3:10",
    ]


def test_a_place_where_the_remedy_is_another_one_says_so() -> None:
    """What --fix-dimensions can write here, it can't write there."""
    here = finding(2, 1)
    hand = replace(here, article="b.toml", declared=Declared(400, 400, by_hand=("width", "height")))
    other = replace(hand, article="c.toml", declared=replace(hand.declared, width=300))
    places = told(report_of(here, hand, other)).splitlines()[2].strip()
    assert places == (
        "articles/0001.md:3:10, b.toml:3:10 (by hand), c.toml:3:10 (says 300 x 400, by hand)"
    )
    assert "articles/0001.md:3:10 (by command)" in told(report_of(hand, here))


def test_what_was_not_checked_is_one_line_and_a_list_where_all_is_wanted() -> None:
    entries = [
        replace(finding(number, number), verdict=verdict, severity=severity, message="why")
        for verdict, severity in (
            (Verdict.NOT_CHECKED, Severity.WARNING),
            (Verdict.NOT_CACHED, Severity.ERROR),
        )
        for number in range(30)
    ]
    report = report_of(*entries)
    said = "30 image entries: why (as at articles/0000.md:3:10; -v lists all)"
    lines = told(report).splitlines()
    assert lines[:3] == [
        f"warning  not-checked (IMG402) {said}",
        f"error    not-cached (IMG401) {said}",
        "",
    ]
    assert told(report, whole=True).count("articles/0007.md:3:10 https://host7.test/") == 2


def test_the_worst_is_the_example_of_what_was_not_checked() -> None:
    severities = (Severity.WARNING, Severity.ERROR, Severity.ERROR)
    entries = [
        replace(finding(n, n), verdict=Verdict.NOT_CHECKED, severity=one, message=f"{n}")
        for n, one in enumerate(severities)
    ]
    line = told(report_of(*entries)).splitlines()[0]
    assert line.startswith("error    not-checked (IMG402) 3 image entries: 1 (as at")


def test_a_long_report_says_in_a_note_what_size_is_missing() -> None:
    missing = [
        replace(
            finding(number, number),
            verdict=Verdict.DIMENSIONS_MISSING,
            declared=Declared(400, None, by_hand=("width", "height") if number == 1 else ()),
            actual=Size(400, 300),
            message="height not declared; the image is 400 x 300; declare them",
        )
        for number in range(24)
    ]
    strange = replace(missing[2], declared=Declared(400, None, strange=(("height", "auto"),)))
    kept = replace(missing[3], message="the server answered 404, and the kept copy is wrong: x")
    low = replace(missing[4], declared=Declared(unnamed=("width",)))
    lines = told(report_of(*missing[:2], strange, kept, low, *missing[5:])).splitlines()
    assert lines[1].strip() == "articles/0000.md:3:10 (width 400 -> 400 x 300)"
    assert lines[3].strip() == "articles/0001.md:3:10 (width 400 -> 400 x 300, by hand)"
    assert lines[5].strip() == missing[2].message
    assert lines[8].strip() == kept.message
    assert lines[11].strip() == "articles/0004.md:3:10 (no size -> height 300)"


def test_a_long_report_says_once_what_a_fault_is() -> None:
    lines = told(site()).splitlines()
    said = [one.strip() for one in lines if one.strip() in {text for _, text in VERDICTS[:2]}]
    assert sorted(said) == sorted(text for _, text in VERDICTS[:2])
    short = told(report_of(finding(0, 1), finding(3, 1)))
    assert short.count(VERDICTS[0][1]) == 2


def test_many_broken_articles_are_one_block_and_many_blocks_are_cut() -> None:
    report = Report("verify")
    for number in range(60):
        report.add_problem(ArticleProblem(f"a{number}.md", 2, f"broken {number // 30}"))
    lines = told(report).splitlines()
    assert lines[:2] == ["error    article-error (IMG001)", "         broken 0"]
    assert lines[2].endswith("a9.md:2 and 20 more places")
    assert lines[-1] == "60 errors, 0 warnings"
    for number in range(60):
        report.add_problem(ArticleProblem(f"b{number}.md", 2, f"other {number}"))
    report.add([finding(1, 1), finding(2, 1)])
    lines = told(report).splitlines()
    assert sum(one.endswith("(IMG001)") for one in lines) == 50
    assert any(one.startswith("... and 14 more blocks (14 errors);") for one in lines)


def test_many_hosts_in_trouble_are_cut_too() -> None:
    report = Report("verify")
    for number in range(55 * 6):
        one = replace(finding(1, number), verdict=Verdict.TIMEOUT)
        report.add([replace(one, url=f"https://host{number // 6}.test/{number}.jpg")])
    lines = told(report).splitlines()
    assert sum("host in trouble" in one for one in lines) == 50
    assert any(one.startswith("... and 5 more blocks (30 errors);") for one in lines)


def test_all_formats_see_the_same_groups() -> None:
    """The same path beside another article is another image; then something else is said of it."""
    here = replace(finding(0, 1), url="a.png", message="there is no file blog/a.png")
    report = report_of(
        here,
        replace(here, line=9),
        replace(here, article="notes/b.md", message="there is no file notes/a.png"),
        replace(here, verdict=Verdict.NOT_CHECKED),
        replace(here, verdict=Verdict.NOT_CHECKED, url="b.png"),
    )
    assert len(heads_of(told(report))) == 3
    assert len(heads_of("".join(markdown.render(report)))) == 3
    first = list(github.render(report))[:3]
    lines = [re.findall(r"file=([^,]+),line=(\d+)", one) for one in first]
    article = here.article
    assert sorted(one for (one,) in lines) == [(article, "3"), (article, "3"), ("notes/b.md", "3")]


def heads_of(told: str) -> list[str]:
    return [line for line in told.splitlines() if "(IMG" in line]
