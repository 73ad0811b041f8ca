"""Thumbnails and the placeholder colour of decoded pixels: sRGB, upright, without metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from msgspec import Struct
from PIL import Image

from imgcache.core.images.formats.structure import oriented
from imgcache.core.images.thumbnail_plan import Plan, Recipe, suffix
from imgcache.edge.decoder import srgb
from imgcache.model import Size

# A cheaper reduction leaves that many times the target to a filter: a JPEG decoded by fewer
# coefficients, averages of whole boxes, or another thumbnail. Where enough is left, the filter is
# bicubic, which takes two thirds of the time of Lanczos. Measured on photographs: together that
# keeps the structural similarity to a Lanczos filter over all pixels above 0.99, and mostly above
# 0.996.
_REDUCING_GAP = 1.5
_BICUBIC_FROM = 2.2
_CASCADE_GAP = 2.0
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
_OPAQUE = 255
# What makes an encoder keep each pixel, or come as near to that as its format can.
_EXACT: Mapping[str, Mapping[str, Any]] = {
    "png": {},
    "webp": {"lossless": True},
    "avif": {"quality": 100, "subsampling": "4:4:4"},
    "jpeg": {"quality": 100, "subsampling": "4:4:4"},
}
_COLOR_SIDE = 64  # a colour needs no more pixels than that


class Made(Struct, frozen=True):
    """One thumbnail: `suffix` of its file, its size and its bytes."""

    name: str
    suffix: str
    size: Size
    data: bytes


class DecodedImage(Struct, frozen=True):
    """The pixels that one decode gave.

    Attributes:
        image: as decoded, before any orientation.
        coded: the size of the whole image, before any orientation.
        orientation: 1 to 8 as in EXIF.
        scale: how many times smaller than `coded` the decoder made `image` already.
        profile: the ICC profile of the pixels; None is sRGB.
        drawn: whether it is an icon, or has a palette, rather than what a camera took.
    """

    image: Image.Image
    coded: Size
    orientation: int = 1
    scale: int = 1
    profile: bytes | None = None
    drawn: bool = False


class _Layer(Struct, frozen=True):
    """Pixels to resize from; `scale` is pixels of the whole image for one of these, by axis.

    The scale is exact, whereas the last row and column may stand for less than a whole pixel.
    """

    pixels: Image.Image
    scale: tuple[float, float]


def draft_scale(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> int:
    """1, 2, 4 or 8: how much smaller a JPEG may be decoded for these thumbnails.

    All entropy-coded data is read at any scale, so a scaled decode proves as much.
    """
    least = _least_scale(coded, _plans(coded, orientation, recipes))
    return next((scale for scale in (8, 4, 2) if scale * _REDUCING_GAP <= least), 1)


def make(source: DecodedImage, recipes: Sequence[Recipe]) -> tuple[str, list[Made]]:
    """The placeholder colour and all thumbnails of one decoded image, in the recipes' order."""
    plans = _plans(source.coded, source.orientation, recipes)
    layers = [_base(source, plans)]
    made: dict[int, Made] = {}
    for index in sorted(range(len(plans)), key=lambda i: plans[i].scale):
        pixels = _resized(_nearest(layers, plans[index]), plans[index])
        if recipes[index].fit == "inside":  # a whole picture: smaller ones may be made of it
            width, height = source.coded
            layers.append(_Layer(pixels, (width / pixels.width, height / pixels.height)))
        exact = plans[index].is_exact(drawn=source.drawn)
        made[index] = _encoded(recipes[index], _upright(pixels, source.orientation), exact=exact)
    return _color(layers[-1].pixels), [made[index] for index in range(len(plans))]


