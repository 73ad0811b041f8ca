"""One picture told in all ways that files have, and what thumbnails make of it: a sheet to look at.

    python -m tests.support.contact_sheet docs/thumbnails.webp

The photographs are scikit-image's own copies of works in the public domain: Chelsea the cat
(Stefan van der Walt, CC0) and Eileen Collins (NASA).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import skimage.data
from PIL import Image, ImageCms, ImageDraw

from imgcache.config import ThumbnailSettings
from imgcache.core.images import cicp
from imgcache.core.images.examine import examine
from imgcache.core.images.icc import ColorSpace, rgb_profile
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels
from tests.support import colours, pictures
from tests.support.colours import code_points, gama, trns

SIDE, MARGIN, CAPTION, COLUMNS = 152, 10, 16, 6
LIMITS = Limits(pixels=10**8, frames=1000, scans=100)


def cat() -> Image.Image:
    return Image.fromarray(skimage.data.cat())  # type: ignore[no-untyped-call]


def face() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()).crop((90, 0, 390, 300))  # type: ignore[no-untyped-call]


def in_space(profile: bytes) -> Image.Image:
    """The cat as a camera with this colour space would have stored it."""
    target = ImageCms.ImageCmsProfile(BytesIO(profile))
    stored = ImageCms.profileToProfile(cat(), ImageCms.createProfile("sRGB"), target)
    assert stored is not None
    return stored


def jpeg(image: Image.Image, profile: bytes | None = None, orientation: int = 1) -> bytes:
    turned = image.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else image
    exif = pictures.exif(orientation)
    return pictures.saved(turned, "JPEG", quality=95, icc_profile=profile, exif=exif)


def raw(image: Image.Image, *extra: bytes, wide: bool = False) -> bytes:
    """A PNG of these chunks; `wide` has 16 bits a sample."""
    colour = 0 if image.mode == "L" else 2
    samples = image.tobytes()
    if wide:
        samples = struct.pack(f">{len(samples)}H", *(257 * sample for sample in samples))
    row = len(samples) // image.height
    rows = b"".join(b"\0" + samples[at : at + row] for at in range(0, len(samples), row))
    depth = 16 if wide else 8
    return pictures.raw_png(*image.size, rows=rows, depth=depth, colour=colour, extra=extra)


def bent(curve: Callable[[float], float]) -> Image.Image:
    """The cat as stored under another curve than sRGB's."""
    light = cicp.curve(curve)
    places = range(len(light))
    table = [
        round(
            255 * min(places, key=lambda at: abs(light[at] - cicp.srgb(v / 255))) / (len(light) - 1)
        )
        for v in range(256)
    ]
    return cat().point(table * 3)


def cut_out(mode: str) -> Image.Image:
    """A face in a soft circle; what is invisible around it is black."""
    image = face()
    mask = Image.new("L", (4 * image.width, 4 * image.height))
    ImageDraw.Draw(mask).ellipse((40, 40, mask.width - 40, mask.height - 40), fill=255)
    mask = mask.resize(image.size)
    black = Image.new("RGB", image.size)
    black.paste(image, mask=mask.point(lambda value: 255 * (value > 0)))
    result = black.convert(mode)
    result.putalpha(mask)
    return result


def palette() -> bytes:
    """127 colours and a transparent one."""
    image = cut_out("RGBA")
    flat = image.convert("RGB").quantize(127)
    flat.putpalette([*(flat.getpalette() or [])[: 3 * 127], 0, 0, 0])
    flat.paste(127, mask=image.getchannel("A").point(lambda value: 255 * (value < 128)))
    return pictures.saved(flat, "PNG", transparency=127)


def small_frame() -> bytes:
    still = pictures.saved(face().resize((200, 200)).quantize(255), "GIF")
    body = still.index(b",", 13 + (6 << (still[10] & 7)))
    screen = still[:6] + struct.pack("<HH", 300, 300) + still[10:body]
    return screen + b"," + struct.pack("<HHHH", 50, 50, 200, 200) + still[body + 9 :]


