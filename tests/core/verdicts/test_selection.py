"""Which findings `--select` and `--ignore` name, and what becomes of the others."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imgcache.core.verdicts.selection import EVERYTHING, selection
from imgcache.findings import BrokenRule
from imgcache.model import REACH_VERDICTS, Breach, Declared, Severity, Verdict
from imgcache.results import EntryResult

ENTRY = EntryResult(
    article="a.md",
    line=1,
    column=1,
    pointer="/images/0",
    url="https://a.test/",
    verdict=Verdict.GONE,
    severity=Severity.ERROR,
    message="it is gone",
    declared=Declared(),
    broken=(BrokenRule("hero", Breach.TOO_HEAVY, Severity.WARNING, "it is heavy"),),
)


@pytest.mark.parametrize("text", ["IMG201", "img201", "gone", " Gone "])
def test_a_code_and_a_name_say_the_same(text: str) -> None:
    assert selection([text], []).names == {Verdict.GONE}


def test_what_is_ignored_is_taken_from_what_is_selected() -> None:
    assert selection(["IMG2"], []).names == REACH_VERDICTS
    assert selection(["IMG2", "IMG501"], ["gone,IMG202"]).names == REACH_VERDICTS - {
        Verdict.GONE,
        Verdict.BLOCKED,
    } | {Breach.TOO_HEAVY}
    assert selection([], ["gone"]).names == EVERYTHING.names - {Verdict.GONE}
    assert selection([], []).is_all
    assert not selection([], ["gone"]).is_all


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("gonne", "gone"),
        ("IMG210x", "IMG210"),
        ("img9", "IMG"),
        ("IMG2x", "IMG201"),
        ("dimension-missing", "dimensions-missing"),
        ("", ""),
        ("ok", ""),
        ("img", ""),
    ],
)
def test_an_unknown_one_is_an_error_that_names_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=rf"^'{text}' is no code or verdict; .* {nearest}"):
        selection([text], [])
    with pytest.raises(ValueError, match="is no code or verdict"):
        selection([], [text])


def test_what_can_not_be_chosen_says_why() -> None:
    for text in ("IMG001", "article-error"):
        with pytest.raises(ValueError, match=f"^'{text}' can't be chosen"):
            selection([], [text])


def test_what_is_left_out_is_ignored_and_keeps_the_rest() -> None:
    (rule,) = ENTRY.broken
    ignored = replace(rule, severity=Severity.IGNORE)
    assert EVERYTHING.of(ENTRY) is ENTRY
    assert selection(["gone"], []).of(ENTRY) == replace(ENTRY, broken=(ignored,))
    assert selection([], ["gone"]).of(ENTRY) == replace(ENTRY, severity=Severity.IGNORE)
    assert selection(["timeout"], []).of(ENTRY).listed == ()
    well = replace(ENTRY, verdict=Verdict.OK, severity=None, broken=())
    assert selection(["timeout"], []).of(well) is well
