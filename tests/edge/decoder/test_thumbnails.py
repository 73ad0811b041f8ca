"""Thumbnails: upright, in sRGB, with clean edges, and without a word about their maker."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps

from imgcache.config import ThumbnailSettings
from imgcache.core.images.examine import Examined, examine
from imgcache.core.images.formats.structure import oriented
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels
from imgcache.edge.decoder.miniature import Miniature
from imgcache.edge.decoder.thumbnails import Made
from imgcache.model import Size
from tests.support import colours, pictures

LIMITS = Limits(pixels=10**8, frames=1000, scans=100)


def recipe(name: str = "t", **settings: Any) -> Recipe:
    return Recipe.of(name, ThumbnailSettings(**settings))


def thumbnails(data: bytes, *recipes: Recipe) -> tuple[Miniature, list[Made]]:
    examined: Examined = examine(data, Label(), LIMITS)
    assert examined.structure.flaw is None
    return pixels.decode(data, examined, recipes)


def thumbnail(data: bytes, **settings: Any) -> Image.Image:
    settings.setdefault("format", "png")
    _, (made,) = thumbnails(data, recipe(**settings))
    image = pictures.opened(made.data)
    assert image.size == made.size
    return image


def quarters(orientation: int, image_format: str = "JPEG") -> bytes:
    """Red, green, blue and white quarters that stand upright once the orientation is applied."""
    upright = Image.new("RGB", (96, 64), pictures.WHITE)
    for place, colour in zip(
        ((0, 0), (48, 0), (0, 32)), (pictures.RED, pictures.GREEN, pictures.BLUE), strict=True
    ):
        upright.paste(colour, (*place, place[0] + 48, place[1] + 32))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    return pictures.saved(stored, image_format, exif=pictures.exif(orientation), quality=95)


def near(pixel: Any, colour: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("image_format", ["JPEG", "AVIF"])
@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
def test_every_orientation_comes_out_upright(orientation: int, image_format: str) -> None:
    image = thumbnail(quarters(orientation, image_format), width=48, height=48).convert("RGB")
    assert image.size == (48, 32)
    corners = [image.getpixel(at) for at in ((12, 8), (36, 8), (12, 24), (36, 24))]
    colours = [pictures.RED, pictures.GREEN, pictures.BLUE, pictures.WHITE]
    assert all(near(got, want) for got, want in zip(corners, colours, strict=True)), corners


def test_cover_takes_the_middle_of_the_upright_picture() -> None:
    image = thumbnail(quarters(6), width=20, height=20, fit="cover").convert("RGB")
    assert image.size == (20, 20)
    assert near(image.getpixel((3, 3)), pictures.RED)


@pytest.mark.parametrize("image_format", ["webp", "jpeg", "avif", "png"])
def test_no_metadata_is_carried_over(image_format: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = pictures.saved(
        pictures.photo(),
        "JPEG",
        exif=pictures.exif(6, dpi=300),
        icc_profile=profile,
        comment=b"secret",
        xmp=b"<x:xmpmeta/>",
        dpi=(300, 300),
    )
    _, (made,) = thumbnails(source, recipe(format=image_format))
    info = pictures.opened(made.data).info
    assert not {"exif", "icc_profile", "comment", "xmp", "dpi"} & set(info)
    assert not any(word in made.data for word in (b"secret", b"xmpmeta", b"Exif", b"ICC"))


@pytest.mark.parametrize(
    ("image_format", "suffix"),
    [("webp", "webp"), ("jpeg", "jpg"), ("avif", "avif"), ("png", "png")],
)
def test_each_format_is_written_under_its_suffix(image_format: str, suffix: str) -> None:
    _, (made,) = thumbnails(pictures.jpeg(), recipe(format=image_format, width=40))
    assert made.suffix == suffix
    image = pictures.opened(made.data)
    assert (image.format, image.size) == (image_format.upper(), (40, 30))


def test_transparency_is_kept_and_becomes_webp_where_jpeg_was_asked_for() -> None:
    _, (made,) = thumbnails(pictures.png(alpha=True), recipe(format="jpeg", width=40))
    image = pictures.opened(made.data).convert("RGBA")
    assert made.suffix == "webp"
    left, right = image.getpixel((5, 15)), image.getpixel((35, 15))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[3], right[3]) == (0, 255)


def test_an_alpha_channel_without_transparency_stays_a_jpeg() -> None:
    data = pictures.saved(pictures.photo().convert("RGBA"), "PNG")
    _, (made,) = thumbnails(data, recipe(format="jpeg"))
    assert made.suffix == "jpg"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_invisible_colours_leave_no_fringe_at_an_edge(mode: str) -> None:
    """Black under full transparency beside opaque white must not make the white edge grey."""
    image = Image.new("LA", (90, 90), (255, 255))
    image.paste((0, 0), (0, 0, 44, 90))
    if mode == "P":
        flat = Image.new("P", (90, 90), 1)
        flat.putpalette([0, 0, 0, 255, 255, 255])
        flat.paste(0, (0, 0, 44, 90))
        data = pictures.saved(flat, "PNG", transparency=0)
    else:
        data = pictures.saved(image.convert(mode), "PNG")
    small = thumbnail(data, width=20).convert("RGBA")
    visible = [pixel[:3] for pixel in _pixels(small) if pixel[3] > 8]
    assert visible
    assert all(near(pixel, pictures.WHITE, 8) for pixel in visible)


def _pixels(image: Image.Image) -> list[tuple[int, ...]]:
    data = image.tobytes()
    return [tuple(data[i : i + 4]) for i in range(0, len(data), 4)]


def test_sixteen_bits_become_an_even_ramp() -> None:
    ramp = thumbnail(pictures.grey_png_16(1024, 8), width=256, height=8).convert("L")
    row = ramp.tobytes()[:256]
    assert list(row) == sorted(row)
    assert row[0] == 0
    assert row[-1] >= 254
    assert len(set(row)) > 200


def test_a_profile_is_converted_to_srgb() -> None:
    wide = _swapped_profile()
    data = pictures.saved(Image.new("RGB", (40, 40), (200, 40, 40)), "PNG", icc_profile=wide)
    got = thumbnail(data).convert("RGB").getpixel((20, 20))
    assert not near(got, (200, 40, 40), 4)


def test_a_profile_that_makes_no_sense_is_ignored() -> None:
    data = pictures.saved(
        Image.new("RGB", (40, 40), (200, 40, 40)), "PNG", icc_profile=b"junk" * 50
    )
    assert near(thumbnail(data).convert("RGB").getpixel((20, 20)), (200, 40, 40), 2)


def _swapped_profile() -> bytes:
    """A display profile whose red and blue primaries are exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_four_colours_become_the_right_three() -> None:
    data = pictures.saved(
        Image.new("RGB", (40, 40), (200, 40, 40)).convert("CMYK"), "JPEG", quality=95
    )
    assert near(thumbnail(data, format="jpeg").getpixel((20, 20)), (200, 40, 40))


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (pictures.RED, pictures.BLUE)]
    for image_format in ("GIF", "WEBP", "PNG", "AVIF"):
        data = pictures.saved(
            frames[0], image_format, save_all=True, append_images=frames[1:], duration=50
        )
        assert near(thumbnail(data).convert("RGB").getpixel((9, 9)), pictures.RED), image_format


