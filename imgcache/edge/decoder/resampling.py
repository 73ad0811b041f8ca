"""Resampling of decoded pixels: by cykooz-resizer, which is quick, or by Pillow, which is there.

cykooz-resizer (the extra `fast`) computes the same filters with the processor's SIMD instructions.
Results differ by a level or two; by some more where a filter rings beyond black or white, or beyond
what is clear or opaque: one library passes first across and then down, the other one first down.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

import PIL
from PIL import Image
from PIL.Image import Resampling

from imgcache.model import Size

# Major versions of Pillow that keep pixels where the other library looks for them.
_KNOWN = range(12, 14)

try:
    from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer

    _FILTERS = {
        Resampling.BICUBIC: ResizeAlg.convolution(FilterType.catmull_rom),
        Resampling.LANCZOS: ResizeAlg.convolution(FilterType.lanczos3),
    }
    is_quick = int(PIL.__version__.partition(".")[0]) in _KNOWN
except Exception:  # noqa: BLE001  not there, of another version, or not for this machine
    is_quick = False

# left, top, right and bottom, in pixels; they may lie within pixels
Box = tuple[float, float, float, float]

_MODES = frozenset({"RGB", "RGBa", "L"})
_PIXEL_BYTES = 4
# Bytes of the filter for each pixel of a side: measured are 132 at most, where few are left out.
_COEFFICIENTS = 160
# Bytes that malloc and the interpreter may ask the system for beyond what they are asked for.
_GROWTH = 2 << 20


def resized(pixels: Image.Image, size: Size, method: Resampling, box: Box) -> Image.Image:
    """What lies in a box, in another size; `method` is bicubic or Lanczos."""
    if is_quick and pixels.mode in _MODES and _has_memory(pixels, size):
        with suppress(Exception):  # what it refuses is Pillow's to do, or to refuse
            return _by_simd(pixels, size, method, box)
    return pixels.resize(size, method, box)


def _has_memory(pixels: Image.Image, size: Size) -> bool:
    """Whether there is memory for all that it takes: a Rust program that lacks it ends its process.

    It takes the filter and, between its two passes, a picture that has one of its sides reduced.
    """
    width, height = pixels.size
    between = max(width * size.height, size.width * height)
    sides = max(width, size.width) + max(height, size.height)
    try:
        mmap.mmap(-1, 2 * _PIXEL_BYTES * between + _COEFFICIENTS * sides + _GROWTH).close()
    except OSError:
        return False
    return True


def _by_simd(pixels: Image.Image, size: Size, method: Resampling, box: Box) -> Image.Image:
    left, top, right, bottom = box
    options = ResizeOptions(
        _FILTERS[method],
        use_alpha=False,  # it is multiplied already
        crop_box=CropBox(left, top, right - left, bottom - top),
    )
    made = Image.new(pixels.mode, size)
    Resizer().resize_pil(pixels, made, options)
    return made
