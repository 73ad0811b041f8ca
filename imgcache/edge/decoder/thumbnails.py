"""Thumbnails of decoded pixels, and the miniature: sRGB, upright, without metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from msgspec import Struct
from PIL import Image

from imgcache.core.images.formats.structure import oriented
from imgcache.core.images.thumbnail_plan import Plan, Recipe, suffix
from imgcache.edge.decoder import canvas, srgb
from imgcache.edge.decoder.miniature import SIDE, Miniature, miniature
from imgcache.edge.decoder.resampling import resized
from imgcache.model import Size

# A cheaper reduction leaves that many times the target to a filter: a JPEG decoded by fewer
# coefficients, averages of whole boxes, or another thumbnail. Where enough is left, the filter is
# bicubic, which takes two thirds of the time of Lanczos; of a thumbnail that is made of another
# one more has to be left, as both lose a little. Measured on photographs: together that keeps the
# structural similarity to a Lanczos filter over all pixels above 0.99, and mostly above 0.996.
_REDUCING_GAP = 1.5
_BICUBIC_FROM = 1.7
_CASCADE_GAP = 2.0
_CASCADE_BICUBIC_FROM = 2.2
# What makes an encoder keep each pixel, or come as near to that as its format can.
_EXACT: Mapping[str, Mapping[str, Any]] = {
    "png": {},
    "webp": {"lossless": True},
    "avif": {"quality": 100, "subsampling": "4:4:4"},
    "jpeg": {"quality": 100, "subsampling": "4:4:4"},
}


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
    `bicubic_from`: how many times the target's size is enough for that filter.
    """

    pixels: Image.Image
    scale: tuple[float, float]
    bicubic_from: float = _BICUBIC_FROM


def draft_scale(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> int:
    """1, 2, 4 or 8: how much smaller a JPEG may be decoded for these thumbnails.

    All entropy-coded data is read at any scale, so a scaled decode proves as much.
    """
    least = _least_scale(coded, _plans(coded, orientation, recipes))
    return next((scale for scale in (8, 4, 2) if scale * _REDUCING_GAP <= least), 1)


def make(source: DecodedImage, recipes: Sequence[Recipe]) -> tuple[Miniature, list[Made]]:
    """What is told of the whole picture, and all thumbnails, in the recipes' order."""
    plans = _plans(source.coded, source.orientation, recipes)
    whole = canvas.averaged(source.image)
    layers = [_base(whole, source, plans)]
    made: dict[int, Made] = {}
    for index in sorted(range(len(plans)), key=lambda i: plans[i].scale):
        pixels = _resized(_nearest(layers, plans[index].scale), plans[index])
        if recipes[index].fit == "inside":  # a whole picture: smaller ones may be made of it
            width, height = source.coded
            scale = (width / pixels.width, height / pixels.height)
            layers.append(_Layer(pixels, scale, _CASCADE_BICUBIC_FROM))
        exact = plans[index].is_exact(drawn=source.drawn)
        upright = canvas.upright(pixels, source.orientation)
        made[index] = _encoded(recipes[index], upright, exact=exact)
    small = _nearest(layers, _miniature_scale(source.coded) * _CASCADE_GAP)
    seen = miniature(small.pixels, source.orientation, alpha=canvas.is_transparent(whole))
    return seen, [made[index] for index in range(len(plans))]


def _plans(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> list[Plan]:
    """The geometry before orientation: pixels are turned last, when they are few."""
    plans = [recipe.plan(oriented(coded, orientation)) for recipe in recipes]
    return plans if oriented(coded, orientation) == coded else [plan.transposed() for plan in plans]


def _base(whole: Image.Image, source: DecodedImage, plans: Sequence[Plan]) -> _Layer:
    """The source in sRGB, reduced as far as the largest thumbnail allows; alpha premultiplied."""
    scale = source.scale
    factor = max(1, int(_least_scale(source.coded, plans) / scale / _REDUCING_GAP))
    across, down = min(factor, whole.width), min(factor, whole.height)
    pixels = whole if (across, down) == (1, 1) else whole.reduce((across, down))
    pixels = srgb.converted(pixels, source.profile)
    return _Layer(pixels, (scale * across, scale * down))


def _nearest(layers: Sequence[_Layer], scale: float) -> _Layer:
    """The smallest of the layers, which get smaller and smaller, that is large enough."""
    enough = [layer for layer in layers if max(layer.scale) * _CASCADE_GAP <= scale]
    return (layers[0], *enough)[-1]


def _least_scale(coded: Size, plans: Sequence[Plan]) -> float:
    """How many times smaller than the image the largest thumbnail is, or the miniature."""
    return min((_miniature_scale(coded), *(plan.scale for plan in plans)))


def _miniature_scale(coded: Size) -> float:
    return max(coded) / SIDE


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
    bicubic = left_over >= layer.bicubic_from
    method = Image.Resampling.BICUBIC if bicubic else Image.Resampling.LANCZOS
    return resized(pixels, plan.size, method, box)


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
