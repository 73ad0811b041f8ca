"""Broken rules in every format: each is a finding of its own, beside the verdict of its entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import pytest

from imgcache.engine.run.report import Report
from imgcache.render import github, junit, markdown, metrics, sarif, text
from tests.render import sample


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("ruled.txt", text.render),
        ("ruled.xml", junit.render),
        ("ruled.md", markdown.render),
        ("ruled.github", github.render),
    ],
)
def test_the_report_of_a_run_with_broken_rules(
    name: str, render: Callable[[Report], Iterator[str]]
) -> None:
    assert "".join(render(sample.ruled())) == sample.golden(name)


def test_json_tells_each_breach_and_counts_them() -> None:
    document = json.loads(sample.ruled().to_json())
    entry = document["entries"][0]
    assert (entry["verdict"], entry["severity"], entry["message"]) == ("ok", None, None)
    assert [
        (one["rule"], one["code"], one["breach"], one["severity"]) for one in entry["rules"]
    ] == [
        ("hero", "IMG501", "too-heavy", "error"),
        ("a|b <rule>, 50%", "IMG504", "wrong-shape", "warning"),
        ("hero", "IMG506", "missing-field", "ignore"),
    ]
    assert entry["rules"][0]["message"] == "it has 412,345 bytes; compress it more"
    summary = document["summary"]
    assert summary["verdicts"] == {"dimensions-scaled": 1, "dns-error": 5, "ok": 1, "timeout": 1}
    assert summary["rules"] == {"missing-field": 1, "too-heavy": 2, "wrong-shape": 2}
    assert (summary["errors"], summary["warnings"]) == (5 + 2, 2 + 2)


def test_known_breaches_count_as_known() -> None:
    assert sample.ruled().known == 1


def test_sarif_has_a_result_for_each_listed_breach_with_a_fingerprint_of_its_own() -> None:
    (run,) = json.loads("".join(sarif.render(sample.ruled())))["runs"]
    found = [one for one in run["results"] if one["ruleId"].startswith("IMG5")]
    assert [one["ruleId"] for one in found] == ["IMG501", "IMG504", "IMG501", "IMG504"]
    assert found[0]["message"]["text"] == (
        "too-heavy (rule hero): it has 412,345 bytes; compress it more"
    )
    assert found[0]["properties"]["rule"] == "hero"
    assert len({one["partialFingerprints"]["imgcache/v1"] for one in run["results"]}) == 11


def test_junit_counts_its_cases() -> None:
    root = ET.fromstring("".join(junit.render(sample.ruled())))  # noqa: S314  our own
    assert int(root.get("tests", "")) == len(root.findall(".//testcase")) == 8 + 5
    assert int(root.get("failures", "")) == len(root.findall(".//failure")) == 7


def test_metrics_count_breaches() -> None:
    told = metrics.of_refresh(sample.ruled(), None, success=True, before="")
    assert 'imgcache_refresh_broken_rules{breach="too-heavy"} 2.0' in told
    assert 'imgcache_refresh_broken_rules{breach="has-position"} 0.0' in told
