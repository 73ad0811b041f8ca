"""Resampling of decoded pixels: by cykooz-resizer, which is quick, or by Pillow, which is there.

cykooz-resizer (the extra `fast`) computes the same filters with the processor's SIMD instructions.
Results differ by a level or two; by some more where a filter rings beyond black or white: one
library passes first across and then down, the other one first down.
"""

from __future__ import annotations

import mmap
from contextlib import suppress
from types import ModuleType

from PIL import Image
from PIL.Image import Resampling

from imgcache.model import Size

try:
    import cykooz_resizer

    quick: ModuleType | None = cykooz_resizer
except ImportError:
    quick = None

# left, top, right and bottom, in pixels; they may lie within pixels
Box = tuple[float, float, float, float]

# Larger pictures are rare, and the copies that are made of them would triple their memory.
_MOST_PIXELS = 1 << 22
# Pillow's name of what a pixel is in memory, and the other one's, by mode.
_LAYOUTS = {"RGB": ("RGBX", "U8x4"), "RGBa": ("RGBa", "U8x4"), "L": ("L", "U8")}
_FILTERS = {Resampling.BICUBIC: "catmull_rom", Resampling.LANCZOS: "lanczos3"}


def resized(pixels: Image.Image, size: Size, method: Resampling, box: Box) -> Image.Image:
    """What lies in a box, in another size; `method` is bicubic or Lanczos."""
    if quick is not None and pixels.mode in _LAYOUTS and _has_memory(pixels, size):
        # What it refuses is Pillow's to do, or to refuse.
        with suppress(MemoryError, RuntimeError, ValueError):
            return _by_simd(quick, pixels, size, method, box)
    return pixels.resize(size, method, box)


def _has_memory(pixels: Image.Image, size: Size) -> bool:
    """Whether there is memory for all copies: a Rust program that lacks it ends its process."""
    width, height = pixels.size
    if width * height > _MOST_PIXELS:
        return False
    between = max(width, size.width) * max(height, size.height)
    try:
        mmap.mmap(-1, 4 * (3 * width * height + 2 * between)).close()
    except OSError:
        return False
    return True


def _by_simd(
    library: ModuleType, pixels: Image.Image, size: Size, method: Resampling, box: Box
) -> Image.Image:
    left, top, right, bottom = box
    raw, layout = _LAYOUTS[pixels.mode]
    kind = library.PixelType[layout]
    source = library.ImageData(*pixels.size, kind, pixels.tobytes("raw", raw))
    target = library.ImageData(*size, kind)
    options = library.ResizeOptions(
        library.ResizeAlg.convolution(library.FilterType[_FILTERS[method]]),
        use_alpha=False,  # it is multiplied already
        crop_box=library.CropBox(left, top, right - left, bottom - top),
    )
    library.Resizer().resize(source, target, options)
    return Image.frombytes(pixels.mode, size, target.get_buffer(), "raw", raw)
