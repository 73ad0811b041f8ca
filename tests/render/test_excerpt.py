"""Quotes of wrong sizes: carets under the values, the right ones beside them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from imgcache.engine.run.report import Report
from imgcache.model import Declared, Severity, Side, Size, Verdict
from imgcache.render import text
from imgcache.render.excerpt import Quoted, quoted_sides, wrong_sides
from imgcache.results import ArticleProblem, EntryResult

FLOW = "  - {url: https://a.test/a.jpg, width: 160, height: 90}"
WIDE = '  - {alt: "図é\t", url: https://a.test/a.jpg, width: 160, height: 90}'


def entry(line: str = FLOW, *, actual: Size = Size(1600, 900)) -> EntryResult:  # noqa: B008  frozen
    sides = [Side(name, 3, line.index(value) + 1, len(value)) for name, value in
             (("width", "160"), ("height", "90}"[:2]))]  # fmt: skip
    return EntryResult(
        article="articles/a.md",
        line=3,
        column=line.index("https") + 1,
        pointer="/images/0",
        url="https://a.test/a.jpg",
        verdict=Verdict.DIMENSIONS_SCALED,
        severity=Severity.ERROR,
        message="the image is 1600 x 900, the article says 160 x 90; declare width: 1600, "
        "height: 900, or run imgcache refresh --fix-dimensions",
        declared=Declared(160, 90),
        actual=actual,
        excerpt=line,
        sides=tuple(sides),
        fixable=True,
    )


def block() -> EntryResult:
    sides = (
        Side("width", 4, 12, 3, "    width: 160"),
        Side("height", 5, 13, 4, '\theight: "90" # é'),
    )
    return replace(entry("  - url: https://a.test/a.jpg, 160, 90}"), sides=sides)


def shown(one: EntryResult, widest: int = 96) -> list[str]:
    return [f"{gutter}{content}" for gutter, content, _ in quoted_sides(one, 4, widest)]


def test_both_sides_of_a_line_are_marked_at_once() -> None:
    assert shown(entry()) == [
        "   3 |   - {url: https://a.test/a.jpg, width: 160, height: 90}",
        "     |                                        ^^^ 1600     ^^ 900",
    ]


def test_only_the_wrong_side_is_marked() -> None:
    one = entry(actual=Size(160, 900))
    assert [(side.name, right) for side, right in wrong_sides(one)] == [("height", 900)]
    assert shown(one)[1].endswith("  ^^ 900")
    assert shown(one)[1].count("^") == 2


def test_sides_on_lines_of_their_own_are_quoted_there() -> None:
    assert shown(block()) == [
        "   4 |     width: 160",
        "     |            ^^^ 1600",
        '   5 |     height: "90" # é',
        "     |                ^^^^ 900",
    ]


def test_notes_that_would_cover_a_caret_get_a_row_of_their_own() -> None:
    tight = "  - {url: https://a.test/a.jpg, w: 160,h: 90}"
    lines = shown(entry(tight))
    assert [one.strip(" |") for one in lines[1:]] == ["^^^ 1600", "^^ 900"]


def marked(above: str, row: str) -> str:
    """What stands above the first caret of a row, to its end."""
    before = above
    while cell_len(before) > row.index("^"):
        before = before[:-1]
    return above[len(before) :]


@pytest.mark.parametrize("widest", [40, 96])
def test_carets_stand_under_the_values_however_wide_or_long_a_line_is(widest: int) -> None:
    for line in (FLOW, WIDE, WIDE.replace("alt", "x" * 200), WIDE + " " * 9 + "#" * 200):
        above, found = "", []
        for _, content, marks in quoted_sides(entry(line), 4, widest):
            assert cell_len(content) <= widest + 12
            if marks:
                found.append(marked(above, content)[:2])
            else:
                above = content
        assert found in (["16"], ["16", "90"])


def test_a_line_that_is_not_known_or_hides_a_password_is_not_quoted() -> None:
    assert shown(replace(entry(), excerpt=None)) == []
    hidden = "  - {url: https://***@a.test/a.jpg, width: 160, height: 90}"
    assert shown(replace(entry(), excerpt=hidden)) == []
    assert shown(replace(entry(), excerpt="  - {")) == []
    assert shown(replace(entry(), actual=None)) == []


def test_what_is_quoted_can_not_steer_the_terminal() -> None:
    quote = list(quoted_sides(entry("  - {160, 90, \x1b[2J\u202e, url: https://a.test/a.jpg}"), 4))
    assert quote[0] == Quoted(
        "   3 |", "   - {160, 90, \\x1b[2J\\u202e, url: https://a.test/a.jpg}"
    )


def test_the_text_report_says_once_what_one_command_can_do() -> None:
    report = Report("verify")
    report.add([block()])
    told = "".join(text.render(report))
    assert told == (
        "error    dimensions-scaled (IMG103) https://a.test/a.jpg\n"
        "         the image is 1600 x 900, the article says 160 x 90\n"
        "         articles/a.md:3:10\n"
        "             4 |     width: 160\n"
        "               |            ^^^ 1600\n"
        '             5 |     height: "90" # é\n'
        "               |                ^^^^ 900\n"
        "\n"
        "1 image entry in 0 articles: 1 dimensions-scaled\n"
        "no request was made: 0 URLs looked at in 0.0 s\n"
        "1 error, 0 warnings; 1 size can be fixed by `imgcache refresh --fix-dimensions`\n"
    )


def test_a_long_report_tells_the_lines_in_words() -> None:
    report = Report("verify")
    for number in range(21):
        url, article = f"https://a.test/{number}", f"articles/{number}.md"
        report.add([replace(block(), url=url, article=article)])
    lines = "".join(text.render(report)).splitlines()
    assert lines[:3] == [
        "error    dimensions-scaled (IMG103) https://a.test/0",
        "         articles/0.md:3:10 (160 x 90 -> 1600 x 900, lines 4, 5)",
        "error    dimensions-scaled (IMG103) https://a.test/1",
    ]
    assert lines[-1].endswith("; 21 sizes can be fixed by `imgcache refresh --fix-dimensions`")


@pytest.mark.parametrize(("problems", "told"), [(0, True), (1, False)])
def test_no_command_is_named_for_an_article_that_is_not_written(problems: int, told: bool) -> None:
    report = Report("verify")
    report.add([entry()])
    for _ in range(problems):
        report.add_problem(ArticleProblem("articles/a.md", 2, "has a key twice"))
    last = "".join(text.render(report)).splitlines()[-1]
    assert ("1 size can be fixed" in last) is told
