"""The rules of sites: each is kept at its limit, and broken one step beyond it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config_rules import RuleSettings
from imgcache.core.verdicts.verdict import Measured
from imgcache.core.verdicts.wishes import Place, broken
from imgcache.model import Breach, Format, Severity, Size

HERE = Place(("https://a.test/hero/1.jpg",), "blog/a.md", "cover", ("alt",))


def rule(**wishes: Any) -> RuleSettings:
    return RuleSettings.model_validate({"name": "hero", **wishes})


def image(
    width: int = 1200,
    height: int = 630,
    length: int | None = 300_000,
    *,
    fmt: Format = Format.JPEG,
    has_position: bool | None = False,
) -> Measured:
    return Measured(Size(width, height), fmt, length, has_position=has_position)


def found(one: RuleSettings, seen: Measured, place: Place = HERE) -> list[Breach]:
    return [breach.breach for breach in broken([one], place, seen)]


@pytest.mark.parametrize(
    ("wishes", "kept", "breaking", "breach"),
    [
        ({"max_bytes": "300 kB"}, image(), image(length=300_001), Breach.TOO_HEAVY),
        (
            {"max_bytes": "8MiB"},
            image(length=8 << 20),
            image(6000, 4000, 23_800_000),
            Breach.TOO_HEAVY,
        ),
        (
            {"max_bytes_per_pixel": 0.5},
            image(length=378_000),
            image(length=378_001),
            Breach.TOO_HEAVY,
        ),
        ({"min_width": 1200}, image(), image(1199, 630), Breach.TOO_SMALL),
        ({"min_height": 630}, image(), image(1200, 629), Breach.TOO_SMALL),
        ({"max_width": 1200}, image(), image(1201, 630), Breach.TOO_BIG),
        # Ten times as large as it is shown.
        ({"max_width": 400}, image(400, 300), image(4000, 3000), Breach.TOO_BIG),
        ({"max_height": 630}, image(), image(1200, 631), Breach.TOO_BIG),
        ({"max_pixels": 756_000}, image(), image(1200, 631), Breach.TOO_BIG),
        ({"aspect": "1.91:1"}, image(), image(1200, 800), Breach.WRONG_SHAPE),
        ({"aspect": "16:9"}, image(1616, 900), image(1617, 900), Breach.WRONG_SHAPE),
        ({"aspect": "16:9"}, image(1584, 900), image(1583, 900), Breach.WRONG_SHAPE),
        ({"aspect": "1:1..2:1"}, image(2020, 1000), image(2021, 1000), Breach.WRONG_SHAPE),
        ({"aspect": "1:1..2:1"}, image(990, 1000), image(989, 1000), Breach.WRONG_SHAPE),
        (
            {"aspect": "1:1", "aspect_tolerance": 0},
            image(100, 100),
            image(101, 100),
            Breach.WRONG_SHAPE,
        ),
        (
            {"aspect": "1:1", "aspect_tolerance": "5 %"},
            image(105, 100),
            image(106, 100),
            Breach.WRONG_SHAPE,
        ),
        ({"formats": ["jpeg", "webp"]}, image(), image(fmt=Format.AVIF), Breach.WRONG_FORMAT),
        ({"forbid": ["position"]}, image(), image(has_position=True), Breach.HAS_POSITION),
    ],
)
def test_a_rule_is_kept_at_its_limit_and_broken_beyond(
    wishes: dict[str, Any], kept: Measured, breaking: Measured, breach: Breach
) -> None:
    assert found(rule(**wishes), kept) == []
    assert found(rule(**wishes), breaking) == [breach]


def test_required_keys_must_be_filled() -> None:
    both = Place((), filled=("credit", "alt"))
    assert found(rule(require=["alt", "credit"]), image(), both) == []
    (one,) = broken([rule(require=["alt", "credit"])], HERE, image())
    assert one.message == "`credit` is missing or empty; write what is missing into the entry"
    (two,) = broken([rule(require=["alt", "credit"])], Place((), filled=()), image())
    assert (
        two.message
        == "`alt` and `credit` are missing or empty; write what is missing into the entry"
    )


def test_what_is_not_known_breaks_no_rule() -> None:
    wishes = rule(max_bytes=1, max_bytes_per_pixel=0.1, forbid=["position"], require=["alt"])
    assert found(wishes, image(length=None, has_position=None), Place(())) == []


@pytest.mark.parametrize(
    ("narrowing", "is_for"),
    [
        ({}, True),
        ({"match": "*/hero/*"}, True),
        ({"match": "*/teaser/*"}, False),
        ({"articles": "blog/"}, True),
        ({"articles": "blog/*.md"}, True),
        ({"articles": "*.md"}, True),
        ({"articles": "blog"}, False),
        ({"articles": "docs/*"}, False),
        ({"at": "cover"}, True),
        ({"at": "**.images[]"}, False),
        ({"match": "*/hero/*", "articles": "docs/*"}, False),
    ],
)
def test_a_rule_can_be_narrowed(narrowing: dict[str, str], *, is_for: bool) -> None:
    assert bool(found(rule(max_width=1, **narrowing), image())) is is_for


def test_rules_about_articles_are_not_for_a_text_in_no_file() -> None:
    assert found(rule(max_width=1, articles="*"), image(), Place(())) == []


def test_one_rule_can_be_broken_in_several_ways_and_several_by_one_image() -> None:
    heavy = rule(max_bytes=1, max_width=1, aspect="1:1")
    small = RuleSettings(name="small", min_width=2000, severity=Severity.WARNING)
    assert [(one.rule, one.breach) for one in broken([small, heavy], HERE, image())] == [
        ("small", Breach.TOO_SMALL),
        ("hero", Breach.TOO_HEAVY),
        ("hero", Breach.TOO_BIG),
        ("hero", Breach.WRONG_SHAPE),
    ]


@pytest.mark.parametrize(
    ("severity", "strict", "weight"),
    [
        ("error", False, "error"),
        ("warning", False, "warning"),
        ("warning", True, "error"),
        ("ignore", True, "ignore"),
    ],
)
def test_a_rule_weighs_what_it_says(severity: str, weight: str, *, strict: bool) -> None:
    (one,) = broken([rule(max_width=1, severity=severity)], HERE, image(), strict=strict)
    assert one.severity is Severity(weight)


@pytest.mark.parametrize(
    ("wishes", "seen", "message"),
    [
        (
            {"max_bytes": 300_000, "max_bytes_per_pixel": 0.5},
            image(length=412_345),
            (
                "it has 412,345 bytes, and the site wants at most 300,000 and at most 378,000 of "
                "this size (0.5 a pixel); compress it more, or scale it"
            ),
        ),
        (
            {"min_width": 1200, "min_height": 630},
            image(800, 400),
            (
                "it is 800 x 400, and the site wants at least 1200 wide and at least 630 high; "
                "use a larger original"
            ),
        ),
        (
            {"max_pixels": 1_000_000},
            image(4000, 3000),
            "it is 4000 x 3000, and the site wants at most 1,000,000 pixels; scale it down",
        ),
        (
            {"aspect": "1.91:1"},
            image(1200, 800),
            "it is 1200 x 800, which is 1.5:1, and the site wants 1.91:1; crop it",
        ),
        (
            {"formats": ["jpeg", "webp", "avif"]},
            image(fmt=Format.GIF),
            "its format is gif, and the site wants jpeg, webp or avif; save it as that",
        ),
    ],
)
def test_messages_say_what_is_wrong_and_what_to_do(
    wishes: dict[str, Any], seen: Measured, message: str
) -> None:
    assert [one.message for one in broken([rule(**wishes)], HERE, seen)] == [message]


@given(st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 1 << 40), st.sampled_from(Format))
def test_any_image_can_be_held_against_every_rule(
    width: int, height: int, length: int, fmt: Format
) -> None:
    every = rule(
        max_bytes=1000,
        max_bytes_per_pixel=1,
        min_width=10,
        min_height=10,
        max_width=4000,
        max_height=4000,
        max_pixels=10**7,
        aspect="1:1..2:1",
        formats=["jpeg"],
        require=["credit"],
        forbid=["position"],
    )
    seen = broken([every], HERE, image(width, height, length, fmt=fmt, has_position=True))
    codes = [one.breach.code for one in seen]
    assert codes == sorted(set(codes))
    assert all("; " in one.message for one in seen)
