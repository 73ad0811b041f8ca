"""Generator of the demo's pictures: no network and no stock photos needed."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from imgcache.model import Size

_SKY, _EARTH = (70, 130, 180), (46, 74, 48)
_QUALITY = 88


def landscape(size: Size, caption: str) -> bytes:
    """A JPEG of exactly this size: a sky, a sun, hills, and a caption."""
    image = Image.linear_gradient("L").resize(size)
    picture = Image.composite(
        Image.new("RGB", size, (250, 214, 165)), Image.new("RGB", size, _SKY), image
    )
    draw = ImageDraw.Draw(picture)
    width, height = size
    sun = min(size) // 8
    centre = (width * 2 // 3, height // 3)
    draw.ellipse(
        (centre[0] - sun, centre[1] - sun, centre[0] + sun, centre[1] + sun), fill=(255, 236, 179)
    )
    for step in range(3):
        top = height * (6 + step) // 10
        shade = tuple(channel * (4 - step) // 4 for channel in _EARTH)
        box = (-width // 2 + step * width // 3, top, width + step * width // 4, 2 * height)
        draw.ellipse(box, fill=shade)
    draw.text((width // 40, height * 37 // 40), caption, fill="white", font_size=height // 24)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
