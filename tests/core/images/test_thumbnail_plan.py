"""Geometry and fingerprint of thumbnails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import ThumbnailSettings
from imgcache.core.images import thumbnail_plan
from imgcache.core.images.thumbnail_plan import Recipe, fingerprint
from imgcache.model import Size

SIDES = st.integers(1, 20_000)


def made(source: tuple[int, int], **settings: Any) -> Size:
    return Recipe.of("t", ThumbnailSettings(**settings)).plan(Size(*source)).size


@pytest.mark.parametrize(
    ("source", "settings", "expected"),
    [
        ((1600, 1035), {}, (320, 207)),
        ((1035, 1600), {}, (207, 320)),
        ((200, 100), {}, (200, 100)),
        ((20_000, 10), {}, (320, 1)),
        ((1000, 500), {"width": 100}, (100, 50)),
        ((1000, 500), {"height": 100}, (200, 100)),
        ((1000, 500), {"width": 100, "height": 100, "fit": "cover"}, (100, 100)),
        ((200, 400), {"width": 320, "height": 320, "fit": "cover"}, (200, 200)),
        ((50, 50), {"width": 320, "height": 160, "fit": "cover"}, (50, 25)),
    ],
)
def test_a_thumbnail_fits_its_box_and_is_never_enlarged(
    source: tuple[int, int], settings: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert made(source, **settings) == expected


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(["inside", "cover"]))
def test_every_plan_stays_within_the_source_and_the_box(
    width: int, height: int, across: int, down: int, fit: str
) -> None:
    box = Recipe("t", across, down, fit, "webp", 80, 2)
    plan = box.plan(Size(width, height))
    left, top, right, bottom = plan.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert 1 <= plan.size.width <= min(width, across)
    assert 1 <= plan.size.height <= min(height, down)


def test_cover_takes_the_middle() -> None:
    box = Recipe("t", 100, 100, "cover", "webp", 80, 2).plan(Size(1000, 500)).box
    assert box == (250, 0, 750, 500)


@pytest.mark.parametrize(
    ("source", "drawn", "settings", "exact"),
    [
        ((64, 64), False, {}, True),
        ((65, 10), False, {}, False),
        ((320, 200), True, {}, True),
        ((320, 320), False, {}, False),
        ((321, 200), True, {}, False),
        ((64, 64), True, {"width": 63}, False),
        ((300, 64), False, {"width": 64, "height": 64, "fit": "cover"}, True),
    ],
)
def test_what_is_not_reduced_and_small_or_drawn_keeps_each_pixel(
    source: tuple[int, int], drawn: bool, settings: dict[str, Any], exact: bool
) -> None:
    plan = Recipe.of("t", ThumbnailSettings(**settings)).plan(Size(*source))
    assert plan.is_exact(drawn=drawn) is exact
    assert plan.transposed().is_exact(drawn=drawn) is exact


@pytest.mark.parametrize(
    "change",
    [
        {"width": 321},
        {"height": 200},
        {"fit": "cover"},
        {"format": "jpeg"},
        {"quality": 81},
        {"method": 3},
    ],
)
def test_each_setting_changes_the_fingerprint(change: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"width": 320, "height": 320}
    changed = ThumbnailSettings(**{**usual, **change})
    assert fingerprint(changed) != fingerprint(ThumbnailSettings(**usual))


def test_the_fingerprint_is_that_of_what_is_made() -> None:
    assert fingerprint(ThumbnailSettings()) == fingerprint(ThumbnailSettings(width=320, height=320))
    assert fingerprint(ThumbnailSettings()) == "v3-320x320-inside-webp-q80-m2"


def test_a_new_version_of_the_code_changes_the_fingerprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = fingerprint(ThumbnailSettings())
    monkeypatch.setattr(thumbnail_plan, "CODE_VERSION", thumbnail_plan.CODE_VERSION + 1)
    assert fingerprint(ThumbnailSettings()) != before


def test_webp_takes_the_place_of_jpeg_where_there_is_transparency() -> None:
    jpeg = Recipe.of("t", ThumbnailSettings(format="jpeg"))
    assert (jpeg.format_for(alpha=True), jpeg.format_for(alpha=False)) == ("webp", "jpeg")


def test_a_recipe_survives_its_way_through_json() -> None:
    sent = Recipe.of("t", ThumbnailSettings(width=10, format="avif"))
    assert Recipe.parse(sent.fields()) == sent
