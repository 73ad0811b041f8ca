"""Photographs that PyPI packages ship, and pictures of any size put together from them."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct
from PIL import Image, ImageEnhance

# Scenes are drawn more often than textures. Left: in scikit-image's folder of pictures.
SHIPPED = {
    "astronaut.png": 4,
    "chelsea.png": 4,
    "coffee.png": 4,
    "rocket.jpg": 4,
    "motorcycle_left.png": 5,
    "hubble_deep_field.jpg": 2,
    "camera.png": 2,
    "retina.jpg": 1,
    "grass.png": 1,
    "gravel.png": 1,
    "brick.png": 1,
}
IN_WHEEL = {"sklearn/datasets/images/china.jpg": 6, "sklearn/datasets/images/flower.jpg": 5}
FLIP, FLOP = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM


class Photograph(Struct, frozen=True):
    """A photograph, mirrored to both sides so that a large cut of it has no seam."""

    mirrored: Image.Image
    weight: int


def load(wheel: Path | None) -> list[Photograph]:
    """Those of scikit-image, and of scikit-learn's wheel where there is one."""
    skimage = find_spec("skimage")
    if skimage is None or skimage.origin is None:
        raise SystemExit("scikit-image is not installed: its photographs are what pictures are of")
    folder = Path(skimage.origin).parent / "data"
    found = [(folder / name).read_bytes() for name in SHIPPED]
    weights = list(SHIPPED.values())
    if wheel is not None:
        with zipfile.ZipFile(wheel) as packed:
            found += [packed.read(name) for name in IN_WHEEL]
        weights += IN_WHEEL.values()
    opened = (Image.open(io.BytesIO(one)).convert("RGB") for one in found)
    return [Photograph(_mirrored(one), weight) for one, weight in zip(opened, weights, strict=True)]


def _mirrored(one: Image.Image) -> Image.Image:
    width, height = one.size
    whole = Image.new("RGB", (2 * width, 2 * height))
    for column, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
        part = one.transpose(FLIP) if column else one
        whole.paste(part.transpose(FLOP) if row else part, (column * width, row * height))
    return whole


def picture(
    rng: random.Random, photographs: Iterable[Photograph], size: tuple[int, int]
) -> Image.Image:
    """A scene of this size, or two that pass over into each other; its tone and noise vary."""
    every = list(photographs)
    first, second = rng.choices(every, [one.weight for one in every], k=2)
    image = _cut(rng, first.mirrored, size)
    if rng.random() < 0.5:
        mask = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(size)
        image = Image.composite(image, _cut(rng, second.mirrored, size), mask)
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.8, 1.2))
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.6, 1.3))
    return _grainy(rng, image, rng.choice((0, 0, 0, 0.005, 0.01, 0.015)))


def _cut(rng: random.Random, mirrored: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A part of the photograph at about its own scale, so that little detail is invented."""
    fits = max(size[0] / mirrored.width, size[1] / mirrored.height) * 1.2
    scale = max(fits, rng.uniform(0.6, 1.6))
    width, height = size[0] / scale, size[1] / scale
    left, top = rng.uniform(0, mirrored.width - width), rng.uniform(0, mirrored.height - height)
    box = (left, top, left + width, top + height)
    return mirrored.resize(size, Image.Resampling.BICUBIC, box=box)


def _grainy(rng: random.Random, image: Image.Image, share: float) -> Image.Image:
    """A share of grey noise, as sensors add it."""
    if not share:
        return image
    noise = Image.frombytes("L", image.size, rng.randbytes(image.width * image.height))
    return Image.blend(image, noise.convert("RGB"), share)
