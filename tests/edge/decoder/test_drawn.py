"""Icons, palettes and tiny pictures: thumbnails of their size show each pixel as it is."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageChops

from imgcache.config import ThumbnailSettings
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels
from imgcache.edge.decoder.thumbnails import Made
from tests.support import pictures

LIMITS = Limits(pixels=10**8, frames=1000, scans=100)


def made(data: bytes, **settings: Any) -> Made:
    examined = examine(data, Label(), LIMITS)
    _, (one,) = pixels.decode(data, examined, [Recipe.of("t", ThumbnailSettings(**settings))])
    return one


def checkerboard(side: int, mode: str = "RGB") -> Image.Image:
    """Red and blue pixels, which a lossy encoder turns purple."""
    board = Image.new("RGB", (side, side), pictures.RED)
    for y in range(side):
        for x in range(y % 2, side, 2):
            board.putpixel((x, y), pictures.BLUE)
    return board.quantize(2) if mode == "P" else board.convert(mode)


def difference(data: bytes, image_format: str, **settings: Any) -> int:
    """The largest difference between a source and its thumbnail, of 255."""
    thumbnail = made(data, format=image_format, **settings)
    got, want = (
        pictures.opened(one).convert("RGBA").convert("RGBa") for one in (thumbnail.data, data)
    )
    return max(ImageChops.difference(got, want).tobytes())


DRAWN = {
    "4 px": pictures.saved(checkerboard(4), "PNG"),
    "64 px": pictures.saved(checkerboard(64), "PNG"),
    "64 px and alpha": pictures.saved(pictures.half_transparent(checkerboard(64)), "PNG"),
    "an icon": pictures.saved(checkerboard(128, "RGBA"), "ICO", sizes=[(128, 128)]),
    "a palette": pictures.saved(checkerboard(200, "P"), "PNG"),
    "two greys": pictures.saved(checkerboard(200).convert("1"), "PNG"),
    "a GIF": pictures.saved(checkerboard(200, "P"), "GIF"),
    "a BMP with a palette": pictures.saved(checkerboard(200, "P"), "BMP"),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    ("image_format", "most"), [("webp", 0), ("png", 0), ("avif", 4), ("jpeg", 4)]
)
def test_small_and_drawn_pictures_that_are_not_reduced_are_not_smeared(
    name: str, image_format: str, most: int
) -> None:
    assert difference(DRAWN[name], image_format) <= most


def test_a_photograph_that_is_not_reduced_stays_small() -> None:
    source = pictures.png(160, 120)
    thumbnail = made(source)
    assert len(thumbnail.data) * 3 < len(source)
    assert b"VP8 " in thumbnail.data
    assert difference(source, "webp") > 0


def test_a_picture_that_is_reduced_is_lossy() -> None:
    assert b"VP8 " in made(DRAWN["64 px"], width=63).data
