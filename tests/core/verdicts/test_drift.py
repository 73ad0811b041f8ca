"""Whether a URL shows another picture than before: kept is a history, what it means follows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.config import DriftSettings
from imgcache.core.images import dhash
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.drift import Replaced, history, replaced
from imgcache.core.verdicts.messages import message
from imgcache.core.verdicts.verdict import Evidence
from imgcache.facts import Earlier, UrlFacts
from imgcache.model import Declared, Failure, Severity, Size, Verdict
from tests.support.facts import NOON, image_of

DAY = 86_400.0
USUAL = DriftSettings()
URL = "https://example.org/a.jpg"


def hash_of(bits: int) -> str:
    """A hash that differs from that of 0 in so many bits."""
    return f"{(1 << bits) - 1:016x}"


OLD = replace(image_of(b"old"), dhash=hash_of(0))
NEW = replace(image_of(b"new"), dhash=hash_of(40))
KNOWN = UrlFacts(URL, NOON, OLD.sha256)
WAS = (Earlier(OLD.sha256, OLD.dhash, NOON),)
SEEN = Replaced(NOON, NOON + 7 * DAY, OLD)
WELL = Declared(640, 480)


@pytest.mark.parametrize(("bits", "is_another"), [(0, False), (18, False), (19, True), (64, True)])
def test_up_to_the_distance_it_is_the_same_picture(bits: int, *, is_another: bool) -> None:
    assert (replaced(WAS, hash_of(bits), USUAL, NOON, {}) is not None) is is_another


@pytest.mark.parametrize(("later", "told"), [(0.0, True), (7 * DAY - 1, True), (7 * DAY, False)])
def test_it_is_told_for_as_long_as_is_set(later: float, *, told: bool) -> None:
    found = replaced(WAS, NEW.dhash, USUAL, NOON + later, {OLD.sha256: OLD})
    assert found == (SEEN if told else None)


def test_other_bytes_are_noted_and_the_same_are_not() -> None:
    assert history(KNOWN, OLD, NEW.sha256, NOON) == WAS
    assert history(KNOWN, OLD, OLD.sha256, NOON) == ()
    assert history(None, None, NEW.sha256, NOON) == ()
    assert history(KNOWN, replace(OLD, dhash=""), NEW.sha256, NOON) == ()


def test_a_host_that_recompresses_its_pictures_hides_nothing() -> None:
    known, copy = replace(KNOWN, copy=NEW.sha256, earlier=WAS), NEW
    for day in range(1, 6):
        found = replace(image_of(b"%d" % day), dhash=hash_of(40 + day))
        known = replace(known, earlier=history(known, copy, found.sha256, NOON + day * DAY))
        copy = found
        told = replaced(known.earlier, copy.dhash, USUAL, NOON + day * DAY, {})
        assert told == replace(SEEN, before=None)
    assert replaced(known.earlier, copy.dhash, USUAL, NOON + 7 * DAY, {}) is None


def test_nor_does_one_that_recompresses_them_at_every_answer() -> None:
    known, copy = replace(KNOWN, copy=NEW.sha256, earlier=WAS), NEW
    for hour in range(1, 7 * 24):
        now, found = (
            NOON + hour * 3600,
            replace(image_of(b"%d" % hour), dhash=hash_of(40 + hour % 3)),
        )
        known = replace(known, earlier=history(known, copy, found.sha256, now))
        copy = found
        told = replaced(known.earlier, copy.dhash, USUAL, now, {})
        assert told == replace(SEEN, before=None)


def test_a_history_does_not_grow_for_ever() -> None:
    known, copy = KNOWN, OLD
    for number in range(30):
        found = replace(image_of(b"%d" % number), dhash=hash_of(number))
        known = replace(known, earlier=history(known, copy, found.sha256, NOON + number))
        copy = found
    assert [one.replaced_at for one in known.earlier] == [NOON + at for at in range(29, 21, -1)]


@given(st.lists(st.integers(0, 64), max_size=8), st.integers(0, 64), st.integers(0, 64))
def test_the_last_change_that_is_one_is_told(bits: list[int], now: int, most: int) -> None:
    earlier = [Earlier(str(at), hash_of(one), NOON - at) for at, one in enumerate(bits)]
    found = replaced(earlier, hash_of(now), DriftSettings(distance=most), NOON, {})
    hashes = [hash_of(now), *(one.dhash for one in earlier)]
    steps = [dhash.distance(*pair) > most for pair in pairwise(hashes)]
    assert (found.since if found else None) == (NOON - steps.index(True) if any(steps) else None)


def test_it_is_said_only_of_what_is_well_otherwise() -> None:
    def judged(declared: Declared, evidence: Evidence) -> Verdict:
        ruling = verdict.judge(declared, evidence)
        assert ruling.flag is (ruling.verdict in (Verdict.REPLACED, Verdict.GONE))
        return ruling.verdict

    evidence = Evidence(copy=NEW, replaced=SEEN)
    gone = replace(evidence, failure=Failure(Verdict.GONE, "the server answered 404"))
    stand_in = replace(evidence, placeholder=True)
    assert judged(WELL, evidence) is Verdict.REPLACED
    assert judged(WELL, gone) is Verdict.GONE
    assert judged(WELL, stand_in) is Verdict.PLACEHOLDER
    assert judged(Declared(640, 479), evidence) is Verdict.DIMENSIONS_SCALED


def test_the_flag_follows_the_size_of_the_new_picture() -> None:
    evidence = Evidence(copy=replace(NEW, size=Size(30, 10)), replaced=SEEN)
    assert verdict.judge(WELL, evidence).flag is False
    assert verdict.judge(Declared(), evidence).flag is True


def test_the_message_says_since_when() -> None:
    evidence = Evidence(copy=NEW, replaced=SEEN)
    told = message(Verdict.REPLACED, Severity.WARNING, WELL, evidence)
    assert told is not None
    assert told.startswith("the URL shows another picture than before since 2025-11-23 12:00 UTC; ")