def test_the_default_image_of_an_animated_png_is_not_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (pictures.RED, pictures.BLUE)]
    data = pictures.saved(
        pictures.photo(20, 20),
        "PNG",
        save_all=True,
        append_images=frames,
        default_image=True,
        duration=50,
    )
    assert near(thumbnail(data).convert("RGB").getpixel((9, 9)), pictures.RED)


# libjpeg knows no more than 65,500 pixels a side.
EXTREMES = [(3000, 2), (2, 3000), (1, 1), (1500, 1), (65_500, 1), (1, 65_500)]


@pytest.mark.parametrize(
    ("size", "image_format"),
    [*((size, "JPEG") for size in EXTREMES), ((65_535, 1), "PNG"), ((1, 65_535), "PNG")],
)
def test_extreme_shapes_keep_at_least_one_pixel(size: tuple[int, int], image_format: str) -> None:
    source = pictures.saved(Image.new("RGB", size, pictures.RED), image_format)
    for fit in ("inside", "cover"):
        image = thumbnail(source, width=320, height=320, fit=fit).convert("RGB")
        assert 1 <= min(image.size) <= min(size)
        assert max(image.size) <= min(320, max(size))
        assert near(image.getpixel((0, 0)), pictures.RED)


def test_several_thumbnails_come_in_their_order_and_of_one_decode() -> None:
    told, made = thumbnails(
        pictures.jpeg(800, 600),
        recipe("tiny", width=20),
        recipe("large", width=400),
        recipe("square", width=50, height=50, fit="cover"),
    )
    assert [(one.name, one.size) for one in made] == [
        ("tiny", (20, 15)),
        ("large", (400, 300)),
        ("square", (50, 50)),
    ]
    assert told.color.startswith("#")


