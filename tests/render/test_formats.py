"""Each format says the same findings at the same places; two of them against their schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from msgspec.structs import replace

from imgcache.core.verdicts.rules import ARTICLE_ERROR, RULES
from imgcache.engine.run.report import Report
from imgcache.model import Severity, Verdict
from imgcache.render import concise, github, junit, markdown, sarif, text
from imgcache.results import ArticleProblem, EntryResult, Findings
from tests.render import sample

SCHEMAS = Path(__file__).parent / "schemas"
HOSTILE = "https://a.test/\x1b[2J|`<b>&\"'%0A::error::,\n*x*\ud800"
RENDERERS: dict[str, Callable[[Findings], Iterator[str]]] = {
    "text": text.render,
    "concise": concise.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "github": github.render,
    "markdown": markdown.render,
}


def gone() -> EntryResult:
    return next(one for one in sample.finished().entries() if one.verdict is Verdict.GONE)


def many(count: int, verdict: Verdict = Verdict.TIMEOUT) -> Report:
    report = Report("verify")
    for number in range(count):
        url = f"https://down.test/{number}.jpg"
        report.add([replace(gone(), verdict=verdict, url=url, line=number + 1, excerpt=None)])
    return report


def hostile() -> Report:
    report = Report("refresh")
    report.add([replace(gone(), url=HOSTILE, message=HOSTILE, excerpt=f"    - url: {HOSTILE}")])
    report.add_problem(ArticleProblem("b\n|.md", 3, HOSTILE))
    return report


def sarif_document(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("".join(sarif.render(report)))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    jsonschema.validate(document, schema)
    return document


def junit_document(report: Report) -> ET.Element:
    document = "".join(junit.render(report))
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(document)
    return ET.fromstring(document)  # noqa: S314  our own


@pytest.mark.parametrize("name", RENDERERS)
def test_every_format_tells_place_code_and_message(name: str) -> None:
    told = "".join(RENDERERS[name](sample.finished()))
    assert "IMG201" in told
    assert "the server answered 404; replace the image" in told
    assert "the key 'images' occurs twice" in told or "&#x27;images&#x27;" in told
    places = {
        "text": "articles/a.md:14:12",
        "concise": "articles/a.md:14:12",
        "junit": "articles/a.md:14:12",
        "markdown": "articles/a.md:14:12",
        "github": "file=articles/a.md,line=14,col=12",
        "sarif": '"startLine": 14, "startColumn": 12',
    }
    assert places[name] in told


@pytest.mark.parametrize("name", RENDERERS)
def test_no_format_lets_strangers_control_it(name: str) -> None:
    told = "".join(RENDERERS[name](hostile()))
    assert "\x1b" not in told
    told.encode()
    assert not re.search(r"^::error::", told, re.MULTILINE)


def test_the_sarif_log_is_valid_and_points_to_the_line() -> None:
    document = sarif_document(sample.finished())
    run = document["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.code for rule in RULES]
    finding, problem = run["results"]
    place = finding["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "articles/a.md", "uriBaseId": "%SRCROOT%"}
    assert place["region"]["startLine"] == 14
    assert (finding["ruleId"], finding["level"]) == ("IMG201", "error")
    assert finding["properties"]["pointer"] == "/related/0/images/0"
    assert problem["ruleId"] == ARTICLE_ERROR.code
    sarif_document(hostile())


def test_a_sarif_fingerprint_survives_moved_lines() -> None:
    def mark(line: int) -> Any:
        report = Report("verify")
        report.add([replace(gone(), line=line)])
        return sarif_document(report)["runs"][0]["results"][0]["partialFingerprints"]

    assert mark(14) == mark(99)


def test_the_junit_report_is_valid_and_counts() -> None:
    root = junit_document(sample.finished())
    assert [suite.get("name") for suite in root] == ["articles/a.md", "articles/b.md"]
    (failure,) = root.iter("failure")
    assert failure.get("type") == "IMG201 gone"
    junit_document(hostile())


def test_github_gets_what_it_shows_and_the_worst_first() -> None:
    report = many(30, Verdict.GONE)
    fault = replace(gone(), verdict=Verdict.LOCAL_ERROR, line=99)
    report.add([replace(gone(), severity=Severity.WARNING), fault])
    lines = "".join(github.render(report)).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert "line=99" in errors[0]
    assert lines[-1] == "imgcache verify: 31 errors, 1 warning in 32 image entries"


@pytest.mark.parametrize("name", ["text", "github", "markdown"])
def test_a_host_that_is_down_is_one_line(name: str) -> None:
    told = "".join(RENDERERS[name](many(300)))
    assert "300 timeout" in told
    assert told.count("down.test") <= 3
    few = "".join(RENDERERS[name](many(5)))
    assert few.count("down.test/") >= 5


@pytest.mark.parametrize("name", ["concise", "junit", "sarif"])
def test_machines_get_each_finding_of_a_host_that_is_down(name: str) -> None:
    assert "".join(RENDERERS[name](many(300))).count("https://down.test/") >= 300


def test_known_findings_are_told_by_their_number_and_fail_nothing() -> None:
    report = sample.finished()
    known = replace(next(report.findings()), severity=Severity.IGNORE, known=True)
    report.add([known])
    told = "1 known finding left out (baseline)"
    for render in (text.render, markdown.render, github.render):
        shown = "".join(render(report))
        assert told in shown
        assert shown.count("https://a.test/gone.jpg") <= 1
    assert 'message="known (baseline): IMG201 gone' in "".join(junit.render(report))
    assert "".join(sarif.render(report)).count('"ruleId": "IMG201"') == 1
