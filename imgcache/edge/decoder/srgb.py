"""Colour conversion from an ICC profile to sRGB, by littleCMS."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from itertools import chain, product

from PIL import Image, ImageChops, ImageCms

from imgcache.core.images import icc

# A profile that changes no sample by more than this is sRGB, whatever its name.
_UNSEEN = 1
_LEVELS = range(0, 256, 51)
_ALPHA = {"RGBa": "RGBA", "La": "LA"}


def converted(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    """The pixels in sRGB, CMYK as RGB; alpha stays as it is, premultiplied or none.

    A profile that makes no sense, or is for another kind of pixels, is ignored, as in browsers.
    """
    if profile is not None:
        if pixels.mode in _ALPHA:
            return _beside_alpha(pixels, profile)
        pixels = _through(pixels, profile)
    return pixels.convert("RGB") if pixels.mode == "CMYK" else pixels


def _beside_alpha(pixels: Image.Image, profile: bytes) -> Image.Image:
    *bands, alpha = pixels.convert(_ALPHA[pixels.mode]).split()
    straight = Image.merge("RGB", bands) if len(bands) > 1 else bands[0]
    through = _through(straight, profile)
    if through is straight:
        return pixels
    through.putalpha(alpha)
    return through.convert("RGBa" if through.mode == "RGBA" else "La")


def _through(pixels: Image.Image, profile: bytes) -> Image.Image:
    """The pixels converted, or themselves where nothing is to be converted."""
    channels = icc.color_channels(profile)
    if channels == b"RGB " and pixels.mode == "L":
        toned = pixels.convert("RGB")  # what is grey in one colour space may be tinted in another
        through = _through(toned, profile)
        return pixels if through is toned else through
    try:
        transform = _transform(profile, pixels.mode)
        if transform is None:
            return pixels
        moved = ImageCms.applyTransform(pixels, transform) or pixels
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels
    return moved.getchannel("G") if pixels.mode == "L" else moved


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """A transform to sRGB, None where it changes nothing visible.

    Images of one site share their profile, and making this costs 1 ms. The intent is perceptual,
    as in browsers.
    """
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    return transform if mode == "CMYK" or _is_visible(transform, mode) else None


def _is_visible(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether the transform visibly changes any of a few hundred colours and all greys."""
    bands = len(mode)
    samples = [*product(_LEVELS, repeat=bands), *((grey,) * bands for grey in range(256))]
    chart = Image.frombytes(mode, (len(samples), 1), bytes(chain.from_iterable(samples)))
    moved = ImageCms.applyTransform(chart, transform) or chart
    return max(ImageChops.difference(chart.convert("RGB"), moved).tobytes()) > _UNSEEN
