"""What only a JPEG can have wrong."""

from __future__ import annotations

import pytest

from imgcache.core.images.formats import jpeg
from imgcache.model import Verdict
from tests.support import pictures


def with_frame_byte(offset: int, value: int) -> bytes:
    """A JPEG with another byte in its frame header; 1 is the marker's second byte."""
    data = bytearray(pictures.jpeg())
    data[data.index(b"\xff\xc0") + offset] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(1, 0xC3), (1, 0xC9), (1, 0xCA), (1, 0xC5), (4, 12)],
    ids=["lossless", "arithmetic", "arithmetic progressive", "hierarchical", "12 bits"],
)
def test_kinds_that_browsers_do_not_decode_are_told_with_their_size(
    offset: int, value: int
) -> None:
    structure = jpeg.walk(with_frame_byte(offset, value))
    assert (structure.flaw, structure.size) == (Verdict.UNSUPPORTED_FORMAT, (160, 120))


def test_a_frame_without_a_height_is_corrupt() -> None:
    assert jpeg.walk(pictures.forged_jpeg(160, 0)).flaw is Verdict.CORRUPT


def test_missing_restart_markers_are_noticed() -> None:
    whole = pictures.saved(pictures.photo(), "JPEG", restart_marker_blocks=4)
    assert jpeg.walk(whole).flaw is None
    assert jpeg.walk(pictures.forged_jpeg(160, 152, whole)).flaw is Verdict.CORRUPT


def test_only_the_first_picture_of_a_file_is_walked() -> None:
    structure = jpeg.walk(pictures.mpo())
    assert structure.size == (160, 120)
    assert structure.decodable(pictures.mpo()) == jpeg.walk(pictures.jpeg()).decodable(
        pictures.jpeg()
    )


def test_scans_are_counted() -> None:
    assert jpeg.walk(pictures.jpeg()).scans == 1
    assert jpeg.walk(pictures.many_scans_jpeg(42)).scans == 42


def test_metadata_is_left_out_for_the_decoder_and_colour_is_not() -> None:
    source = pictures.saved(
        pictures.photo().convert("CMYK"), "JPEG", comment=b"hello", exif=pictures.exif(6),
        icc_profile=b"profile",
    )  # fmt: skip
    kept = jpeg.walk(source).decodable(source)
    assert not any(word in kept for word in (b"hello", b"Exif"))
    assert all(word in kept for word in (b"Adobe", b"ICC_PROFILE"))


def test_fill_bytes_before_a_marker_are_passed_over() -> None:
    data = pictures.jpeg()
    at = data.index(b"\xff\xc0")
    assert jpeg.walk(data[:at] + b"\xff\xff\xff" + data[at:]).size == (160, 120)


@pytest.mark.parametrize(
    ("dpi", "pixels", "expected"),
    [
        (144, (80, 60), (80, 60)),
        (72, (160, 120), (160, 120)),
        (144, (81, 60), (160, 120)),
        (144, None, (160, 120)),
        (None, (80, 60), (160, 120)),
        (96, (120, 90), (120, 90)),
    ],
)
def test_a_density_counts_where_the_file_is_of_one_mind(
    dpi: int | None, pixels: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    block = pictures.exif(1, dpi=dpi, pixels=pixels)
    assert jpeg.walk(pictures.saved(pictures.photo(), "JPEG", exif=block)).size == expected


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    block = pictures.exif(orientation)
    assert jpeg.walk(pictures.saved(pictures.photo(), "JPEG", exif=block)).orientation == 1
