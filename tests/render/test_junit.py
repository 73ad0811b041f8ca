from __future__ import annotations

from pathlib import Path

import xmlschema
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from imgcache.render import junit
from imgcache.results import ArticleProblem
from tests.render import sample

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def test_the_report_of_a_troubled_run() -> None:
    assert "".join(junit.render(sample.troubled())) == sample.golden("troubled.xml")


def test_it_is_valid_junit() -> None:
    for report in (sample.finished(), sample.troubled()):
        SCHEMA.validate("".join(junit.render(report)))


def test_the_counts_are_those_of_the_cases() -> None:
    root = fromstring("".join(junit.render(sample.troubled())))
    suites = root.findall("testsuite")
    assert int(root.get("tests", "")) == len(root.findall(".//testcase")) == 16
    for name, element in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert all(int(one.get(name, "")) == len(one.findall(f".//{element}")) for one in suites)
    assert int(root.get("failures", "")) == len(root.findall(".//failure"))
    assert int(root.get("errors", "")) == len(root.findall(".//error")) == 2


@given(text=st.text(st.characters(categories=None)))
def test_no_text_of_strangers_breaks_the_document(text: str) -> None:
    report = sample.finished()
    report.add_problem(ArticleProblem(text, None, text))
    assert len(fromstring("".join(junit.render(report))).findall(".//error")) == 2