@pytest.mark.parametrize("recipes", [(), (recipe(),), (recipe(width=8, height=8, fit="cover"),)])
def test_the_colour_is_the_average_of_what_is_visible(recipes: tuple[Recipe, ...]) -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (0, 0, 32, 64))
    told, _ = thumbnails(pictures.saved(image, "PNG"), *recipes)
    assert told.color == "#ff0000"


@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
def test_a_scaled_decode_looks_like_a_full_one(orientation: int) -> None:
    """The DCT scaling that saves time must not be seen, nor move anything by part of a pixel."""
    blocks = Image.frombytes("L", (50, 32), Random(3).randbytes(50 * 32))
    sharp = blocks.resize((1603, 1035), Image.Resampling.NEAREST)
    data = pictures.saved(sharp, "JPEG", quality=90, exif=pictures.exif(orientation))
    fast = thumbnail(data)
    full = ImageOps.exif_transpose(pictures.opened(data)).resize(
        fast.size, Image.Resampling.BICUBIC
    )
    differences = [abs(a - b) for a, b in zip(fast.tobytes(), full.tobytes(), strict=True)]
    assert sum(differences) / len(differences) < 1.5


def test_the_colours_of_a_source_become_srgb_wherever_they_are_told() -> None:
    light = (188, 188, 188)  # half of the light, stored as 128
    half = pictures.raw_png(1, 1, rows=b"\0\x80\x80\x80", colour=2, extra=[colours.gama(100_000)])
    assert near(thumbnail(half).convert("RGB").getpixel((0, 0)), light, 1)
    grey = pictures.raw_png(
        1, 1, rows=b"\0\x80\0", depth=16, colour=0, extra=[colours.gama(100_000)]
    )
    assert near(thumbnail(grey).convert("RGB").getpixel((0, 0)), light, 1)
    red = colours.chart().point(lambda _: 0).copy()
    red.paste((200, 0, 0), (0, 0, 16, 16))
    wide = pictures.saved(red, "WEBP", lossless=True, icc_profile=colours.P3_PROFILE)
    assert near(thumbnail(wide).convert("RGB").getpixel((0, 0)), (218, 0, 0), 2)


def test_grey_stays_grey_with_alpha_or_without() -> None:
    for mode in ("L", "LA"):
        image = thumbnail(pictures.saved(colours.large(mode), "PNG"), width=40)
        assert image.mode == mode


def test_a_density_changes_the_size_and_not_the_pixels() -> None:
    data = pictures.saved(
        pictures.photo(160, 120), "JPEG", exif=pictures.exif(6, dpi=144, pixels=(80, 60))
    )
    structure = examine(data, Label(), LIMITS).structure
    assert structure.size == (60, 80)
    assert oriented(Size(160, 120), 6) == (120, 160)
    assert thumbnail(data).size == (120, 160)
