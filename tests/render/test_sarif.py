from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from msgspec.structs import replace

from imgcache.core.verdicts import rules
from imgcache.core.verdicts.rules import RULES
from imgcache.engine.run.report import Report
from imgcache.model import Breach, Severity, Verdict
from imgcache.render import sarif
from imgcache.results import ArticleProblem, EntryResult
from imgcache.version import VERSION
from tests.render import sample

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"


def run_of(report: Report) -> Any:
    (run,) = json.loads("".join(sarif.render(report)))["runs"]
    return run


def fingerprints(entries: list[EntryResult]) -> list[str]:
    report = Report("verify")
    report.add(entries)
    return [one["partialFingerprints"]["imgcache/v1"] for one in run_of(report)["results"]]


def test_the_report_of_a_troubled_run() -> None:
    told = "".join(sarif.render(sample.troubled())).replace(f'"{VERSION}"', '"VERSION"')
    assert told == sample.golden("troubled.sarif")


def test_it_is_valid_sarif() -> None:
    validator = Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))
    for report in (Report("verify"), sample.finished(), sample.troubled()):
        validator.validate(json.loads("".join(sarif.render(report))))


def test_each_result_names_the_rule_that_explains_it() -> None:
    run = run_of(sample.troubled())
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]


def test_each_code_has_one_rule() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    of_verdicts = {verdict.code for verdict in Verdict if verdict.code}
    assert set(codes) == {"IMG001"} | of_verdicts | {breach.code for breach in Breach}


def test_fingerprints_stay_when_lines_move() -> None:
    _, entry = sample.finished().entries()
    moved = replace(entry, line=99, column=3, pointer="/images/7", message="in other words")
    assert fingerprints([entry]) == fingerprints([moved])
    others = [replace(entry, url="https://a.test/other.jpg"), replace(entry, article="c.md")]
    assert len({*fingerprints([entry]), *(fingerprints([one])[0] for one in others)}) == 3


def test_the_same_finding_twice_in_an_article_is_two_findings() -> None:
    _, entry = sample.finished().entries()
    first, second = fingerprints([entry, replace(entry, line=20)])
    assert first != second


def test_a_region_spans_the_value_in_code_points() -> None:
    region = run_of(sample.troubled())["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 13, "startColumn": 18, "endColumn": 38}


def test_an_interrupted_run_did_not_succeed() -> None:
    assert run_of(sample.finished())["invocations"][0]["executionSuccessful"] is True
    assert run_of(sample.troubled())["invocations"][0]["executionSuccessful"] is False


def test_no_more_results_than_code_scanning_takes_the_worst_first() -> None:
    _, error = sample.finished().entries()
    warning = replace(error, severity=Severity.WARNING)
    report = Report("verify")
    for number in range(3):
        article = f"{number}.md"
        report.add([replace(warning, article=article)] * 5000)
        report.add([replace(error, article=article)] * 4000)
    report.add_problem(ArticleProblem("b.md", 3, "the key 'images' occurs twice"))
    run = run_of(report)
    results, (invocation,) = run["results"], run["invocations"]
    levels = [one["level"] for one in results]
    assert levels == ["error"] * 12_001 + ["warning"] * 12_999
    assert results[0]["ruleId"] == "IMG001"
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("2,001 results left out")
    marks = {one["partialFingerprints"]["imgcache/v1"] for one in results}
    assert len(marks) == len(results)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    document = {"version": "2.1.0", "runs": [run | {"results": results[:1]}]}
    Draft4Validator(schema).validate(document)


def test_as_many_as_it_takes_are_written_as_they_stand() -> None:
    _, error = sample.finished().entries()
    report = Report("verify")
    for number in range(5):
        report.add(
            [
                replace(error, article=f"{number}.md", severity=weight)
                for weight in (Severity.WARNING, Severity.ERROR)
                for _ in range(2500)
            ]
        )
    run = run_of(report)
    assert [one["level"] for one in run["results"]] == (["warning"] * 2500 + ["error"] * 2500) * 5
    assert "toolExecutionNotifications" not in run["invocations"][0]


def test_rules_lead_to_the_docs_once_the_project_has_a_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def helped() -> list[Any]:
        document = json.loads("".join(sarif.render(sample.troubled())))
        Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(document)
        return [one.get("helpUri") for one in document["runs"][0]["tool"]["driver"]["rules"]]

    monkeypatch.setattr(rules, "DOCS", "")
    assert set(helped()) == {None}
    monkeypatch.setattr(rules, "DOCS", "https://a.test/imgcache/")
    anchors = [f"https://a.test/imgcache/docs/verdicts.md#{one.code.lower()}" for one in RULES]
    assert helped() == anchors