def avif(primaries: int, transfer: int, image: Image.Image) -> bytes:
    data = pictures.saved(image, "AVIF", quality=90, speed=8, max_threads=1)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def cells() -> dict[str, bytes]:
    """Captions and files."""
    adobe = rgb_profile(ColorSpace(colours.ADOBE, colours.power(2.2)))
    inks = cat().point(lambda value: 255 - value).split()
    press = Image.merge("CMYK", (*inks, Image.new("L", cat().size)))
    naive = cat().convert("CMYK")
    video = rgb_profile(ColorSpace(colours.SRGB, colours.power(2.4)))
    key = raw(face().convert("L").point(lambda v: max(v, 60)), trns(60 * 257), wide=True)
    return {
        "JPEG": jpeg(cat()),
        "turned by EXIF": jpeg(cat(), orientation=6),
        "Display P3": jpeg(in_space(colours.P3_PROFILE), colours.P3_PROFILE),
        "Adobe RGB": jpeg(in_space(adobe), adobe),
        "ProPhoto": jpeg(in_space(colours.PROPHOTO_PROFILE), colours.PROPHOTO_PROFILE),
        "CMYK": jpeg(naive),
        "CMYK, inks of a press": jpeg(press, colours.press_profile()),
        "PNG, gamma 1.8": raw(bent(cicp.gamma(1.8)), gama(55556)),
        "PNG, linear light": raw(bent(cicp.gamma(1.0)), gama(100_000)),
        "PNG, P3 by code points": raw(in_space(colours.P3_PROFILE), code_points(12, 13)),
        "PNG, BT.709": raw(in_space(video), code_points(1, 1)),
        "AVIF, P3": avif(12, 13, in_space(colours.P3_PROFILE)),
        "16 bits": raw(cat(), wide=True),
        "16 bits, grey": raw(cat().convert("L"), wide=True),
        "16 bits, a key": key,
        "alpha": pictures.saved(cut_out("RGBA"), "PNG"),
        "grey and alpha": pictures.saved(cut_out("LA"), "PNG"),
        "palette, a key": palette(),
        "GIF, a small first frame": small_frame(),
        "WebP with alpha": pictures.saved(cut_out("RGBA"), "WEBP", quality=90),
        "2400 x 60": jpeg(cat().resize((2400, 60))),
        "60 x 2400": jpeg(cat().resize((60, 2400))),
        "24 x 24": pictures.saved(face().resize((24, 24)), "PNG"),
        "1-bit": pictures.saved(cat().convert("1"), "PNG"),
    }


def thumbnail(data: bytes) -> Image.Image:
    settings = ThumbnailSettings(width=SIDE, height=SIDE, quality=90)
    _, (made,) = pixels.decode(data, examine(data, Label(), LIMITS), [Recipe.of("t", settings)])
    return pictures.opened(made.data).convert("RGBA")


def checkered(size: tuple[int, int]) -> Image.Image:
    squares = Image.new("L", (2, 2), 255)
    squares.putpixel((0, 0), 215)
    squares.putpixel((1, 1), 215)
    tile = squares.resize((16, 16), Image.Resampling.NEAREST).convert("RGB")
    whole = Image.new("RGB", size)
    for left in range(0, size[0], 16):
        for top in range(0, size[1], 16):
            whole.paste(tile, (left, top))
    return whole


def sheet() -> Image.Image:
    shown = {caption: thumbnail(data) for caption, data in cells().items()}
    rows = -(-len(shown) // COLUMNS)
    across, down = SIDE + MARGIN, SIDE + MARGIN + CAPTION
    page = Image.new("RGB", (COLUMNS * across + MARGIN, rows * down + MARGIN), "white")
    draw = ImageDraw.Draw(page)
    for number, (caption, image) in enumerate(shown.items()):
        left, top = MARGIN + number % COLUMNS * across, MARGIN + number // COLUMNS * down
        place = (left + (SIDE - image.width) // 2, top + (SIDE - image.height) // 2)
        page.paste(checkered(image.size), place)
        page.paste(image, place, image)
        draw.text((left, top + SIDE + 1), caption, fill="black", font_size=12)
    return page


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pictures.saved(sheet(), "WEBP", quality=80, method=6))
