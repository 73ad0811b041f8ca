"""The order in which a file's words on colour count; tests/browser holds them against Chromium."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images import colorspace, icc
from imgcache.model import Format
from tests.support import colours, pictures
from tests.support.colours import chrm, code_points, gama, iccp, png
from tests.support.pictures import chunk

EMBEDDED = colours.PROPHOTO_PROFILE
SRGB_CHUNK = chunk(b"sRGB", b"\0")


@pytest.mark.parametrize(
    ("extra", "embedded", "known"),
    [
        ((), None, None),
        ((gama(45455),), None, None),
        ((gama(0),), None, None),
        ((chrm(colours.P3),), None, None),
        ((SRGB_CHUNK, gama(100_000)), None, None),
        ((code_points(1, 13), iccp(EMBEDDED)), EMBEDDED, None),
        ((code_points(2, 2), iccp(EMBEDDED)), EMBEDDED, EMBEDDED),
        ((SRGB_CHUNK, iccp(EMBEDDED)), EMBEDDED, EMBEDDED),
        ((chunk(b"cICP", bytes((12, 13, 1, 1))),), None, None),
        ((gama(50_000), chunk(b"cHRM", bytes(32))), None, None),
        ((gama(50_000), chunk(b"cHRM", b"\0\0\0\1" * 8)), None, None),
    ],
)
def test_what_counts_in_a_png(
    extra: tuple[bytes, ...], embedded: bytes | None, known: bytes | None
) -> None:
    assert colorspace.profile(png(*extra), Format.PNG, embedded) == known


@pytest.mark.parametrize(
    ("extra", "colour", "channels"),
    [
        ((gama(100_000),), 2, b"RGB "),
        ((gama(100_000),), 0, b"GRAY"),
        ((gama(100_000), chrm(colours.P3)), 4, b"GRAY"),
        ((code_points(12, 13),), 6, b"RGB "),
        ((code_points(9, 16),), 0, b"GRAY"),
    ],
)
def test_a_profile_is_made_of_numbers(
    extra: tuple[bytes, ...], colour: int, channels: bytes
) -> None:
    made = colorspace.profile(png(*extra, colour=colour), Format.PNG, None)
    assert made is not None
    assert icc.is_profile(made)
    assert icc.color_channels(made) == channels


def test_chunks_behind_the_pixels_count_for_nothing() -> None:
    data = png()
    end = data.rindex(b"IEND") - 4
    late = data[:end] + gama(100_000) + data[end:]
    assert colorspace.profile(late, Format.PNG, None) is None


def test_an_avif_has_its_profile_before_its_code_points() -> None:
    assert colorspace.profile(colours.avif(12, 13), Format.AVIF, EMBEDDED) == EMBEDDED
    assert colorspace.profile(colours.avif(1, 13), Format.AVIF, None) is None
    assert colorspace.profile(colours.avif(2, 2), Format.AVIF, None) is None
    p3, television = (colorspace.profile(colours.avif(12, t), Format.AVIF, None) for t in (13, 1))
    assert p3 is not None
    assert p3 == television


def test_a_bitmap_has_one_behind_its_pixels() -> None:
    data = colours.bmp_with_profile(EMBEDDED)
    assert colorspace.profile(data, Format.BMP, None) == EMBEDDED
    assert colorspace.profile(data[:-1], Format.BMP, None) is None
    assert colorspace.profile(pictures.bmp(), Format.BMP, None) is None


def test_a_profile_that_is_none_counts_for_nothing() -> None:
    assert colorspace.profile(pictures.jpeg(), Format.JPEG, b"junk" * 50) is None
    assert colorspace.profile(pictures.jpeg(), Format.JPEG, "text") is None
    assert colorspace.profile(pictures.jpeg(), Format.JPEG, EMBEDDED) == EMBEDDED


@given(st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32), st.sampled_from([0, 2, 6]))
def test_no_number_is_too_strange(gamma: int, primaries: bytes, colour: int) -> None:
    data = png(gama(gamma), chunk(b"cHRM", primaries), colour=colour)
    made = colorspace.profile(data, Format.PNG, None)
    assert made is None or icc.is_profile(made)


@given(st.binary(max_size=60), st.sampled_from([Format.PNG, Format.AVIF, Format.BMP]))
def test_no_bytes_are_too_strange(tail: bytes, image_format: Format) -> None:
    heads = {Format.PNG: png()[:33], Format.AVIF: pictures.avif()[:40], Format.BMP: b"BM" * 80}
    data = heads[image_format] + tail
    made = colorspace.profile(data, image_format, None)
    assert made is None or icc.is_profile(made)
