"""Pictures whose colours, depths and canvases are told in all ways that formats have."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from random import Random

from PIL import Image, ImageCms

from imgcache.core.images import cicp
from imgcache.core.images.icc import ColorSpace, Curve, Primaries, rgb_profile
from tests.support import pictures
from tests.support.pictures import chunk

SIDE = 16
SRGB: Primaries = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
P3: Primaries = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.3290)
ADOBE: Primaries = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)
PROPHOTO: Primaries = (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585)


def power(exponent: float) -> Curve:
    return cicp.curve(cicp.gamma(exponent))


SRGB_CURVE = cicp.curve(cicp.srgb)
PROPHOTO_PROFILE = rgb_profile(ColorSpace(PROPHOTO, power(1.8)))
P3_PROFILE = rgb_profile(ColorSpace(P3, SRGB_CURVE))


@lru_cache(maxsize=4)
def chart(mode: str = "RGB") -> Image.Image:
    """16 x 16 colours: greys, the primaries, and what chance brings."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    greys = bytes(value for value in range(0, 256, 16) for _ in range(bands))
    pure = bytes(255 * (at % bands == band) for band in range(bands) for at in range(SIDE * bands))
    rest = Random(7).randbytes(SIDE * SIDE * bands)
    return Image.frombytes(mode, (SIDE, SIDE), (greys + pure + rest)[: SIDE * SIDE * bands])


def large(mode: str = "RGB") -> Image.Image:
    """The same in squares of 8 x 8, for formats that blur."""
    return chart(mode).resize((8 * SIDE, 8 * SIDE), Image.Resampling.NEAREST)


def png(*extra: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of chance samples (of the chart, in 8 bits), with these chunks before its pixels."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = SIDE * samples * depth // 8
    modes = {(8, 0): "L", (8, 2): "RGB", (8, 4): "LA", (8, 6): "RGBA"}
    mode = modes.get((depth, colour))
    data = chart(mode).tobytes() if mode else Random(depth + colour).randbytes(SIDE * row)
    rows = b"".join(b"\0" + data[at : at + row] for at in range(0, SIDE * row, row))
    return pictures.raw_png(SIDE, SIDE, rows=rows, depth=depth, colour=colour, extra=extra)


def gama(stored: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", stored))


def chrm(primaries: Primaries) -> bytes:
    white_first = primaries[6:] + primaries[:6]
    return chunk(b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in white_first)))


def code_points(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))


def trns(*key: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))


def palette(colours: int) -> bytes:
    return chunk(b"PLTE", Random(colours).randbytes(3 * colours))


def avif(primaries: int, transfer: int, profile: bytes | None = None) -> bytes:
    """An AVIF whose colour property has these code points."""
    options = {"quality": 100, "subsampling": "4:4:4", "speed": 8, "max_threads": 1}
    data = pictures.saved(large(), "AVIF", icc_profile=profile, **options)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def bmp_with_profile(profile: bytes) -> bytes:
    """A BMP with a BITMAPV5HEADER and a profile behind its pixels."""
    flipped = chart().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    rows = flipped.tobytes("raw", "BGR")
    header = struct.pack("<IiiHHIIiiII", 124, SIDE, SIDE, 1, 24, 0, len(rows), 0, 0, 0, 0)
    header += bytes(16) + b"DEBM" + bytes(48)
    header += struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    file = struct.pack("<2sIHHI", b"BM", 138 + len(rows) + len(profile), 0, 0, 138)
    return file + header + rows + profile


