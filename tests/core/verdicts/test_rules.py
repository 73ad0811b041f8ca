"""What each code means: found by every word, with an example that the program itself speaks."""

from __future__ import annotations

import pytest

from imgcache.core.verdicts import examples, rules
from imgcache.core.verdicts.messages import message
from imgcache.core.verdicts.rules import OK, RULES, Rule
from imgcache.core.verdicts.verdict import Evidence
from imgcache.model import Breach, Declared, Severity, Verdict

ALL = (OK, *RULES)
FOUND = [one for one in Verdict if one is not Verdict.OK]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_is_found_by_code_and_name_whatever_the_case(rule: Rule) -> None:
    words = [rule.name, rule.name.upper(), *([rule.code, rule.code.lower()] if rule.code else [])]
    assert [rules.find(word) for word in words] == [rule] * len(words)


def test_a_word_that_is_neither_has_a_nearest() -> None:
    assert rules.find("gnoe") is None
    assert rules.nearest("gnoe").name == "gone"
    assert rules.nearest("img-201").code == "IMG201"
    with pytest.raises(LookupError, match="IMG999"):
        rules.docs_url("IMG999")


def test_links_lead_to_the_home_of_the_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "DOCS", "")
    assert rules.docs_url("gone") is None
    monkeypatch.setattr(rules, "DOCS", "https://a.test/tree/")
    assert rules.docs_url("gone") == "https://a.test/tree/docs/verdicts.md#img201"
    assert rules.docs_url("IMG501") == "https://a.test/tree/docs/verdicts.md#img501"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_told_in_a_sentence_with_a_remedy(rule: Rule) -> None:
    told = examples.finding(rule)
    assert told.startswith(f"{rule.name} ({rule.code})")
    assert "None" not in told
    assert isinstance(rule.of, Breach | Verdict) == (rule is not rules.ARTICLE_ERROR)
    assert "; " in told or rule is rules.ARTICLE_ERROR
    assert (examples.configured(rule) is not None) == isinstance(rule.of, Breach)
    # What is true of one verdict only is said of no other.
    assert ("nothing is known of" in told) == (rule.of is Verdict.NOT_CHECKED)
    assert ("another shape, so" in told) == (rule.of is Verdict.DIMENSIONS_MISMATCH)


@pytest.mark.parametrize("verdict", FOUND)
def test_a_verdict_of_which_no_evidence_tells_has_a_sentence_of_its_own(verdict: Verdict) -> None:
    told = message(verdict, Severity.ERROR, Declared(), Evidence())
    assert told is not None
    assert ("nothing is known" in told) == (verdict is Verdict.NOT_CHECKED)
    assert told.partition("; ")[2]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_texts_are_sentences(rule: Rule) -> None:
    assert rule.meaning.endswith(".")
    assert rule.remedy.endswith(".")
    assert not rule.title.endswith(".")
    assert rule.title[0].isupper()
