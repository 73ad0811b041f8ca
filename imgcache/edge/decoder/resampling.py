"""Resampling of decoded pixels: by cykooz-resizer, which is quick, or by Pillow, which is there.

cykooz-resizer (the extra `fast`) computes the same filters with the processor's SIMD instructions.
Results differ by a level or two; by some more where a filter rings beyond black or white, or beyond
what is clear or opaque: one library passes first across and then down, the other one first down.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

from PIL import Image
from PIL.Image import Resampling

from imgcache.model import Size

try:
    from cykooz_resizer import (
        CropBox,
        FilterType,
        ImageData,
        PixelType,
        ResizeAlg,
        ResizeOptions,
        Resizer,
    )

    is_quick = True
except Exception:  # noqa: BLE001  not there, of another version, or not for this machine
    is_quick = False

# left, top, right and bottom, in pixels; they may lie within pixels
Box = tuple[float, float, float, float]

# Larger pictures are rare, and the copies that are made of them would triple their memory.
_MOST_PIXELS = 1 << 22
# Bytes of the filter for each pixel of a side: measured are 132 at most, where few are left out.
_COEFFICIENTS = 160
# Pillow's name of what a pixel is in memory, and the other one's, by mode.
_LAYOUTS = {"RGB": ("RGBX", "U8x4"), "RGBa": ("RGBa", "U8x4"), "L": ("L", "U8")}
_FILTERS = {Resampling.BICUBIC: "catmull_rom", Resampling.LANCZOS: "lanczos3"}


def resized(pixels: Image.Image, size: Size, method: Resampling, box: Box) -> Image.Image:
    """What lies in a box, in another size; `method` is bicubic or Lanczos."""
    if is_quick and pixels.mode in _LAYOUTS and _has_memory(pixels, size):
        with suppress(Exception):  # what it refuses is Pillow's to do, or to refuse
            return _by_simd(pixels, size, method, box)
    return pixels.resize(size, method, box)


def _has_memory(pixels: Image.Image, size: Size) -> bool:
    """Whether there is memory for all copies: a Rust program that lacks it ends its process."""
    width, height = pixels.size
    if width * height > _MOST_PIXELS:
        return False
    across, down = max(width, size.width), max(height, size.height)
    copies = 3 * width * height + 2 * across * down
    try:
        mmap.mmap(-1, 4 * copies + _COEFFICIENTS * (across + down)).close()
    except OSError:
        return False
    return True


def _by_simd(pixels: Image.Image, size: Size, method: Resampling, box: Box) -> Image.Image:
    left, top, right, bottom = box
    raw, layout = _LAYOUTS[pixels.mode]
    source = ImageData(*pixels.size, PixelType[layout], pixels.tobytes("raw", raw))
    target = ImageData(*size, PixelType[layout])
    options = ResizeOptions(
        ResizeAlg.convolution(FilterType[_FILTERS[method]]),
        use_alpha=False,  # it is multiplied already
        crop_box=CropBox(left, top, right - left, bottom - top),
    )
    Resizer().resize(source, target, options)
    return Image.frombytes(pixels.mode, size, target.get_buffer(), "raw", raw)
