"""Colours through profiles; tests/browser holds them against Chromium."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms

from imgcache.core.images.icc import ColorSpace, grey_profile, rgb_profile
from imgcache.edge.decoder import srgb
from tests.support import colours

LINEAR = rgb_profile(ColorSpace(colours.SRGB, colours.power(1.0)))


def named(profile: bytes) -> bytes:
    """The same profile, with the word sRGB in it."""
    longer = profile + b"sRGB"
    return len(longer).to_bytes(4) + longer[4:]


def test_a_profile_is_judged_by_what_it_does_and_not_by_its_name() -> None:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    chart = colours.chart()
    assert srgb.converted(chart, usual) is chart
    assert srgb.converted(chart, named(LINEAR)).tobytes() != chart.tobytes()


def test_half_of_the_light_is_188() -> None:
    half = Image.new("RGB", (2, 2), (128, 128, 128))
    assert srgb.converted(half, LINEAR).getpixel((0, 0)) == (188, 188, 188)
    assert srgb.converted(half.convert("L"), LINEAR).getpixel((0, 0)) == (188, 188, 188)
    grey = srgb.converted(half.convert("L"), grey_profile(colours.power(1.0)))
    assert (grey.mode, grey.getpixel((0, 0))) == ("L", 188)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "RGBA"])
def test_a_profile_for_other_pixels_is_ignored(mode: str) -> None:
    pixels = colours.chart(mode)
    pixels = pixels.convert("RGBa") if mode == "RGBA" else pixels
    wrong = LINEAR if mode == "CMYK" else grey_profile(colours.power(1.0))
    assert srgb.converted(pixels, wrong).tobytes() == srgb.converted(pixels, None).tobytes()


def test_bytes_that_are_no_profile_change_nothing() -> None:
    chart = colours.chart()
    broken = colours.P3_PROFILE[:20] + bytes(len(colours.P3_PROFILE) - 20)
    assert srgb.converted(chart, broken) is chart


@pytest.mark.parametrize(("mode", "multiplied"), [("RGBA", "RGBa"), ("LA", "La")])
def test_alpha_stays_what_it_is(mode: str, multiplied: str) -> None:
    pixels = colours.chart(mode).convert(multiplied)
    moved = srgb.converted(pixels, LINEAR)
    assert moved.convert("RGBA").getchannel("A").tobytes() == pixels.getchannel("a").tobytes()
    assert moved.tobytes() != pixels.tobytes()


def test_the_inks_of_a_press_are_its_own() -> None:
    """Cyan is not (0, 255, 255) on paper, nor is black (0, 0, 0)."""
    inks = Image.new("CMYK", (1, 1), (255, 0, 0, 0))
    cyan = srgb.converted(inks, colours.press_profile()).getpixel((0, 0))
    assert isinstance(cyan, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(cyan, (0, 174, 239), strict=True)), cyan
    assert srgb.converted(inks, None).getpixel((0, 0)) == (0, 255, 255)
    black = Image.new("CMYK", (1, 1), (0, 0, 0, 255))
    paper = srgb.converted(black, colours.press_profile()).getpixel((0, 0))
    assert isinstance(paper, tuple)
    assert all(24 < value < 48 for value in paper), paper
