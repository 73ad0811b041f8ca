"""The table of traits: a verdict can't be forgotten in it, nor in any table beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import imgcache
from imgcache.core.verdicts.baseline import is_settled_by
from imgcache.core.verdicts.traits import TRAITS, Mark, Stage, complete, marked
from imgcache.engine.verify.options import Depth
from imgcache.model import (
    CONTENT_VERDICTS,
    REACH_VERDICTS,
    SIZE_VERDICTS,
    Breach,
    Severity,
    Verdict,
)


def test_who_forgets_a_row_is_told_of_which_verdict_and_where() -> None:
    with pytest.raises(LookupError, match=r"some/file\.py has no row for gone, too-big"):
        complete({Verdict.OK: 1}, [Verdict.OK, Verdict.GONE, Breach.TOO_BIG], "some/file.py")
    complete(TRAITS, [*Verdict, *Breach], "all of it")


def test_codes_are_unique_and_of_a_known_group() -> None:
    codes = [one.code for one in (*Verdict, *Breach) if one.code]
    assert len(set(codes)) == len(codes)
    assert {code[:4] for code in codes} == {"IMG1", "IMG2", "IMG3", "IMG4", "IMG5"}
    assert codes == sorted(codes)


@pytest.mark.parametrize("verdict", Verdict)
def test_traits_agree_with_the_group_of_a_verdict(verdict: Verdict) -> None:
    traits = TRAITS[verdict]
    assert traits.severity in (Severity.ERROR, Severity.WARNING)
    assert 0 <= traits.urgency <= 5
    assert (traits.stage is Stage.REACHED) == (verdict in REACH_VERDICTS)
    if verdict in SIZE_VERDICTS:
        assert traits.stage is Stage.MEASURED
    if verdict in CONTENT_VERDICTS:
        assert traits.stage >= Stage.LOOKED_AT
    # A host is only to blame for what happens on the way to it.
    assert verdict in REACH_VERDICTS or Mark.HOST not in traits.marks


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_seen_by_some_run(verdict: Verdict) -> None:
    assert any(verdict not in depth.unseen for depth in Depth)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_known_finding_is_settled_by_a_sound_image(verdict: Verdict) -> None:
    assert is_settled_by(verdict, Verdict.OK)
    assert is_settled_by(verdict, verdict) or Mark.HOST in TRAITS[verdict].marks


def test_a_probe_says_nothing_of_what_only_the_whole_file_shows() -> None:
    assert {Verdict.TRUNCATED, Verdict.PLACEHOLDER, Breach.TOO_HEAVY} <= Depth.PROBE.unseen
    assert Depth.FULL.unseen == {Verdict.NOT_CACHED}
    assert Depth.OFFLINE.unseen == (REACH_VERDICTS | CONTENT_VERDICTS) - {Verdict.REPLACED}


def test_marks_are_of_these_verdicts() -> None:
    passing = {Verdict.RATE_LIMITED, Verdict.TIMEOUT, Verdict.SERVER_ERROR}
    assert marked(Mark.PASSING) == passing
    assert marked(Mark.UNLISTED) == {Verdict.OK, Verdict.NOT_CHECKED, Verdict.LOCAL_ERROR}


@pytest.mark.parametrize("found", [*Verdict, *Breach])
def test_each_verdict_and_breach_is_decided_somewhere(found: Verdict | Breach) -> None:
    house = Path(imgcache.__file__).parent
    tables = {house / "core" / "verdicts" / "traits.py", house / "model.py"}
    texts = house / "core" / "verdicts" / "texts"
    name = f"{type(found).__name__}.{found.name}"
    deciding = (one for one in house.rglob("*.py") if one not in tables and texts != one.parent)
    assert any(re.search(rf"\b{name}\b", one.read_text()) for one in deciding), (
        f"nobody says {name}"
    )
