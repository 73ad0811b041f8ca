"""What Pillow leaves out of a first frame; tests/browser holds the same against Chromium."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from imgcache.core.images.examine import examine
from imgcache.core.images.formats import webp
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.edge.decoder import canvas
from imgcache.model import Format, Size
from tests.dialects import bmps, webps
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


@pytest.mark.parametrize(
    ("header", "compression", "masks", "pixel", "alpha"),
    [
        (bmps.V5, bmps.BITFIELDS, (0x7C00, 0x3E0, 0x1F, 0x8000), b"\x1f\x80", 255),
        (bmps.V5, bmps.BITFIELDS, (0x7C00, 0x3E0, 0x1F, 0x8000), b"\x1f\x00", 0),
        (bmps.V3, bmps.BITFIELDS, (0xF800, 0x7E0, 0x1F, 0x0600), b"\x1f\0", 0),
        (bmps.V4, bmps.RAW, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), b"\xff\0\0\x40", 64),
        (bmps.V4, bmps.RAW, (0xFF0000, 0xFF00, 0xFF, 0xC0000000), b"\xff\0\0\x40", 64),
    ],
)
@pytest.mark.parametrize("height", [2, -2])
def test_a_bitmap_keeps_its_alpha(
    header: int, compression: int, masks: tuple[int, ...], pixel: bytes, alpha: int, height: int
) -> None:
    depth = 8 * len(pixel)
    row = (pixel + bytes(2 * len(pixel))).ljust((3 * depth + 31) // 32 * 4, b"\0")
    fields = struct.pack("<4I", *masks)
    file = bmps.bmp(3, height, header=header, depth=depth, compression=compression, masks=fields,
                    pixels=row + bytes(len(row)))  # fmt: skip
    seen = canvas.completed(pictures.opened(file), file, Format.BMP)
    at = (0, 1 if height > 0 else 0)
    assert seen.getpixel(at) == (0, 0, 255, alpha)
    assert seen.getpixel((1, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("header", [bmps.INFO, bmps.V3])
def test_a_bitmap_without_an_alpha_mask_that_counts_is_opaque(header: int) -> None:
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    file = bmps.bmp(2, 2, header=header, depth=32, masks=masks)
    assert canvas.completed(pictures.opened(file), file, Format.BMP).mode == "RGB"


@pytest.mark.parametrize(
    "name",
    [name for name in webps.WEBPS if "alpha without" in name or "frames with alpha" in name],
)
def test_the_alpha_of_a_webp_counts_without_its_marks(name: str) -> None:
    file = webp.known(webps.WEBPS[name].data)
    seen = canvas.completed(pictures.opened(file), file, Format.WEBP).convert("RGBA")
    alphas = seen.getchannel("A")
    assert [alphas.getpixel((x, 8)) for x in (0, 23)] == [0, 255]


def test_a_webp_whose_marks_are_set_stays_as_it_is() -> None:
    for data in (pictures.webp(), pictures.webp(alpha=True), pictures.webp(24, 16, frames=2)[:90]):
        known = webp.known(data)
        assert len(known) == len(data)
        assert webp.known(known) == known


def test_an_opaque_webp_has_no_alpha_to_carry_along() -> None:
    file = webp.known(pictures.webp(24, 16, lossless=True))
    assert canvas.completed(pictures.opened(file), file, Format.WEBP).mode == "RGB"
