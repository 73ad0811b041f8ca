"""Pictures for tests, made in memory: whole ones in every format, and all ways to be broken.

Everything is deterministic; what costs time to make is made once a session.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageChops

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
ORIENTATIONS = range(1, 9)


@lru_cache(maxsize=32)
def photo(width: int = 160, height: int = 120, seed: int = 1) -> Image.Image:
    """Something like a photograph: large soft shapes with a little noise. Don't draw on it."""
    random = Random(seed)
    shapes = Image.frombytes("RGB", (8, 6), random.randbytes(8 * 6 * 3))
    soft = shapes.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", (64, 64), random.randbytes(64 * 64)).point(lambda v: v // 12)
    tile = Image.new("L", (width, height))
    for left in range(0, width, 64):
        for top in range(0, height, 64):
            tile.paste(grain, (left, top))
    return ImageChops.add(soft, Image.merge("RGB", (tile, tile, tile)))


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    """The bytes of an image as Pillow writes them."""
    sink = BytesIO()
    image.save(sink, image_format, **options)
    return sink.getvalue()


def opened(data: bytes) -> Image.Image:
    """The pixels of encoded bytes, fully decoded."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


# Whole pictures -----------------------------------------------------------------------------


@lru_cache(maxsize=64)
def jpeg(
    width: int = 160,
    height: int = 120,
    *,
    seed: int = 1,
    quality: int = 80,
    orientation: int | None = None,
    progressive: bool = False,
) -> bytes:
    """A JPEG; `width` x `height` are its coded size, before the orientation."""
    options: dict[str, Any] = {"quality": quality, "progressive": progressive}
    if orientation is not None:
        options["exif"] = exif(orientation)
    return saved(photo(width, height, seed), "JPEG", **options)


@lru_cache(maxsize=32)
def png(width: int = 160, height: int = 120, *, alpha: bool = False, seed: int = 1) -> bytes:
    """A PNG in 24 bits, or 32 where the left half is transparent."""
    image = photo(width, height, seed)
    return saved(half_transparent(image) if alpha else image, "PNG", compress_level=1)


@lru_cache(maxsize=32)
def gif(width: int = 160, height: int = 120, *, frames: int = 1) -> bytes:
    """A GIF, animated where it has several frames."""
    pictures = [photo(width, height, seed).quantize(64) for seed in range(1, frames + 1)]
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=50)


@lru_cache(maxsize=32)
def webp(
    width: int = 160,
    height: int = 120,
    *,
    lossless: bool = False,
    alpha: bool = False,
    frames: int = 1,
    orientation: int | None = None,
) -> bytes:
    """A WebP in any of its three shapes: lossy, lossless, extended."""
    pictures = [photo(width, height, seed) for seed in range(1, frames + 1)]
    if alpha:
        pictures = [half_transparent(picture) for picture in pictures]
    options: dict[str, Any] = {"lossless": lossless, "method": 0}
    if orientation is not None:
        options["exif"] = exif(orientation)
    if frames > 1:
        options |= {"save_all": True, "append_images": pictures[1:], "duration": 50}
    return saved(pictures[0], "WEBP", **options)


@lru_cache(maxsize=16)
def avif(
    width: int = 64, height: int = 48, *, orientation: int | None = None, frames: int = 1
) -> bytes:
    """An AVIF; an orientation becomes its turns and mirrors."""
    pictures = [photo(width, height, seed) for seed in range(1, frames + 1)]
    options: dict[str, Any] = {"speed": 10, "quality": 50, "max_threads": 1}
    if orientation is not None:
        options["exif"] = exif(orientation)
    if frames > 1:
        options |= {"save_all": True, "append_images": pictures[1:], "duration": 50}
    return saved(pictures[0], "AVIF", **options)


@lru_cache(maxsize=16)
def bmp(width: int = 160, height: int = 120) -> bytes:
    """A BMP in 24 bits."""
    return saved(photo(width, height), "BMP")


@lru_cache(maxsize=16)
def ico(*sides: int, bitmap: str = "png") -> bytes:
    """An icon with square entries of these sides, largest last in the file; PNG or BMP inside."""
    sides = sides or (16, 32)
    largest = photo(max(sides), max(sides)).convert("RGBA")
    return saved(largest, "ICO", sizes=[(side, side) for side in sides], bitmap_format=bitmap)


def cur(side: int = 32) -> bytes:
    """A cursor: an icon with another type number and a hot spot."""
    data = bytearray(ico(side, bitmap="bmp"))
    struct.pack_into("<H", data, 2, 2)
    struct.pack_into("<HH", data, 10, 1, 1)
    return bytes(data)


@lru_cache(maxsize=16)
def apng(width: int = 80, height: int = 60, *, frames: int = 3) -> bytes:
    """An animated PNG."""
    pictures = [photo(width, height, seed) for seed in range(1, frames + 1)]
    return saved(pictures[0], "PNG", save_all=True, append_images=pictures[1:], duration=50)


def svg(
    attributes: str = 'width="80" height="60"', *, prolog: str = "", body: str = "<g/>"
) -> bytes:
    """An SVG with these attributes on its root."""
    root = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{body}</svg>'
    return (prolog + root).encode()


@lru_cache(maxsize=4)
def cmyk_jpeg(width: int = 160, height: int = 120) -> bytes:
    """A JPEG in four colours, inverted as Adobe writes them."""
    return saved(photo(width, height).convert("CMYK"), "JPEG", quality=85)


def grey_png_16(width: int = 160, height: int = 120) -> bytes:
    """A grey ramp in 16 bits a sample, black on the left and white on the right."""
    row = b"".join((65535 * x // (width - 1)).to_bytes(2, "big") for x in range(width))
    return raw_png(width, height, rows=(b"\0" + row) * height, depth=16, colour=0)


def palette_png(width: int = 64, height: int = 64) -> bytes:
    """A palette PNG: its left half is a transparent entry, its right half is red."""
    image = Image.new("P", (width, height), 1)
    image.putpalette([0, 255, 0, 255, 0, 0])
    image.paste(0, (0, 0, width // 2, height))
    return saved(image, "PNG", transparency=0)


def mpo(width: int = 160, height: int = 120) -> bytes:
    """A JPEG with a second, smaller picture behind its end, as phones and 3D cameras write."""
    return jpeg(width, height) + jpeg(width // 2, height // 2, seed=2)


def half_transparent(image: Image.Image) -> Image.Image:
    """The same with a left half that is fully transparent."""
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, image.width // 2, image.height))
    result = image.convert("RGBA")
    result.putalpha(alpha)
    return result


# Broken ones, and bombs ---------------------------------------------------------------------


def cut(data: bytes, share: float = 0.5) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


def forged_jpeg(width: int, height: int, data: bytes | None = None) -> bytes:
    """A JPEG whose frame header claims another size than its pixels have."""
    source = data or jpeg()
    at = source.index(b"\xff\xc0") + 5
    return source[:at] + struct.pack(">HH", height, width) + source[at + 4 :]


def many_scans_jpeg(scans: int) -> bytes:
    """A progressive JPEG that repeats its last scan until it has that many."""
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    repeats = scans - data.count(b"\xff\xda")
    return data[:-2] + data[last:-2] * repeats + data[-2:]


def png_bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """A small file that declares many pixels."""
    return raw_png(width, height, rows=b"\0" * 1000)


def webp_bomb(width: int = 9400, height: int = 9400) -> bytes:
    """A tiny lossless WebP of one colour that takes 16 bytes a pixel to decode."""
    # RFC 9649 section 3: no transforms, no cache, five prefix codes of one symbol each.
    bits = 0x2F | (width - 1) << 8 | (height - 1) << 22
    bits |= sum(1 << 40 + 3 + 4 * code for code in range(5))
    body = bits.to_bytes(9, "little")
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def raw_png(
    width: int,
    height: int,
    *,
    rows: bytes,
    depth: int = 8,
    colour: int = 0,
    interlaced: bool = False,
    extra: Sequence[bytes] = (),
) -> bytes:
    """A PNG of these filtered rows, with `extra` chunks (see `chunk`) before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows, 1))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND")


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks right behind its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def exif(
    orientation: int = 1, *, dpi: int | None = None, pixels: tuple[int, int] | None = None
) -> bytes:
    """An EXIF block for Pillow's `exif=`: orientation, density, and the size it claims."""
    block = Image.Exif()
    block[0x0112] = orientation
    if dpi is not None:
        block[0x0128], block[0x011A], block[0x011B] = 2, float(dpi), float(dpi)
    if pixels is not None:
        block.get_ifd(0x8769).update({0xA002: pixels[0], 0xA003: pixels[1]})
    return block.tobytes()


def gps(latitude: tuple[float, ...] = (47.0, 22.0, 36.0)) -> bytes:
    """An EXIF block for Pillow's `exif=`, as phones write it: with the place of the photo."""
    block = Image.Exif()
    block[0x0112] = 1
    block.get_ifd(0x8825).update({1: "N", 2: latitude, 3: "E", 4: (8.0, 32.0, 24.0)})
    return block.tobytes()


@lru_cache(maxsize=8)
def placed_jpeg(width: int = 160, height: int = 120) -> bytes:
    """A photo with the place where it was taken."""
    return saved(photo(width, height), "JPEG", exif=gps(), quality=80)


# What is no image that browsers show ----------------------------------------------------------

TIFF = saved(Image.new("RGB", (4, 4), RED), "TIFF")
PSD = b"8BPS\0\1" + b"\0" * 20
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 16
JPEG_2000 = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 16
# 8 x (3 + 1) = 32 high, ratio 1:1, all metadata default.
JPEG_XL = b"\xff\x0a" + (1 | 3 << 1 | 1 << 6 | 1 << 9).to_bytes(4, "little")
HTML = b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>"
JSON = b'{"error": "not found"}'
TEXT = b"no such picture\n"
