"""What only a PNG can have wrong."""

from __future__ import annotations

import zlib

import pytest

from imgcache.core.images.formats import png
from imgcache.model import Verdict
from tests.dialects import png_chunks
from tests.support import colours, pictures
from tests.support.colours import iccp, trns
from tests.support.pictures import chunk


def test_a_wrong_checksum_matters_in_chunks_that_carry_pixels_only() -> None:
    data = pictures.png()
    at = data.index(b"IDAT") + 20
    damaged = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
    assert png.walk(damaged).flaw is Verdict.CORRUPT
    harmless = pictures.with_chunk(data, chunk(b"tEXt", b"a\0b")[:-1] + b"?")
    assert png.walk(harmless).flaw is None


def test_text_and_private_chunks_never_reach_the_decoder() -> None:
    data = pictures.with_chunk(
        pictures.png(), chunk(b"tEXt", b"a\0b"), chunk(b"eXIf", b"II*\0"), chunk(b"prVt")
    )
    assert png.walk(data).decodable(data) == pictures.png()


def test_a_profile_that_inflates_beyond_reason_is_left_out() -> None:
    small = chunk(b"iCCP", b"p\0\0" + zlib.compress(b"x" * 1000))
    bomb = chunk(b"iCCP", b"p\0\0" + zlib.compress(b"x" * (8 << 20)))
    for extra, stays in ((small, True), (bomb, False)):
        data = pictures.with_chunk(pictures.png(), extra)
        assert (b"iCCP" in png.walk(data).decodable(data)) is stays


def test_an_orientation_in_a_png_is_applied_as_in_browsers() -> None:
    data = pictures.saved(pictures.photo(), "PNG", exif=pictures.exif(6))
    assert b"eXIf" in data
    structure = png.walk(data)
    assert (structure.size, structure.orientation) == ((120, 160), 6)


def test_missing_frames_of_an_animation_are_truncated() -> None:
    data = pictures.apng(frames=3)
    assert png.walk(data).frames == 3
    last = data.rindex(b"fcTL") - 4
    assert png.walk(data[:last] + data[-12:]).flaw is Verdict.TRUNCATED


@pytest.mark.parametrize(("depth", "colour"), [(16, 3), (3, 0), (8, 1), (1, 2)])
def test_pixels_that_png_does_not_have_are_corrupt(depth: int, colour: int) -> None:
    data = pictures.raw_png(4, 4, rows=b"\0" * 200, depth=depth, colour=colour)
    assert png.walk(data).flaw is Verdict.CORRUPT


def test_a_header_that_promises_more_than_deflate_can_hold_is_corrupt() -> None:
    assert png.walk(pictures.png_bomb(7000, 7000)).flaw is Verdict.CORRUPT


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("missing", "lacks"), [(0, False), (1, True)])
def test_a_missing_byte_of_pixels_is_noticed(
    *, interlaced: bool, missing: int, lacks: bool
) -> None:
    # 5 x 5 grey pixels: 5 rows of 6 bytes, or 11 rows in seven passes (one is empty at this size).
    length = (25 + 11 if interlaced else 30) - missing
    data = pictures.raw_png(5, 5, rows=b"\0" * length, interlaced=interlaced)
    assert png.lacks_pixels(data) is lacks


KEY, OTHER_KEY = trns(255, 0, 0), trns(0, 255, 0)
PALETTE = colours.palette(256)
PROFILE, OTHER_PROFILE = iccp(colours.P3_PROFILE), iccp(colours.PROPHOTO_PROFILE)
PLAIN, INDEXED = colours.png(), colours.png(depth=8, colour=3)


@pytest.mark.parametrize(
    ("data", "kept", "left_out"),
    [
        (png_chunks.behind(PLAIN, KEY), b"", KEY),
        (png_chunks.before(PLAIN, KEY, OTHER_KEY), KEY, OTHER_KEY),
        (png_chunks.before(PLAIN, trns(0), OTHER_KEY), OTHER_KEY, trns(0)),
        (png_chunks.before(INDEXED, trns(1), PALETTE, trns(2)), PALETTE + trns(2), trns(1)),
        (png_chunks.behind(PLAIN, PROFILE), b"", PROFILE),
        (png_chunks.before(PLAIN, PROFILE, OTHER_PROFILE), PROFILE, OTHER_PROFILE),
        (png_chunks.before(PLAIN, chunk(b"iCCP", b"p\0\0"), PROFILE), b"", PROFILE),
        (png_chunks.behind(PLAIN, PALETTE), b"", PALETTE),
        (png_chunks.between(PLAIN, chunk(b"tIME")), b"", PLAIN[-60:-16]),
    ],
)
def test_a_decoder_gets_the_chunks_that_browsers_heed(
    data: bytes, kept: bytes, left_out: bytes
) -> None:
    given = png.walk(data).decodable(data)
    assert kept in given
    assert left_out not in given


def test_frames_that_are_not_announced_are_not_looked_at() -> None:
    name = "a frame control of 27 bytes behind the last frame"
    structure = png.walk(png_chunks.PNG_CHUNKS[name].data)
    assert (structure.flaw, structure.frames) == (None, 2)
