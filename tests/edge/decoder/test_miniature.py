"""What is told of a whole picture, out of the decode that makes its thumbnails."""

from __future__ import annotations

import base64
from random import Random

import pytest
from PIL import Image, ImageOps, ImageStat

from imgcache.config import ThumbnailSettings
from imgcache.core.images import dhash, placeholder
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels
from imgcache.edge.decoder.miniature import Miniature
from tests.support import pictures

LIMITS = Limits(pixels=10**8, frames=1000, scans=100)
SMALL = ThumbnailSettings()
# Two hashes of one picture, made by other ways through the same pixels.
NEAR = 4


def seen(data: bytes, *thumbnails: ThumbnailSettings) -> Miniature:
    recipes = [Recipe.of("t", how) for how in thumbnails]
    told, _ = pixels.decode(data, examine(data, Label(), LIMITS), recipes)
    assert placeholder.is_placeholder(told.placeholder)
    assert dhash.is_dhash(told.dhash)
    return told


def shown(told: Miniature) -> Image.Image:
    """The placeholder's picture."""
    return pictures.opened(base64.b64decode(told.placeholder.partition(",")[2]))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pictures.jpeg(), False),
        (pictures.png(), False),
        (pictures.png(alpha=True), True),
        (pictures.saved(pictures.photo().convert("RGBA"), "PNG"), False),
        (pictures.saved(pictures.half_transparent(pictures.photo()), "WEBP"), True),
    ],
)
def test_transparency_is_told_where_it_is_used(data: bytes, *, told: bool) -> None:
    assert seen(data, SMALL).alpha is told
    assert seen(data).alpha is told


def test_one_transparent_pixel_of_many_is_told() -> None:
    image = pictures.photo(1600, 1200).convert("RGBA")
    image.putpixel((801, 601), (0, 0, 0, 254))
    assert seen(pictures.saved(image, "PNG"), SMALL).alpha


@pytest.mark.parametrize(
    ("size", "small"), [((640, 480), (16, 12)), ((9, 5), (9, 5)), ((1, 900), (1, 16))]
)
def test_a_placeholder_is_small_and_has_the_shape(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert shown(seen(pictures.saved(pictures.photo(*size), "PNG"), SMALL)).size == small


def test_a_placeholder_shows_the_picture_upright() -> None:
    image = Image.new("RGB", (400, 200), "blue")
    image.paste("red", (0, 0, 200, 200))
    turned = shown(seen(pictures.saved(image, "JPEG", exif=pictures.exif(6)), SMALL))
    assert turned.size == (8, 16)
    red, _, blue = turned.convert("RGB").split()
    for band, above in ((red, True), (blue, False)):
        first, last = band.crop((0, 0, 8, 5)), band.crop((0, 11, 8, 16))
        assert (ImageStat.Stat(first).mean > ImageStat.Stat(last).mean) is above


def test_the_worst_of_noise_still_fits() -> None:
    noise = Image.frombytes("RGBA", (16, 16), Random(1).randbytes(1024))
    assert max(shown(seen(pictures.saved(noise, "PNG"), SMALL)).size) >= 8


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_hash_is_that_of_the_upright_picture(orientation: int) -> None:
    data = pictures.jpeg(400, 300, seed=5, quality=95, orientation=orientation)
    upright = ImageOps.exif_transpose(pictures.opened(data))
    straight = seen(pictures.saved(upright, "PNG"), SMALL)
    assert dhash.distance(seen(data, SMALL).dhash, straight.dhash) <= NEAR


@pytest.mark.parametrize(
    "thumbnails",
    [
        (),
        (ThumbnailSettings(width=8, height=8),),
        (ThumbnailSettings(width=50, height=50, fit="cover"),),
        (ThumbnailSettings(width=1200, height=1200), ThumbnailSettings(width=20, height=20)),
    ],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_the_thumbnails_hardly_change_the_hash(
    thumbnails: tuple[ThumbnailSettings, ...], image_format: str
) -> None:
    data = pictures.saved(pictures.photo(1500, 1000, seed=3), image_format)
    usual, other = seen(data, SMALL), seen(data, *thumbnails)
    assert dhash.distance(usual.dhash, other.dhash) <= NEAR
    assert shown(other).size == shown(usual).size


@pytest.mark.parametrize("ink", ["black", "white"])
def test_a_drawing_on_nothing_has_a_hash_in_black_and_in_white(ink: str) -> None:
    image = Image.new("RGBA", (200, 200))
    image.paste(ink, (50, 20, 90, 160))
    nothing = seen(pictures.saved(Image.new("RGBA", (200, 200)), "PNG"))
    assert dhash.distance(seen(pictures.saved(image, "PNG")).dhash, nothing.dhash) > NEAR
