"""On photographs, a thumbnail is as good as a Lanczos filter over every pixel of the source."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image
from skimage.metrics import structural_similarity

from imgcache.config import ThumbnailSettings
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels, resampling, thumbnails
from tests.support import pictures

# All of them are in scikit-image's wheel. Textures and stars are the hardest.
PHOTOS = ["astronaut", "coffee", "cat", "rocket", "camera", "grass", "gravel", "hubble_deep_field"]
LEAST, LOST = 0.99, 0.0105
USUAL = 0.996
MADE_OF_OTHERS = 0.996
SOURCES: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 1},
}


# Whoever resamples: what is promised holds of both.
LIBRARIES = ["Pillow", "quick"] if resampling.is_quick else ["Pillow"]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "is_quick", request.param == "quick")


def photo(name: str, *, large: bool) -> Image.Image:
    """The photograph; four of it, mirrored, where it is to be large with details of a pixel."""
    one = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
    if not large:
        return one
    row = Image.new("RGB", (2 * one.width, one.height))
    row.paste(one)
    row.paste(one.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (one.width, 0))
    whole = Image.new("RGB", (row.width, 2 * row.height))
    whole.paste(row)
    whole.paste(row.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, row.height))
    return whole


def recipes(**settings: Any) -> list[Recipe]:
    return [
        Recipe.of(fmt, ThumbnailSettings(format=fmt, **settings)) for fmt in ("png", "webp", "jpeg")
    ]


def similarity(one: Image.Image, other: Image.Image) -> float:
    a, b = (np.asarray(image.convert("RGB"), np.float32) for image in (one, other))
    same = structural_similarity(a, b, channel_axis=2, data_range=255)  # type: ignore[no-untyped-call]
    return float(same)


def assert_good(data: bytes, wanted: list[Recipe]) -> None:
    """`wanted` is one size as png, which shows the pixels before they are encoded, webp, jpeg."""
    limits = Limits(pixels=10**8, frames=1000, scans=100)
    _, made = pixels.decode(data, examine(data, Label(), limits), wanted)
    whole = pictures.opened(data).convert("RGB")
    reference = whole.resize(made[0].size, Image.Resampling.LANCZOS)
    assert similarity(pictures.opened(made[0].data), reference) >= LEAST
    for recipe, ours in zip(wanted[1:], made[1:], strict=True):
        alike = thumbnails._encoded(recipe, reference.copy())
        best = similarity(pictures.opened(alike.data), reference)
        assert similarity(pictures.opened(ours.data), reference) >= best - LOST
        assert len(ours.data) < 1.05 * len(alike.data)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_loses_nothing_that_is_seen(name: str, source: str, *, large: bool) -> None:
    image = photo(name, large=large)
    image.info = {}
    assert_good(pictures.saved(image, source, **SOURCES[source]), recipes(width=320, height=320))


def views() -> Iterator[Image.Image]:
    """More than a hundred photographs: each whole and in parts, in the widths of news pages."""
    for name in PHOTOS:
        whole = photo(name, large=True)
        for part in (1.0, 0.8, 0.6):
            size = (int(part * whole.width), int(part * whole.height))
            view = whole.crop((0, 0, *size))
            for width in (1920, 1600, 1200, 1024, 800):
                yield view.resize((width, round(size[1] * width / size[0])))


def test_most_of_a_hundred_photographs_come_closer_than_the_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before they are encoded; whatever the ratio leaves to the filter after cheap reductions."""
    limits = Limits(pixels=10**8, frames=1000, scans=100)
    found: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    for view in views():
        data = pictures.saved(view, "JPEG", quality=90)
        examined = examine(data, Label(), limits)
        size = recipes(width=320, height=320)[:1]
        reference = None
        for library in LIBRARIES:
            monkeypatch.setattr(resampling, "is_quick", library == "quick")
            ours = pictures.opened(pixels.decode(data, examined, size)[1][0].data)
            if reference is None:
                whole = pictures.opened(data).convert("RGB")
                reference = whole.resize(ours.size, Image.Resampling.LANCZOS)
            found[library].append(similarity(ours, reference))
    for similarities in found.values():
        assert len(similarities) > 100
        assert min(similarities) >= LEAST
        assert median(similarities) >= USUAL


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("side", [380, 340, 285, 270, 200])
def test_no_ratio_is_a_bad_one(side: int) -> None:
    """Just above and below the ratios at which the decoder itself takes over."""
    data = pictures.saved(photo("coffee", large=True), "JPEG", quality=90)
    assert_good(data, recipes(width=side, height=side))


@pytest.mark.usefixtures("library")
def test_thumbnails_that_are_made_of_others_are_as_good() -> None:
    data = pictures.saved(photo("moon", large=False), "PNG")
    limits = Limits(pixels=10**8, frames=1000, scans=100)
    wanted = [recipes(width=side, height=side)[0] for side in (400, 320, 240, 200, 160)]
    _, made = pixels.decode(data, examine(data, Label(), limits), wanted)
    for one in made[1:]:
        reference = pictures.opened(data).resize(one.size, Image.Resampling.LANCZOS)
        assert similarity(pictures.opened(one.data), reference) >= MADE_OF_OTHERS
