"""What Pillow leaves out of a first frame; tests/browser holds the same against Chromium."""

from __future__ import annotations

import pytest
from PIL import Image

from imgcache.core.images.examine import Label, Limits, examine
from imgcache.edge.decoder import canvas
from imgcache.model import Format, Size
from tests.edge.decoder.test_thumbnails import thumbnail
from tests.support import colours, pictures
from tests.support.colours import palette, png, trns
from tests.support.pictures import chunk


def completed(data: bytes) -> Image.Image:
    fmt = examine(data, Label(), Limits(10**6, 1000, 100)).format
    assert fmt is not None
    return canvas.completed(pictures.opened(data), data, fmt)


@pytest.mark.parametrize("data", [colours.small_gif(), colours.small_webp(), colours.small_apng()])
def test_there_is_nothing_around_a_small_first_frame(data: bytes) -> None:
    alpha = thumbnail(data).convert("RGBA").getchannel("A")
    assert alpha.size == (16, 16)
    around = alpha.copy()
    around.paste(0, (4, 4, 12, 12))
    assert around.getbbox() is None
    assert alpha.getbbox() is not None


def test_a_frame_keeps_its_profile_on_its_canvas() -> None:
    frame = Image.new("RGB", (2, 2), pictures.RED)
    frame.info = {"icc_profile": b"profile", "transparency": 3}
    whole = canvas.placed(frame, (1, 1, 3, 3), Size(4, 4))
    assert whole.info == {"icc_profile": b"profile"}
    assert canvas.placed(frame, (0, 0, 2, 2), Size(2, 2)) is frame


@pytest.mark.parametrize(
    ("depth", "key", "transparent"),
    [(1, 1, [1]), (1, 2, []), (2, 3, [3]), (4, 5, [5]), (4, 17, []), (4, 257, [1]), (8, 257, [1])],
)
def test_a_transparent_grey_is_compared_before_it_is_scaled(
    depth: int, key: int, transparent: list[int]
) -> None:
    values = list(range(1 << depth)) if depth < 8 else list(range(16))
    width = max(len(values), 8)
    values = (values * 8)[:width]
    bits = "".join(f"{value:0{depth}b}" for value in values)
    row = int(bits, 2).to_bytes(width * depth // 8)
    data = pictures.raw_png(width, 1, rows=b"\0" + row, depth=depth, colour=0, extra=[trns(key)])
    alpha = completed(data).convert("RGBA").getchannel("A").tobytes()
    assert {value for value, seen in zip(values, alpha, strict=True) if not seen} == {*transparent}


@pytest.mark.parametrize("colour", [0, 2])
def test_in_16_bits_the_low_byte_counts_too(colour: int) -> None:
    samples = 3 if colour else 1
    key = (0x1234,) * samples
    row = b"".join(value.to_bytes(2) * samples for value in (0x1234, 0x1235, 0x1134, 0x3412))
    data = pictures.raw_png(4, 1, rows=b"\0" + row, depth=16, colour=colour, extra=[trns(*key)])
    seen = completed(data)
    assert seen.convert("RGBA").getchannel("A").tobytes() == b"\0\xff\xff\xff"
    assert seen.convert("L").tobytes() == b"\x12\x12\x11\x34"


def test_an_index_beyond_the_palette_is_its_last_colour() -> None:
    data = pictures.raw_png(
        4,
        1,
        rows=b"\0\0\1\2\xff",
        colour=3,
        extra=[chunk(b"PLTE", bytes((1, 2, 3, 4, 5, 6))), chunk(b"tRNS", b"\xff\x80")],
    )
    last = (4, 5, 6, 128)
    seen = completed(data).convert("RGBA")
    assert [seen.getpixel((x, 0)) for x in range(4)] == [(1, 2, 3, 255), last, last, last]


def test_a_whole_palette_stays_as_it_is() -> None:
    data = png(palette(256), depth=8, colour=3)
    assert (
        completed(data).convert("RGB").tobytes() == pictures.opened(data).convert("RGB").tobytes()
    )


def test_grey_with_alpha_in_16_bits_stays_grey() -> None:
    assert completed(png(depth=16, colour=4)).mode == "LA"
    image = pictures.opened(pictures.jpeg())
    assert canvas.completed(image, b"", Format.JPEG) is image
