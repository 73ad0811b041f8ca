from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config_rules import SeveritySettings
from imgcache.core.verdicts.verdict import (
    Evidence,
    Measured,
    Served,
    judge,
    placeholders,
    severity,
    size_verdict,
)
from imgcache.facts import ImageFacts
from imgcache.model import Declared, Failure, Format, Severity, Size, Source, Verdict

GONE = Failure(Verdict.GONE, "the server answered 404", 404)
sizes = st.integers(min_value=1, max_value=20_000)


def image(width: int, height: int, sha256: str = "ab" * 32) -> ImageFacts:
    return ImageFacts(sha256, Format.JPEG, Size(width, height), 1000, "#808080")


@pytest.mark.parametrize(
    ("width", "height", "tolerance", "expected"),
    [
        (1600, 1035, 0, Verdict.OK),
        (1601, 1035, 0, Verdict.DIMENSIONS_SCALED),
        (1601, 1034, 1, Verdict.OK),
        (1035, 1600, 0, Verdict.DIMENSIONS_SWAPPED),
        (1034, 1600, 1, Verdict.DIMENSIONS_SWAPPED),
        (800, 517, 0, Verdict.DIMENSIONS_SCALED),
        (800, 600, 0, Verdict.DIMENSIONS_MISMATCH),
        (None, 1035, 0, Verdict.DIMENSIONS_MISSING),
        (1, None, 0, Verdict.DIMENSIONS_MISSING),
        (None, None, 0, Verdict.DIMENSIONS_MISSING),
    ],
)
def test_a_declared_size_is_compared_in_the_order_of_the_contract(
    width: int | None, height: int | None, tolerance: int, expected: Verdict
) -> None:
    assert size_verdict(Declared(width, height), Size(1600, 1035), tolerance) is expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (1010, Verdict.DIMENSIONS_SCALED),
        (1011, Verdict.DIMENSIONS_MISMATCH),
        (990, Verdict.DIMENSIONS_SCALED),
        (989, Verdict.DIMENSIONS_MISMATCH),
    ],
)
def test_aspect_ratios_agree_within_one_percent_and_no_more(width: int, expected: Verdict) -> None:
    assert size_verdict(Declared(width, 1000), Size(500, 500)) is expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Declared(unnamed=("width", "height", "cached")), Verdict.OK),
        (Declared(1600, unnamed=("height",)), Verdict.OK),
        (Declared(1602, unnamed=("height",)), Verdict.DIMENSIONS_SCALED),
        (Declared(unnamed=("height",)), Verdict.DIMENSIONS_MISSING),
        (Declared(height=1036, unnamed=("width",)), Verdict.OK),
        (Declared(height=1600, unnamed=("width",)), Verdict.DIMENSIONS_SCALED),
        (Declared(unnamed=("cached",)), Verdict.DIMENSIONS_MISSING),
    ],
)
def test_a_side_that_an_entry_can_not_have_is_not_missed(
    declared: Declared, expected: Verdict
) -> None:
    assert size_verdict(declared, Size(1600, 1035), tolerance=1) is expected


@pytest.mark.parametrize("evidence", [Evidence(failure=GONE), Evidence(copy=image(3, 2))])
def test_where_no_flag_can_stand_none_follows(evidence: Evidence) -> None:
    sizeless = Declared(unnamed=("width", "height", "cached"))
    assert judge(sizeless, evidence).flag is None
    assert judge(Declared(3, 2), evidence).flag is not None


@given(sizes, sizes)
def test_the_true_size_is_always_ok(width: int, height: int) -> None:
    assert size_verdict(Declared(width, height), Size(width, height)) is Verdict.OK


def test_nothing_known_leaves_the_flag_as_it_stood() -> None:
    judgement = judge(Declared(1, 1, cached=True), Evidence())
    assert (judgement.verdict, judgement.flag) == (Verdict.NOT_CHECKED, None)


def test_a_failure_without_a_copy_clears_the_flag() -> None:
    judgement = judge(Declared(10, 10), Evidence(failure=GONE))
    assert (judgement.verdict, judgement.flag, judgement.held) == (Verdict.GONE, False, False)


@pytest.mark.parametrize(
    ("declared", "verdict", "flag"),
    [
        (Declared(30, 20), Verdict.GONE, True),
        (Declared(30, None), Verdict.GONE, True),
        (Declared(99, 20), Verdict.DIMENSIONS_MISMATCH, False),
    ],
)
def test_a_kept_copy_stands_in_unless_its_size_is_wrong(
    declared: Declared, verdict: Verdict, flag: bool
) -> None:
    evidence = Evidence(failure=GONE, copy=image(30, 20), source=Source.STALE)
    judgement = judge(declared, evidence)
    assert (judgement.verdict, judgement.flag, judgement.held) == (verdict, flag, True)


def test_this_machines_fault_is_never_hidden_behind_a_wrong_size() -> None:
    fault = Failure(Verdict.LOCAL_ERROR, "disk full")
    judgement = judge(Declared(99, 20), Evidence(failure=fault, copy=image(30, 20)))
    assert (judgement.verdict, judgement.flag) == (Verdict.LOCAL_ERROR, False)


def test_a_missing_size_still_counts_as_cached() -> None:
    judgement = judge(Declared(None, 20), Evidence(copy=image(30, 20)))
    assert (judgement.verdict, judgement.flag) == (Verdict.DIMENSIONS_MISSING, True)


