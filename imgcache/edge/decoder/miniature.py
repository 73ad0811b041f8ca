"""Miniature of a picture: its colour, its placeholder, and the hash by which it is known again."""

from __future__ import annotations

from io import BytesIO

from msgspec import Struct
from PIL import Image, ImageChops

from imgcache.core.images import dhash, placeholder
from imgcache.core.images.formats.structure import oriented
from imgcache.edge.decoder import canvas
from imgcache.model import Size

# As many pixels, on the longer side, are enough for all that is told here.
SIDE = 64
# Tried in this order until one is short enough; a single pixel always is.
_SIDES = (placeholder.SIDE, 12, 8, 4, 1)
_QUALITIES = (50, 20, 0)
# Behind what is transparent: black and white drawings are both seen before it.
_GROUND = [(255 - alpha) * 128 // 255 for alpha in range(256)]
_BOX = Image.Resampling.BOX


class Miniature(Struct, frozen=True):
    """What is told of a whole picture.

    Attributes:
        color: the average colour as #rrggbb; transparent pixels do not count.
        alpha: whether anything shines through at any pixel.
        placeholder: see core/images/placeholder.py.
        dhash: see core/images/dhash.py.
    """

    color: str
    alpha: bool
    placeholder: str
    dhash: str


def miniature(pixels: Image.Image, orientation: int, *, alpha: bool) -> Miniature:
    """From a small picture in sRGB, before any orientation, multiplied by its alpha."""
    # Each of the three is made of few pixels, which averages of whole boxes give fastest.
    factor = max(pixels.size) // SIDE
    small = pixels.reduce((factor, min(factor, pixels.height))) if factor > 1 else pixels
    tiny = _placeholder(small, orientation)
    return Miniature(_color(small), alpha, tiny, _hash(small, orientation))


def _color(pixels: Image.Image) -> str:
    pixel = canvas.upright(pixels.resize((1, 1), _BOX), 1)
    return "#" + pixel.convert("RGB").tobytes().hex()


def _placeholder(pixels: Image.Image, orientation: int) -> str:
    for side in _SIDES:
        small = canvas.upright(_within(pixels, side), orientation)
        small.info = {}  # an ICC profile or a comment would be written otherwise
        for quality in _QUALITIES:
            sink = BytesIO()
            small.save(sink, "WEBP", quality=quality, method=2)
            text = placeholder.text(sink.getvalue())
            if len(text) <= placeholder.MOST:
                return text
    raise ValueError("a picture of one pixel is too long")


def _within(pixels: Image.Image, side: int) -> Image.Image:
    scale = max(pixels.size) / side
    if scale <= 1:
        return pixels
    width, height = (max(1, round(length / scale)) for length in pixels.size)
    return pixels.resize((width, height), _BOX)


def _hash(pixels: Image.Image, orientation: int) -> str:
    return dhash.of(*(_cells(pixels, orientation, grid) for grid in (dhash.WIDE, dhash.TALL)))


def _cells(pixels: Image.Image, orientation: int, grid: Size) -> bytes:
    """Grey values. A filter that is not as sharp as a box moves less when a margin is cut off."""
    small = pixels.resize(oriented(grid, orientation), Image.Resampling.HAMMING)
    return canvas.turned(_grey(small), orientation).tobytes()


def _grey(pixels: Image.Image) -> Image.Image:
    """In grey, before a fixed ground."""
    if pixels.mode not in ("RGBa", "La"):
        return pixels.convert("L")
    *bands, alpha = pixels.split()
    seen = Image.merge("RGB", bands).convert("L") if len(bands) > 1 else bands[0]
    return ImageChops.add(seen, alpha.point(_GROUND))
