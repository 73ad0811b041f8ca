"""Pixels to thumbnails and the placeholder colour: sRGB, upright, without metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from imgcache.core.formats.structure import oriented
from imgcache.core.recipe import Plan, Recipe, suffix
from imgcache.model import Size

if TYPE_CHECKING:
    from PIL import ImageCms

# Halving by box filter stops at this many times the target; the rest is done by a proper filter.
_REDUCING_GAP = 1.5
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
_OPAQUE = 255
_COLOR_SIDE = 64  # a colour needs no more pixels than that


@dataclass(frozen=True, slots=True)
class Made:
    """One thumbnail: `suffix` of its file, its size and its bytes."""

    name: str
    suffix: str
    size: Size
    data: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """The pixels that one decode gave.

    Attributes:
        image: as decoded, before any orientation.
        coded: the size of the whole image, before any orientation.
        orientation: 1 to 8 as in EXIF.
        scale: how many times smaller than `coded` the decoder made `image` already.
    """

    image: Image.Image
    coded: Size
    orientation: int = 1
    scale: int = 1


@dataclass(frozen=True, slots=True)
class _Layer:
    """Pixels to resize from; `scale` is pixels of the whole image for one of these, by axis.

    The scale is exact, whereas the last row and column may stand for less than a whole pixel.
    """

    pixels: Image.Image
    scale: tuple[float, float]


def draft_scale(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> int:
    """1, 2, 4 or 8: how much smaller a JPEG may be decoded for these thumbnails.

    All entropy-coded data is walked at any scale, so a scaled decode proves as much.
    """
    least = _least_scale(coded, _plans(coded, orientation, recipes))
    return next((scale for scale in (8, 4, 2) if scale * _REDUCING_GAP <= least), 1)


def make(source: Source, recipes: Sequence[Recipe]) -> tuple[str, list[Made]]:
    """The placeholder colour and all thumbnails of one decoded image, in the recipes' order."""
    plans = _plans(source.coded, source.orientation, recipes)
    layer = _base(source, plans)
    made: dict[int, Made] = {}
    for index in sorted(range(len(plans)), key=lambda i: plans[i].scale):
        pixels = _resized(layer, plans[index])
        if recipes[index].fit == "inside":  # whole pictures cascade: the next is made of this one
            width, height = source.coded
            layer = _Layer(pixels, (width / pixels.width, height / pixels.height))
        made[index] = _encoded(recipes[index], _upright(pixels, source.orientation))
    return _color(layer.pixels), [made[index] for index in range(len(plans))]


def _plans(coded: Size, orientation: int, recipes: Sequence[Recipe]) -> list[Plan]:
    """The geometry as the pixels lie: they are turned last, when they are few."""
    plans = [recipe.plan(oriented(coded, orientation)) for recipe in recipes]
    return plans if oriented(coded, orientation) == coded else [plan.transposed() for plan in plans]


def _base(source: Source, plans: Sequence[Plan]) -> _Layer:
    """The source in sRGB, reduced as far as the largest thumbnail allows; alpha premultiplied."""
    image, scale = source.image, source.scale
    factor = max(1, int(_least_scale(source.coded, plans) / scale / _REDUCING_GAP))
    across, down = min(factor, image.width), min(factor, image.height)
    pixels = _plain(image)
    if (across, down) != (1, 1):
        pixels = pixels.reduce((across, down))
    pixels = _srgb(pixels, image.info.get("icc_profile"))
    return _Layer(pixels, (scale * across, scale * down))


def _least_scale(coded: Size, plans: Sequence[Plan]) -> float:
    """How many times smaller than the image the largest thumbnail is; 64 px where there is none."""
    return min((plan.scale for plan in plans), default=max(coded) / _COLOR_SIDE)


def _plain(source: Image.Image) -> Image.Image:
    """A mode that can be averaged: L, RGB, CMYK, or RGBa with its colour multiplied by alpha."""
    if source.mode.startswith("I"):
        return source.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if source.has_transparency_data:
        straight = source if source.mode == "RGBA" else source.convert("RGBA")
        return straight.convert("RGBa")
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
    return pixels.resize(plan.size, Image.Resampling.BICUBIC, box)


def _upright(pixels: Image.Image, orientation: int) -> Image.Image:
    """The picture as it is looked at, with straight alpha where there is any."""
    turned = pixels.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else pixels
    return _unmultiplied(turned)


def _unmultiplied(pixels: Image.Image) -> Image.Image:
    """Straight alpha again; none at all where everything is opaque."""
    if pixels.mode != "RGBa":
        return pixels
    straight = pixels.convert("RGBA")
    lowest, _ = straight.getchannel("A").getextrema()
    return straight.convert("RGB") if lowest == _OPAQUE else straight


def _encoded(recipe: Recipe, pixels: Image.Image) -> Made:
    image_format = recipe.format_for(alpha=pixels.mode == "RGBA")
    pixels.info = {}  # an ICC profile or a comment would be written otherwise
    sink = BytesIO()
    if image_format == "png":
        pixels.save(sink, "PNG")
    elif image_format == "webp":
        pixels.save(sink, "WEBP", quality=recipe.quality, method=recipe.method)
    elif image_format == "avif":
        pixels.save(sink, "AVIF", quality=recipe.quality, max_threads=1)
    else:
        pixels.save(sink, "JPEG", quality=recipe.quality)
    return Made(recipe.name, suffix(image_format), Size(*pixels.size), sink.getvalue())


def _color(pixels: Image.Image) -> str:
    """The average colour as #rrggbb; transparent pixels count for nothing."""
    pixel = pixels.resize((1, 1), Image.Resampling.BOX)
    if pixel.mode == "RGBa":
        pixel = pixel.convert("RGBA")
    return "#" + pixel.convert("RGB").tobytes().hex()


def _srgb(pixels: Image.Image, profile: object) -> Image.Image:
    """The pixels in sRGB; a profile that makes no sense is ignored, as browsers do."""
    if isinstance(profile, bytes) and profile and not _is_srgb(profile):
        converted = _through_profile(pixels, profile)
        if converted is not None:
            return converted
    return pixels.convert("RGB") if pixels.mode == "CMYK" else pixels


def _is_srgb(profile: bytes) -> bool:
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def _through_profile(pixels: Image.Image, profile: bytes) -> Image.Image | None:
    from PIL import ImageCms  # noqa: PLC0415 - few images need it, and it costs start-up

    mode = pixels.mode
    alpha = None
    if mode == "RGBa":
        straight = pixels.convert("RGBA")
        alpha, pixels, mode = straight.getchannel("A"), straight.convert("RGB"), "RGB"
    try:
        converted = ImageCms.applyTransform(pixels, _transform(profile, mode))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if converted is None:
        return None
    if alpha is not None:
        converted.putalpha(alpha)
        converted = converted.convert("RGBa")
    return converted


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """A colour transform; images of one site share their profile, and making it costs 1 ms."""
    from PIL import ImageCms  # noqa: PLC0415 - see above

    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), mode, "RGB"
    )