def _plans(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> list[Plan]:
    """The geometry before orientation: pixels are turned last, when they are few."""
    plans = [recipe.plan(oriented(coded, orientation)) for recipe in recipes]
    return plans if oriented(coded, orientation) == coded else [plan.transposed() for plan in plans]


def _base(source: DecodedImage, plans: Sequence[Plan]) -> _Layer:
    """The source in sRGB, reduced as far as the largest thumbnail allows; alpha premultiplied."""
    image, scale = source.image, source.scale
    factor = max(1, int(_least_scale(source.coded, plans) / scale / _REDUCING_GAP))
    across, down = min(factor, image.width), min(factor, image.height)
    pixels = _plain(image)
    if (across, down) != (1, 1):
        pixels = pixels.reduce((across, down))
    pixels = srgb.converted(pixels, source.profile)
    return _Layer(pixels, (scale * across, scale * down))


def _nearest(layers: Sequence[_Layer], plan: Plan) -> _Layer:
    """The smallest of the layers, which get smaller and smaller, that is large enough."""
    enough = [layer for layer in layers if max(layer.scale) * _CASCADE_GAP <= plan.scale]
    return (layers[0], *enough)[-1]


def _least_scale(coded: Size, plans: Sequence[Plan]) -> float:
    """How many times smaller than the image the largest thumbnail is; 64 px where there is none."""
    return min((plan.scale for plan in plans), default=max(coded) / _COLOR_SIDE)


def _plain(source: Image.Image) -> Image.Image:
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


def _resized(layer: _Layer, plan: Plan) -> Image.Image:
    pixels, (across, down) = layer.pixels, layer.scale
    left, top, right, bottom = plan.box
    # Beyond the last pixel there is nothing, though a float may point there.
    box = (
        left / across,
        top / down,
        min(right / across, pixels.width),
        min(bottom / down, pixels.height),
    )
    if [*pixels.size] == [*plan.size] == [box[2] - box[0], box[3] - box[1]]:
        return pixels
    left_over = min((box[2] - box[0]) / plan.size.width, (box[3] - box[1]) / plan.size.height)
    bicubic = left_over >= _BICUBIC_FROM
    method = Image.Resampling.BICUBIC if bicubic else Image.Resampling.LANCZOS
    return pixels.resize(plan.size, method, box)


def _upright(pixels: Image.Image, orientation: int) -> Image.Image:
    """The picture as displayed, with straight alpha where there is any."""
    turned = pixels.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else pixels
    return _unmultiplied(turned)


def _unmultiplied(pixels: Image.Image) -> Image.Image:
    """Straight alpha again; none at all where everything is opaque."""
    if pixels.mode not in _STRAIGHT:
        return pixels
    with_alpha, without = _STRAIGHT[pixels.mode]
    straight = pixels.convert(with_alpha)
    lowest, _ = straight.getchannel("A").getextrema()
    return straight.convert(without) if lowest == _OPAQUE else straight


def _encoded(recipe: Recipe, pixels: Image.Image, *, exact: bool = False) -> Made:
    image_format = recipe.format_for(alpha=pixels.mode in ("RGBA", "LA"))
    pixels.info = {}  # an ICC profile or a comment would be written otherwise
    sink = BytesIO()
    options = _options(recipe, image_format)
    if exact:
        options |= _EXACT[image_format]
    pixels.save(sink, image_format.upper(), **options)
    return Made(recipe.name, suffix(image_format), Size(*pixels.size), sink.getvalue())


def _options(recipe: Recipe, image_format: str) -> dict[str, Any]:
    """How an encoder of Pillow writes a thumbnail."""
    if image_format == "png":
        return {}
    if image_format == "webp":
        return {"quality": recipe.quality, "method": recipe.method}
    return {"quality": recipe.quality} | ({"max_threads": 1} if image_format == "avif" else {})


def _color(pixels: Image.Image) -> str:
    """The average colour as #rrggbb; transparent pixels do not count."""
    pixel = pixels.resize((1, 1), Image.Resampling.BOX)
    if pixel.mode in _STRAIGHT:
        pixel = pixel.convert(_STRAIGHT[pixel.mode][0])
    return "#" + pixel.convert("RGB").tobytes().hex()
