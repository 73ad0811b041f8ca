from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.verdicts.baseline import UNLISTED, BaselineLine, Key, is_settled_by
from imgcache.core.verdicts.baseline_format import parse, render
from imgcache.core.verdicts.traits import HOST_VERDICTS
from imgcache.model import Breach, Verdict

_TEXTS = st.text(max_size=20)
LINES = st.builds(
    BaselineLine,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from([one for one in Verdict if one not in UNLISTED]),
    _TEXTS,
    st.integers(1, 99),
    st.none() | st.dates(),
    st.none() | _TEXTS,
)
BROKEN = st.builds(
    BaselineLine, st.just("a.md"), st.sampled_from(Breach), _TEXTS, rule=st.sampled_from("ab")
)


@given(st.lists(LINES | BROKEN, max_size=5))
def test_what_is_written_is_read_back(lines: list[BaselineLine]) -> None:
    text = render(lines)
    assert sorted(parse(text), key=repr) == sorted(lines, key=repr)
    assert text.encode().endswith(b"}\n")
    assert render(parse(text)) == text


def test_a_finding_is_one_line_so_that_merges_stay_readable() -> None:
    lines = [
        BaselineLine("articles/é.md", Verdict.GONE, "https://a.test/1.jpg"),
        BaselineLine("a", Verdict.GONE, "", 1, date(2027, 1, 31), ""),
        BaselineLine("b", Breach.TOO_HEAVY, "u", rule="hero"),
    ]
    assert render(lines).splitlines() == [
        "{",
        ' "schema": 1,',
        ' "findings": [',
        '  {"article": "a", "verdict": "gone", "url": "", "expires": "2027-01-31", "reason": ""},',
        '  {"article": "articles/é.md", "verdict": "gone", "url": "https://a.test/1.jpg"},',
        '  {"article": "b", "breach": "too-heavy", "rule": "hero", "url": "u"}',
        " ]",
        "}",
    ]
    assert parse(render([])) == ()


@pytest.mark.parametrize("verdict", sorted(HOST_VERDICTS))
def test_the_troubles_of_a_host_are_one(verdict: Verdict) -> None:
    assert Key.of("a.md", "u", verdict) == Key.of("a.md", "u", Verdict.TIMEOUT)
    assert Key.of("a.md", "u", verdict) != Key.of("a.md", "u", Verdict.GONE)


def test_a_line_holds_until_its_day_is_over() -> None:
    line = BaselineLine("a.md", Verdict.GONE, "u", expires=date(2027, 1, 31))
    assert line.holds(date(2027, 1, 31))
    assert not line.holds(date(2027, 2, 1))
    assert BaselineLine("a.md", Verdict.GONE, "u").holds(date(9999, 12, 31))


@pytest.mark.parametrize(
    ("line", "today", "settled"),
    [
        (Verdict.DIMENSIONS_SCALED, Verdict.OK, True),
        (Verdict.DIMENSIONS_SCALED, Verdict.DIMENSIONS_SWAPPED, True),
        (Verdict.DIMENSIONS_SCALED, Verdict.NOT_AN_IMAGE, False),
        (Verdict.DIMENSIONS_SCALED, Verdict.GONE, False),
        (Verdict.CORRUPT, Verdict.TRUNCATED, True),
        (Verdict.CORRUPT, Verdict.TIMEOUT, False),
        (Verdict.GONE, Verdict.BLOCKED, True),
        (Verdict.GONE, Verdict.DNS_ERROR, False),
        (Verdict.GONE, Verdict.NOT_CHECKED, False),
        (Verdict.TIMEOUT, Verdict.GONE, True),
        (Verdict.GONE, Verdict.NOT_CACHED, False),
        (Verdict.NOT_CACHED, Verdict.OK, True),
        (Verdict.GONE, Verdict.LOCAL_ERROR, False),
        (Breach.TOO_HEAVY, Verdict.OK, True),
        (Breach.TOO_HEAVY, Verdict.DIMENSIONS_MISSING, True),
        (Breach.TOO_HEAVY, Verdict.GONE, False),
        (Breach.TOO_HEAVY, Verdict.CORRUPT, False),
        (Breach.TOO_HEAVY, Verdict.NOT_CHECKED, False),
    ],
)
def test_a_verdict_hides_those_that_would_come_after_it(
    line: Verdict | Breach, today: Verdict, settled: bool
) -> None:
    assert is_settled_by(line, today) is settled


GOOD = {"article": "a.md", "verdict": "gone", "url": "u"}


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([GOOD, GOOD | {"verdict": "gnoe"}], "line 3, findings[1].verdict"),
        (
            [GOOD | {"verdict": "gnoe"}],
            "= \"gnoe\": there is no such verdict; did you mean 'gone'?",
        ),
        ([GOOD | {"verdict": 7}], "= 7: there is no such verdict"),
        ([GOOD | {"url": 7}], "findings[0].url = 7: write a text in quotes"),
        ([GOOD | {"url": None}], "findings[0].url = null: write a text in quotes"),
        ([GOOD, 7], 'line 3, findings[1] = 7: write {"article": ..., "verdict": ..., "url": ...}'),
        (7, "findings = 7: write a list"),
        ([GOOD | {"verdict": "not-checked"}], "not-checked is about a run"),
        ([GOOD | {"expire": "2027-01-01"}], "no such key; did you mean 'expires'?"),
        ([GOOD | {"expires": "2027-02-30"}], '"2027-02-30": there is no such day'),
        ([GOOD | {"expires": 20270331}], "in quotes"),
        ([GOOD | {"count": 0}], "findings[0].count = 0: write a whole number of at least 1"),
        ([GOOD | {"count": "2"}], "findings[0].count"),
        ([{"article": "a.md", "verdict": "gone"}], "line 2, findings[0].url: is missing; add it"),
        ([{"article": "a.md", "url": "u"}], "a verdict, or a breach and the name of its rule"),
        ([GOOD | {"breach": "too-heavy", "rule": "a"}], "write a verdict, or a breach"),
        ([GOOD | {"rule": "a"}], "write a verdict, or a breach"),
        ([{"article": "a.md", "url": "u", "breach": "too-heavy"}], "the name of its rule"),
        ([{"article": "a.md", "url": "u", "breach": "heavy", "rule": "a"}], "findings[0].breach"),
        ({}, "findings"),
    ],
)
def test_a_wrong_line_is_told_by_its_place(findings: object, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(
            json.dumps({"schema": 1, "findings": findings})
            .replace('{"article', '\n{"article')
            .replace(" 7]", "\n7]")
        )
    assert told in str(caught.value)
    assert not re.search("(?i)input|valid|pydantic|permitted", str(caught.value))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"schema": 1,\n "findings": [,]}', "line 2, column 15"),
        ('{"schema": 2, "findings": []}', "schema = 2: this imgcache reads schema 1"),
        ('{"schema": 1, "finding": []}', "findings: is missing"),
        ('{"schema": 1, "findings": [], "x": 1}', "x = 1: there is no such key"),
        ('{"x": {}, "findings":\n[\n7]}', "schema: is missing"),
        ('{"schema": true, "findings": []}', "schema"),
        ("[]", "the whole"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_another_file_is_told_as_such(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    assert told in str(caught.value)
