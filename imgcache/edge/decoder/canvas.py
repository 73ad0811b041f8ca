"""Canvas and transparency of a decoded first frame, as browsers show it.

Pillow does this differently: it fills the canvas around a small frame, compares the transparent
colour of a PNG with samples that it has scaled to 8 bits before, and knows few alpha masks of BMP.
"""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import GifImagePlugin, Image, ImageChops

from imgcache.core.images.formats import bmp, first
from imgcache.core.images.formats.chunks import chunks
from imgcache.core.images.formats.first import Place
from imgcache.model import Format, Size

# In a PNG's header: bits of a sample, colour type, and the types of RGB and of grey with alpha.
_DEPTH_AT, _TYPE_AT, _COLOURED, _GREY_ALPHA = 24, 25, 2, 4
_OPAQUE = _LOW_BYTE = 255
_MIRRORED = Image.Transpose.FLIP_LEFT_RIGHT
_UPRIGHT = {
    2: _MIRRORED,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Premultiplied modes -> the same with straight alpha, and without any.
_STRAIGHT = {"RGBa": ("RGBA", "RGB"), "La": ("LA", "L")}


def completed(image: Image.Image, file: bytes, image_format: Format) -> Image.Image:
    """The frame that `file` was decoded to, with what Pillow leaves out; straight alpha."""
    if image_format is Format.PNG:
        return _keyed(image, file)
    if image_format is Format.GIF and isinstance(image, GifImagePlugin.GifImageFile):
        return _windowed(image, image.dispose_extent)
    if image_format is Format.WEBP:
        return _windowed(_without_idle_alpha(image), first.of_webp(file))
    if image_format is Format.BMP and (plane := bmp.alpha(file)):
        return _with_alpha(image, plane)
    return image


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    """The same in fewer bytes, where all of it is opaque."""
    if image.mode != "RGBA" or image.getchannel("A").getextrema() != (_OPAQUE, _OPAQUE):
        return image
    opaque = image.convert("RGB")
    opaque.info = image.info
    return opaque


def _with_alpha(image: Image.Image, plane: bmp.AlphaPlane) -> Image.Image:
    direction = -1 if plane.upside_down else 1
    alpha = Image.frombytes("L", image.size, plane.data, "raw", "L", plane.stride, direction)
    seen = image.convert("RGBA")
    seen.putalpha(alpha.point([plane.opacity(value) for value in range(256)]))
    return seen


def placed(frame: Image.Image, place: Place, canvas: Size) -> Image.Image:
    """The frame at its place, and nothing around it."""
    if place == (0, 0, *canvas):
        return frame
    whole = Image.new("RGBA", canvas)
    whole.info = {name: value for name, value in frame.info.items() if name == "icc_profile"}
    whole.paste(frame.convert("RGBA"), place)
    return whole


def _windowed(image: Image.Image, place: Place | None) -> Image.Image:
    if place is None or place == (0, 0, *image.size):
        return image
    return placed(image.convert("RGBA").crop(place), place, Size(*image.size))


def _keyed(image: Image.Image, file: bytes) -> Image.Image:
    """A PNG with its transparent colour (tRNS) as the file defines it (PNG 11.3.1.1)."""
    depth, colour_type = file[_DEPTH_AT], file[_TYPE_AT]
    if image.mode == "RGBA" and colour_type == _GREY_ALPHA:
        return image.convert("LA")  # Pillow widens 16 bits, and a profile is for grey alone
    if image.mode == "P":
        _pad_palette(image)
    elif "transparency" in image.info:
        key = _key(file)
        if depth == 16:  # noqa: PLR2004 - bits
            return _keyed_wide(image, file, key)
        if colour_type == 0:
            return _keyed_narrow(image, depth, key[0])
    return image


def _key(file: bytes) -> tuple[int, ...]:
    """The samples of the transparent colour as written; Pillow has scaled some of them."""
    body = next(chunk.body for chunk in chunks(file) if chunk.kind == b"tRNS")
    return struct.unpack_from(">3H" if file[_TYPE_AT] == _COLOURED else ">H", body)


def _keyed_narrow(image: Image.Image, depth: int, key: int) -> Image.Image:
    """Grey in 1 to 8 bits a sample, which have become 8."""
    most = (1 << depth) - 1
    wanted = key & _LOW_BYTE  # browsers use only these bits
    grey = image.convert("L")
    grey.info = {name: value for name, value in image.info.items() if name != "transparency"}
    if wanted <= most:
        grey.info["transparency"] = wanted * (_OPAQUE // most)
    return grey


def _pad_palette(image: Image.Image) -> None:
    """Indices beyond a palette mean its last colour, as in browsers; Pillow takes black."""
    colors = image.getpalette() or []
    count, highest = len(colors) // 3, image.getextrema()[1]
    if isinstance(highest, tuple) or not 0 < count <= highest:
        return
    image.putpalette(colors + colors[-3:] * (256 - count))
    alphas = image.info.get("transparency")
    if isinstance(alphas, int):
        alphas = bytes((_OPAQUE,)) * alphas + b"\0"
    if isinstance(alphas, bytes) and len(alphas) >= count:
        last = alphas[count - 1 : count]
        image.info["transparency"] = alphas[:count] + last * (256 - count)


def _keyed_wide(image: Image.Image, file: bytes, key: tuple[int, ...]) -> Image.Image:
    """16 bits a sample: transparent where all of them are equal."""
    highs, lows = _halves(image, file)
    wanted = [value >> 8 for value in key] + [value & _LOW_BYTE for value in key]
    alpha = Image.new("L", image.size)
    for band, value in zip(highs.split() + lows.split(), wanted, strict=True):
        differs = [_OPAQUE * (sample != value) for sample in range(256)]
        alpha = ImageChops.lighter(alpha, band.point(differs))
    seen = highs.copy()
    seen.info = {name: value for name, value in image.info.items() if name != "transparency"}
    seen.putalpha(alpha)
    return seen


def _halves(image: Image.Image, file: bytes) -> tuple[Image.Image, Image.Image]:
    """The high and the low bytes of the samples."""
    if image.mode == "RGB":
        # Pillow keeps the high bytes; read in the other order, they are the low ones.
        other = Image.open(BytesIO(file), formats=("PNG",))
        other.tile = [tile._replace(args="RGB;16L") for tile in other.tile]
        other.load()
        return image, other
    samples = image.tobytes()
    low, high = (Image.frombytes("L", image.size, samples[at::2]) for at in (0, 1))
    return high, low


def averaged(source: Image.Image) -> Image.Image:
    """A mode that can be averaged: L, RGB, CMYK, or La and RGBa, multiplied by alpha."""
    if source.mode == "I;16":
        # The high bytes, as browsers show them; Pillow's own conversion clips.
        return Image.frombytes("L", source.size, source.tobytes()[1::2])
    if source.has_transparency_data:
        grey = source.mode in ("1", "L", "LA")
        straight, premultiplied = ("LA", "La") if grey else ("RGBA", "RGBa")
        return source.convert(straight).convert(premultiplied)
    if source.mode in ("L", "RGB", "CMYK"):
        return source
    return source.convert("L" if source.mode == "1" else "RGB")


def is_transparent(pixels: Image.Image) -> bool:
    """Whether anything shines through at any pixel, as `averaged` gives them."""
    return pixels.mode in _STRAIGHT and pixels.getchannel("a").getextrema()[0] != _OPAQUE


def turned(pixels: Image.Image, orientation: int) -> Image.Image:
    """The picture as displayed, by its EXIF orientation."""
    return pixels.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else pixels


def upright(pixels: Image.Image, orientation: int) -> Image.Image:
    """The same, with straight alpha where there is any; none at all where everything is opaque."""
    shown = turned(pixels, orientation)
    if shown.mode not in _STRAIGHT:
        return shown
    with_alpha, without = _STRAIGHT[shown.mode]
    straight = shown.convert(with_alpha)
    lowest, _ = straight.getchannel("A").getextrema()
    return straight.convert(without) if lowest == _OPAQUE else straight
