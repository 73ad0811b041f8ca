"""Pairs of pictures that are the same one or another: the hash tells them apart by the default.

Photographs and drawings of scikit-image's wheel, changed as hosts change theirs, and as what takes
the place of a picture that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations

import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from imgcache.config import DriftSettings, ThumbnailSettings
from imgcache.core.images.dhash import distance
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels
from tests.support import pictures

LIMITS = Limits(pixels=10**8, frames=1000, scans=100)
USUAL = [Recipe.of("small", ThumbnailSettings())]
MOST = DriftSettings().distance
# Scenes, textures, what a microscope, a scanner and a drawing program give; also nearly flat ones.
NAMES = (
    *("astronaut", "coffee", "cat", "rocket", "camera", "coins", "moon", "page", "text", "clock"),
    *("grass", "gravel", "brick", "cell", "hubble_deep_field", "immunohistochemistry", "logo"),
    *("retina", "horse", "colorwheel"),
)
# Both are bright in the middle and dark around it: 18 bits apart, and told in docs/replaced.md.
LOOK_ALIKE = {("rocket", "retina")}
Change = Callable[[Image.Image], bytes]
Size = tuple[int, int]


@cache
def picture(name: str) -> Image.Image:
    """One of the set, without transparency."""
    found = getattr(skimage.data, name)()
    image = Image.fromarray((found * 255).astype("uint8") if found.dtype == bool else found)
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return ground


def hash_of(data: bytes, recipes: list[Recipe] = USUAL) -> str:
    seen, _ = pixels.decode(data, examine(data, Label(), LIMITS), recipes)
    return seen.dhash


@cache
def known(name: str) -> str:
    """The hash of the good copy."""
    return hash_of(jpeg(picture(name), 90))


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    return pictures.saved(image, "JPEG", quality=quality)


def narrowed(image: Image.Image, width: int, quality: int) -> bytes:
    size = (width, max(1, round(width * image.height / image.width)))
    return jpeg(image.resize(size, Image.Resampling.LANCZOS), quality)


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> bytes:
    """By these shares of its sides."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    first, above, last, below = map(round, box)
    return jpeg(image.crop((first, above, last, below)))


SAME: Mapping[str, Change] = {
    "quality 70": lambda image: jpeg(image, 70),
    "quality 30": lambda image: jpeg(image, 30),
    "progressive": lambda image: pictures.saved(image, "JPEG", quality=60, progressive=True),
    "half": lambda image: narrowed(image, image.width // 2, 85),
    "double": lambda image: narrowed(image, image.width * 2, 80),
    "small": lambda image: narrowed(image, 160, 70),
    "PNG": lambda image: pictures.saved(image, "PNG"),
    "WebP": lambda image: pictures.saved(image, "WEBP", quality=60),
    "AVIF": lambda image: pictures.saved(image, "AVIF", quality=50),
    "GIF": lambda image: pictures.saved(image.quantize(64), "GIF"),
    "cropped around": lambda image: cropped(image, 0.01, 0.01, 0.01, 0.01),
    "cropped left": lambda image: cropped(image, 0.02, 0, 0, 0),
    "cropped above": lambda image: cropped(image, 0, 0.02, 0, 0),
    "brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.2)),
    "darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.8)),
    "more contrast": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(1.2)),
    "grey": lambda image: jpeg(image.convert("L")),
}


def written(size: Size, text: str, ink: str, ground: str) -> Image.Image:
    image = Image.new("RGB", size, ground)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(10, size[0] // 14))
    _, _, right, bottom = draw.textbbox((0, 0), text, font=font)
    draw.text(((size[0] - right) / 2, (size[1] - bottom) / 2), text, fill=ink, font=font)
    return image


def broken_image(size: Size) -> Image.Image:
    """The sign of a landscape in a frame."""
    width, height = size
    image = Image.new("RGB", size, "#dddddd")
    draw = ImageDraw.Draw(image)
    frame = (width * 0.3, height * 0.3, width * 0.7, height * 0.7)
    draw.rectangle(frame, outline="#999999", width=max(2, width // 80))
    peaks = [(0.33, 0.67), (0.45, 0.45), (0.55, 0.58), (0.6, 0.52), (0.67, 0.67)]
    draw.polygon([(x * width, y * height) for x, y in peaks], fill="#999999")
    return image


def parked(size: Size) -> Image.Image:
    """A page of a domain that is for sale."""
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for y in range(height):
        draw.line((0, y, width, y), fill=(20 + 60 * y // height, 60 + 80 * y // height, 160))
    font = ImageFont.load_default(max(10, width // 12))
    draw.text((width * 0.1, height * 0.2), "This domain is for sale", fill="white", font=font)
    for row in range(4):
        top = height * (0.42 + 0.13 * row)
        draw.rectangle((width * 0.1, top, width * 0.9, top + height * 0.1), fill="#f4f4f4")
    return image


STAND_INS: Mapping[str, Callable[[Size], Image.Image]] = {
    "not available": lambda size: written(size, "image not available", "#888888", "#e8e8e8"),
    "no longer": lambda size: written(size, "This image is no longer here", "white", "#c00000"),
    "broken image": broken_image,
    "parked": parked,
    "nothing": lambda size: Image.new("RGB", size, "#cccccc"),
}


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_picture_is_never_replaced(name: str, change: str) -> None:
    assert distance(known(name), hash_of(SAME[change](picture(name)))) <= MOST


@pytest.mark.parametrize("stand_in", STAND_INS)
@pytest.mark.parametrize("name", NAMES)
def test_what_takes_its_place_always_is(name: str, stand_in: str) -> None:
    shown = STAND_INS[stand_in](picture(name).size)
    for data in (jpeg(shown), pictures.saved(shown, "PNG")):
        assert distance(known(name), hash_of(data)) > MOST


@pytest.mark.parametrize("pair", list(combinations(NAMES, 2)))
def test_so_is_another_picture_of_the_same_size(pair: tuple[str, str]) -> None:
    name, other = pair
    shown = picture(other).resize(picture(name).size, Image.Resampling.LANCZOS)
    is_another = distance(known(name), hash_of(jpeg(shown))) > MOST
    assert is_another or pair in LOOK_ALIKE
