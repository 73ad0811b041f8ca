"""Thumbnails have the colours and the transparency that Chromium paints for their sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from imgcache.core.images.icc import ColorSpace, grey_profile, rgb_profile
from tests.browser.painting import MEAN, MOST, assert_alike, painted, thumbnail
from tests.support import colours, pictures
from tests.support.colours import chrm, code_points, gama, iccp, palette, png, trns
from tests.support.pictures import chunk


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """One page for all of them: each only draws on a canvas of its own."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


SRGB_CHUNK = chunk(b"sRGB", b"\0")
GREY_PROFILE = grey_profile(colours.power(1.8))
ADOBE_PROFILE = rgb_profile(ColorSpace(colours.ADOBE, colours.power(2.2)))
JUNK = b"junk" * 50

PNG_COLOURS = {
    "gamma as good as sRGB's": (gama(45000),),
    "gamma alone": (gama(55556),),
    "linear": (gama(100_000),),
    "dark gamma": (gama(30_000),),
    "no gamma": (gama(0),),
    "gamma and sRGB's primaries": (gama(45455), chrm(colours.SRGB)),
    "gamma and P3": (gama(45455), chrm(colours.P3)),
    "gamma and Adobe RGB": (gama(45470), chrm(colours.ADOBE)),
    "gamma and ProPhoto": (gama(55556), chrm(colours.PROPHOTO)),
    "primaries alone": (chrm(colours.P3),),
    "primaries that are none": (gama(50_000), chunk(b"cHRM", bytes(32))),
    "sRGB before gamma": (gama(100_000), SRGB_CHUNK),
    "P3 by code points": (code_points(12, 13),),
    "DCI-P3": (code_points(11, 17),),
    "BT.709": (code_points(1, 1),),
    "BT.601": (code_points(6, 6),),
    "BT.2020": (code_points(9, 14),),
    "PAL": (code_points(5, 5),),
    "NTSC": (code_points(4, 4),),
    "SMPTE 240M": (code_points(7, 7),),
    "film, linear": (code_points(8, 8),),
    "EBU": (code_points(22, 13),),
    "unknown code points": (code_points(2, 2),),
    "reserved code points": (code_points(77, 13), gama(55556)),
    "code points before a profile": (code_points(1, 13), iccp(colours.PROPHOTO_PROFILE)),
    "a profile before sRGB": (SRGB_CHUNK, iccp(colours.PROPHOTO_PROFILE)),
    "a profile that is none before gamma": (iccp(JUNK), gama(100_000)),
    "the first of two": (gama(100_000), gama(45455)),
    "a wrong checksum": (gama(100_000)[:-4] + bytes(4),),
    "a wrong length": (chunk(b"gAMA", bytes(5)),),
    "Adobe RGB": (iccp(ADOBE_PROFILE),),
    "P3": (iccp(colours.P3_PROFILE),),
    "a grey profile for colours": (iccp(GREY_PROFILE), gama(100_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", PNG_COLOURS)
def test_a_png_tells_its_colours_in_many_ways(page: Page, name: str) -> None:
    data = png(*PNG_COLOURS[name])
    assert_alike(thumbnail(data), painted(page, data))


@pytest.mark.parametrize("colour", [0, 4, 6])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    "extra", [iccp(GREY_PROFILE), iccp(colours.PROPHOTO_PROFILE), gama(70_000), b""]
)
def test_grey_alpha_and_16_bits_take_part(
    page: Page, colour: int, depth: int, extra: bytes
) -> None:
    data = png(extra, depth=depth, colour=colour)
    assert_alike(thumbnail(data), painted(page, data))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("key", [0, 1, 3, 15, 255, 256, 257, 65535])
def test_the_transparent_grey_is_the_one_that_was_meant(page: Page, depth: int, key: int) -> None:
    data = png(trns(key), depth=depth, colour=0)
    assert_alike(thumbnail(data), painted(page, data))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("neighbour", [0, 1])
def test_the_transparent_colour_is_one_and_not_its_neighbours(
    page: Page, depth: int, neighbour: int
) -> None:
    pixel = 3 * depth // 8
    rows = [b"\0" + Random(row).randbytes(16 * pixel) for row in range(16)]
    sample = rows[3][1 + 3 * pixel :][:pixel]
    key = [int.from_bytes(sample[at : at + depth // 8]) for at in range(0, pixel, depth // 8)]
    key[2] ^= neighbour
    extra = [trns(*key)]
    data = pictures.raw_png(16, 16, rows=b"".join(rows), depth=depth, colour=2, extra=extra)
    want = painted(page, data)
    assert bool(want[3, 3, 3]) == bool(neighbour)
    assert_alike(thumbnail(data), want)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("share", [1, 0.7])
def test_palettes_with_alpha_and_too_few_colours(page: Page, depth: int, share: float) -> None:
    colors = max(1, int(share * 2**depth))
    alphas = chunk(b"tRNS", bytes(range(0, 200, 200 // colors + 1))[:colors])
    data = png(palette(colors), alphas, depth=depth, colour=3)
    assert_alike(thumbnail(data), painted(page, data))


@dataclass(frozen=True)
class Case:
    data: bytes
    mean: float = MEAN
    most: float = MOST


PROPHOTO, P3, PRESS = colours.PROPHOTO_PROFILE, colours.P3_PROFILE, colours.press_profile()
OTHERS = {
    "CMYK without a profile": Case(colours.cmyk()),
    "CMYK with an RGB profile": Case(colours.cmyk(PROPHOTO)),
    "CMYK with its profile": Case(colours.cmyk(PRESS, black=False), mean=1.5),
    "JPEG, ProPhoto": Case(
        pictures.saved(colours.large(), "JPEG", quality=100, subsampling=0, icc_profile=PROPHOTO)
    ),
    "grey JPEG, grey profile": Case(
        pictures.saved(colours.large("L"), "JPEG", quality=100, icc_profile=GREY_PROFILE)
    ),
    "grey JPEG, RGB profile": Case(
        pictures.saved(colours.large("L"), "JPEG", quality=100, icc_profile=PROPHOTO)
    ),
    "WebP, P3": Case(pictures.saved(colours.large(), "WEBP", lossless=True, icc_profile=P3)),
    "WebP, ProPhoto and alpha": Case(
        pictures.saved(colours.large("RGBA"), "WEBP", lossless=True, icc_profile=PROPHOTO)
    ),
    "BMP, ProPhoto": Case(colours.bmp_with_profile(PROPHOTO)),
    "AVIF, P3": Case(colours.avif(12, 13)),
    "AVIF, television's curve": Case(colours.avif(12, 1)),
    "AVIF, nothing specified": Case(colours.avif(2, 2)),
    "AVIF, BT.2020": Case(colours.avif(9, 14)),
    "AVIF, NTSC": Case(colours.avif(4, 4)),
    "AVIF, linear": Case(colours.avif(1, 8)),
    "AVIF, a profile before code points": Case(colours.avif(1, 8, PROPHOTO)),
    "GIF, a small first frame": Case(colours.small_gif()),
    "WebP, a small first frame": Case(colours.small_webp()),
    "APNG, a small first frame": Case(colours.small_apng()),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_look_as_in_the_browser(page: Page, name: str) -> None:
    case = OTHERS[name]
    assert_alike(thumbnail(case.data), painted(page, case.data), case.mean, case.most)


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_greys_of_high_dynamic_range_are_those_of_a_screen_without_any(
    page: Page, transfer: int
) -> None:
    ramp = b"".join(bytes((value,) * 3) for value in range(256))
    data = pictures.raw_png(256, 1, rows=b"\0" + ramp, colour=2, extra=[code_points(9, transfer)])
    assert_alike(thumbnail(data), painted(page, data), mean=1.5, most=6)


@pytest.mark.parametrize("profile", [None, P3, PROPHOTO, PRESS], ids=["sRGB", "P3", "Pro", "CMYK"])
def test_a_photograph_is_as_the_browser_paints_it_and_small(
    page: Page, profile: bytes | None
) -> None:
    photo = pictures.photo(900, 600)
    if profile is PRESS:  # no black, for Chromium folds it into the other inks
        bands = photo.point(lambda value: 255 - value).split()
        photo = Image.merge("CMYK", (*bands, Image.new("L", photo.size)))
    data = pictures.saved(photo, "JPEG", quality=95, subsampling=0, icc_profile=profile)
    full = painted(page, data)
    reference = [
        Image.fromarray(np.ascontiguousarray(full[..., band])).resize(
            (320, 213), Image.Resampling.LANCZOS
        )
        for band in range(4)
    ]
    want = np.clip(np.stack([np.asarray(band) for band in reference], -1), 0, 255)
    assert_alike(thumbnail(data), want, mean=2.2 if profile is PRESS else 1.5, most=20)
