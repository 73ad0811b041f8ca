"""What Chromium paints of an image, and what its thumbnail holds, as pixels to compare."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from imgcache.config import ThumbnailSettings
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels

LIMITS = Limits(pixels=10**8, frames=1000, scans=100)
# Of 255: rounding everywhere; in the dark, a step of a steep curve.
MEAN, MOST = 0.7, 16.0
PAINT = """async source => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext('2d', {colorSpace: 'srgb', willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = '';
    for (let at = 0; at < data.length; at += 32768)
        text += String.fromCharCode(...data.subarray(at, at + 32768));
    return [canvas.width, canvas.height, btoa(text)];
}"""

Pixels = NDArray[np.float32]


def painted(page: Page, data: bytes) -> Pixels:
    """What Chromium makes of the image, as premultiplied RGBA."""
    fmt = examine(data, Label(), LIMITS).format
    assert fmt is not None
    source = f"data:{fmt.media_type};base64,{base64.b64encode(data).decode()}"
    width, height, text = page.evaluate(PAINT, source)
    rows = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
    return premultiplied(rows)


def premultiplied(rows: NDArray[np.uint8]) -> Pixels:
    floats = rows.astype(np.float32)
    floats[..., :3] *= floats[..., 3:] / 255
    return floats


def thumbnail(data: bytes, side: int = 320) -> Pixels:
    settings = ThumbnailSettings(format="png", width=side, height=side)
    _, (made,) = pixels.decode(data, examine(data, Label(), LIMITS), [Recipe.of("t", settings)])
    return premultiplied(np.asarray(Image.open(BytesIO(made.data)).convert("RGBA")))


def assert_alike(got: Pixels, want: Pixels, mean: float = MEAN, most: float = MOST) -> None:
    assert got.shape == want.shape
    difference = np.abs(got - want)
    assert (difference.mean() < mean, difference.max() < most) == (True, True), (
        difference.mean(),
        difference.max(),
    )
