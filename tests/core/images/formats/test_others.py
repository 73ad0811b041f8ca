"""What only a GIF, WebP, AVIF, BMP or icon can have."""

from __future__ import annotations

import struct

import pytest

from imgcache.core.images.formats import avif, bmp, gif, ico, jxl, webp
from imgcache.model import Verdict
from tests.support import pictures


def test_a_gif_is_as_large_as_its_first_frame_reaches() -> None:
    data = bytearray(pictures.gif(40, 30))
    struct.pack_into("<HH", data, 6, 20, 20)
    assert gif.walk(bytes(data)).size == (40, 30)


def test_gif_frames_are_counted_and_walked() -> None:
    data = pictures.gif(frames=5)
    assert gif.walk(data).frames == 5
    assert gif.walk(data[:-1] + b"\x99;").flaw is Verdict.CORRUPT


def test_a_gif_without_a_frame_is_corrupt() -> None:
    assert gif.walk(b"GIF89a\1\0\1\0\0\0\0;").flaw is Verdict.CORRUPT


def test_a_webp_is_shown_as_it_lies_whatever_its_exif_says() -> None:
    assert webp.walk(pictures.webp(40, 30, orientation=6)).size == (40, 30)


def test_webp_frames_are_counted() -> None:
    assert webp.walk(pictures.webp(32, 32, frames=4)).frames == 4


def test_a_webp_with_bytes_behind_its_end_is_sound() -> None:
    assert webp.walk(pictures.webp() + b"more").flaw is None


def test_a_webp_without_a_picture_is_corrupt() -> None:
    empty = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 10
    assert webp.walk(empty).flaw is Verdict.CORRUPT


@pytest.mark.parametrize("orientation", pictures.ORIENTATIONS)
def test_turns_and_mirrors_of_an_avif_are_an_orientation(orientation: int) -> None:
    structure = avif.walk(pictures.avif(40, 30, orientation=orientation))
    assert structure.orientation == orientation
    assert structure.size == ((30, 40) if orientation > 4 else (40, 30))


def test_an_avif_sequence_has_frames() -> None:
    assert avif.walk(pictures.avif(40, 30, frames=3)).frames == 3


def test_an_avif_whose_data_lies_behind_its_end_is_truncated() -> None:
    data = pictures.avif()
    assert avif.walk(data[:-5]).flaw is Verdict.TRUNCATED


def test_a_bmp_may_stand_on_its_head() -> None:
    data = bytearray(pictures.bmp(20, 10))
    struct.pack_into("<i", data, 22, -10)
    assert bmp.walk(bytes(data)).size == (20, 10)


def test_a_bmp_that_wraps_another_format_is_not_shown() -> None:
    data = bytearray(pictures.bmp())
    struct.pack_into("<I", data, 30, 4)
    assert bmp.walk(bytes(data)).flaw is Verdict.UNSUPPORTED_FORMAT


def test_the_largest_entry_of_an_icon_is_picked_then_the_deepest() -> None:
    data = pictures.ico(16, 48, 32)
    assert ico.walk(data).size == (48, 48)
    alone = ico.only(data)
    assert (alone[4:6], ico.walk(alone).size) == (b"\1\0", (48, 48))
    entries = [(16, 4, 100), (16, 32, 200), (16, 8, 300)]
    directory = b"".join(
        struct.pack("<BBBBHHII", side, side, 0, 0, 1, depth, 0, start)
        for side, depth, start in entries
    )
    assert ico.entries(struct.pack("<HHH", 0, 1, 3) + directory)[0].start == 200


def test_nought_in_an_icon_directory_is_256_even_where_the_picture_is_smaller() -> None:
    data = bytearray(pictures.ico(16, bitmap="bmp"))
    data[6:8] = b"\0\0"
    structure = ico.walk(bytes(data))
    assert (structure.size, structure.flaw) == ((256, 256), Verdict.CORRUPT)
    assert structure.detail.startswith("its directory says 256 x 256 and its picture 16 x 16")


def test_an_icon_that_points_at_its_own_directory_is_corrupt() -> None:
    data = bytearray(pictures.ico(16))
    struct.pack_into("<I", data, 18, 0)
    assert ico.walk(bytes(data)).flaw is Verdict.CORRUPT


def test_a_jpeg_xl_is_sized_in_a_box_too() -> None:
    boxed = jxl.CONTAINER + struct.pack(">I", 8 + len(pictures.JPEG_XL)) + b"jxlc"
    assert jxl.walk(boxed + pictures.JPEG_XL).size == (32, 32)