def test_on_mismatch_keep_keeps_the_flag_of_a_wrong_size() -> None:
    evidence = Evidence(copy=image(30, 20))
    assert judge(Declared(99, 20), evidence).flag is False
    assert judge(Declared(99, 20), evidence, 0, "keep").flag is True


def test_what_is_measured_in_place_is_never_cached() -> None:
    measured = Measured(Size(30, 20), Format.PNG, 99)
    judgement = judge(Declared(30, 20, cached=True), Evidence(measured=measured))
    assert (judgement.verdict, judgement.flag) == (Verdict.OK, False)


@pytest.mark.parametrize(
    ("declared", "verdict"),
    [
        (Declared(1, 1), Verdict.OK),
        (Declared(2, 1), Verdict.PLACEHOLDER),
        (Declared(None, 300), Verdict.PLACEHOLDER),
        (Declared(None, None), Verdict.DIMENSIONS_MISSING),
    ],
)
def test_a_single_pixel_is_a_placeholder_where_more_is_declared(
    declared: Declared, verdict: Verdict
) -> None:
    judgement = judge(declared, Evidence(copy=image(1, 1)))
    assert judgement.verdict is verdict
    assert judgement.flag is (verdict is not Verdict.PLACEHOLDER)
    assert judgement.held is (verdict is not Verdict.PLACEHOLDER)


def served(path: str, declared: Size | None, host: str = "a.test", sha: str = "1") -> Served:
    return Served(f"https://{host}{path}", host, path, sha, Size(100, 100), (declared,))


WRONG = Size(640, 480)


def test_the_same_bytes_for_three_paths_of_a_host_are_a_placeholder() -> None:
    three = [served(f"/{number}", WRONG) for number in range(3)]
    assert placeholders(three) == {one.url for one in three}


@pytest.mark.parametrize("declared", [None, Size(100, 100), WRONG])
def test_every_url_of_that_host_with_these_bytes_is_one(declared: Size | None) -> None:
    three = [served(f"/{number}", WRONG) for number in range(3)]
    fourth, other = served("/3", declared), served("/3", declared, host="b.test")
    assert placeholders([*three, fourth, other]) == {one.url for one in (*three, fourth)}


@pytest.mark.parametrize(
    "third",
    [
        served("/1", WRONG),
        served("/2", WRONG, host="b.test"),
        served("/2", WRONG, sha="2"),
        served("/2", None),
        served("/2", Size(100, 100)),
    ],
    ids=["same path", "another host", "other bytes", "declares none", "declares it right"],
)
def test_two_urls_and_another_one_are_no_placeholder(third: Served) -> None:
    assert placeholders([served("/0", WRONG), served("/1", WRONG), third]) == frozenset()


def test_a_url_declared_right_by_one_of_its_entries_is_no_placeholder() -> None:
    mixed = Served("u", "a.test", "/2", "1", Size(100, 100), (WRONG, Size(100, 100)))
    assert placeholders([served("/0", WRONG), served("/1", WRONG), mixed]) == frozenset()


NONE = SeveritySettings()


@pytest.mark.parametrize(
    ("verdict", "held", "expected"),
    [
        (Verdict.OK, False, None),
        (Verdict.DIMENSIONS_MISSING, False, Severity.WARNING),
        (Verdict.NOT_CHECKED, False, Severity.WARNING),
        (Verdict.DIMENSIONS_MISMATCH, True, Severity.ERROR),
        (Verdict.GONE, False, Severity.ERROR),
        (Verdict.GONE, True, Severity.WARNING),
        (Verdict.CORRUPT, True, Severity.WARNING),
        (Verdict.LOCAL_ERROR, True, Severity.ERROR),
    ],
)
def test_severity_without_settings(verdict: Verdict, held: bool, expected: Severity | None) -> None:
    assert severity(verdict, ["https://a.test/"], held=held, settings=NONE) is expected


def test_the_most_specific_setting_wins() -> None:
    settings = SeveritySettings.model_validate(
        {
            "timeout": "warning",
            "transient": "ignore",
            "urls": [{"match": "https://a.test/*", "severity": "error"}],
        }
    )

    def weigh(verdict: Verdict, url: str) -> Severity | None:
        return severity(verdict, [url], held=False, settings=settings)

    assert weigh(Verdict.TIMEOUT, "https://a.test/x") is Severity.ERROR
    assert weigh(Verdict.TIMEOUT, "https://b.test/x") is Severity.WARNING
    assert weigh(Verdict.SERVER_ERROR, "https://b.test/x") is Severity.IGNORE
    assert weigh(Verdict.GONE, "https://b.test/x") is Severity.ERROR


def test_strict_comes_last_and_leaves_ignored_ones_alone() -> None:
    settings = SeveritySettings.model_validate({"gone": "ignore"})
    for verdict, expected in (
        (Verdict.GONE, Severity.IGNORE),
        (Verdict.NOT_CHECKED, Severity.ERROR),
    ):
        assert severity(verdict, ["u"], held=False, settings=settings, strict=True) is expected


def test_every_verdict_has_its_own_code() -> None:
    codes = [verdict.code for verdict in Verdict if verdict is not Verdict.OK]
    assert Verdict.OK.code is None
    assert len(set(codes)) == len(codes)
    assert (Verdict.DIMENSIONS_MISSING.code, Verdict.UNSUPPORTED_URL.code) == ("IMG101", "IMG213")
    assert (Verdict.PLACEHOLDER.code, Verdict.LOCAL_ERROR.code) == ("IMG308", "IMG403")