@lru_cache(maxsize=1)
def press_profile() -> bytes:
    """A profile of a printing press: the eight overprints of three inks, and black over each."""
    inks = [
        (255, 255, 255), (255, 242, 0), (236, 0, 140), (237, 28, 36),
        (0, 174, 239), (0, 166, 80), (46, 49, 146), (54, 54, 57),
    ]  # fmt: skip
    prints = [tuple(round(value * black) for value in ink) for ink in inks for black in (1, 0.14)]
    row = Image.frombytes("RGB", (16, 1), bytes(value for one in prints for value in one))
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    seen = ImageCms.profileToProfile(row, srgb, lab, outputMode="LAB")
    assert seen is not None
    # Pillow has a* and b* signed; in a table of 8 bits they have an offset (ICC.1:2022, 6.3.4.2).
    table = bytes(v ^ (0x80 if at % 3 else 0) for at, v in enumerate(seen.tobytes()))
    straight = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * (at % 4 == 0) for at in range(9)))
    tag = b"mft1\0\0\0\0\x04\x03\x02\0" + identity + 4 * straight + table + 3 * straight
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    size = 128 + 4 + 24 + len(tag) + len(white)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    tags = struct.pack(">I4sII", 2, b"A2B0", 156, len(tag))
    tags += struct.pack(">4sII", b"wtpt", 156 + len(tag), len(white))
    return (head + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0") + tags + tag + white


def cmyk(profile: bytes | None = None, *, black: bool = True) -> bytes:
    """A CMYK JPEG of the chart, inverted as Adobe writes them; without black if asked."""
    image = large("CMYK")
    if not black:
        *inks, key = image.split()
        image = Image.merge("CMYK", (*inks, key.point(lambda _: 0)))
    options = {"quality": 100, "subsampling": 0}
    return pictures.saved(image, "JPEG", icc_profile=profile, **options)


# First frames that do not fill their canvas: 8 x 8 at (4, 4) of 16 x 16 -----------------------

_INSIDE = (4, 4, 12, 12)


def small_gif() -> bytes:
    frame = pictures.saved(chart("L").resize((8, 8)).convert("P"), "GIF")
    body = frame.index(b",", 13 + (6 << (frame[10] & 7)))
    screen = frame[:6] + struct.pack("<HH", SIDE, SIDE) + frame[10:body]
    return screen + b"," + struct.pack("<HHHH", 4, 4, 8, 8) + frame[body + 9 :]


def small_webp() -> bytes:
    """Animated, and without the flag that says that there is transparency."""

    def frame(image: Image.Image, left: int) -> bytes:
        file = pictures.saved(image, "WEBP", lossless=True)
        place = (left // 2, left // 2, image.width - 1, image.height - 1)
        head = b"".join(value.to_bytes(3, "little") for value in (*place, 100)) + b"\0"
        return riff(b"ANMF", head + file[12:])

    def riff(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)

    canvas = bytes((2, 0, 0, 0)) + 2 * (SIDE - 1).to_bytes(3, "little")
    frames = frame(chart().resize((8, 8)), 4) + frame(chart(), 0)
    body = riff(b"VP8X", canvas) + riff(b"ANIM", b"\0\xff\0\xff\0\0") + frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def small_apng() -> bytes:
    """With a still picture that is no part of the animation, and frames laid over each other."""

    def pixels(image: Image.Image) -> bytes:
        data, row = image.tobytes(), 4 * image.width
        rows = (b"\0" + data[at : at + row] for at in range(0, len(data), row))
        return zlib.compress(b"".join(rows))

    def control(number: int, side: int, left: int) -> bytes:
        place = struct.pack(">5IHHBB", number, side, side, left, left, 1, 10, 0, 1)
        return chunk(b"fcTL", place)

    still = Image.new("RGBA", (SIDE, SIDE), (0, 255, 0, 255))
    frames = [
        control(0, 8, 4),
        chunk(b"fdAT", struct.pack(">I", 1) + pixels(chart("RGBA").resize((8, 8)))),
        control(2, SIDE, 0),
        chunk(b"fdAT", struct.pack(">I", 3) + pixels(still)),
    ]
    file = pictures.raw_png(SIDE, SIDE, rows=b"", colour=6)
    start = file.index(b"IDAT") - 4
    first = [chunk(b"acTL", struct.pack(">II", 2, 0)), chunk(b"IDAT", pixels(still)), *frames]
    return file[:start] + b"".join(first) + chunk(b"IEND")
