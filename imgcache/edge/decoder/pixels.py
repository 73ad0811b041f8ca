"""Decoder of files with a sound structure, by Pillow: pixels, or the reason why not."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO

from msgspec.structs import replace
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageChops,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from imgcache.core.images import colorspace
from imgcache.core.images.examine import Examined
from imgcache.core.images.formats import avif, bmp, first, gif, ico, png, webp
from imgcache.core.images.formats.structure import Structure
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import canvas, thumbnails
from imgcache.edge.decoder.miniature import Miniature
from imgcache.edge.decoder.thumbnails import DecodedImage
from imgcache.model import Format, Size

# The only decoders in this process; icons are cut to the one picture that is shown.
_PLUGINS = {
    Format.JPEG: JpegImagePlugin.JpegImageFile.format,
    Format.PNG: PngImagePlugin.PngImageFile.format,
    Format.GIF: GifImagePlugin.GifImageFile.format,
    Format.WEBP: WebPImagePlugin.WebPImageFile.format,
    Format.AVIF: AvifImagePlugin.AvifImageFile.format,
    Format.BMP: BmpImagePlugin.BmpImageFile.format,
    Format.ICO: IcoImagePlugin.IcoImageFile.format,
}
# What they get in place of a file that browsers support and they don't, or read in another way.
_PREPARED = {
    Format.ICO: ico.only,
    Format.GIF: gif.known,
    Format.AVIF: avif.known,
    Format.BMP: bmp.known,
    Format.WEBP: webp.known,
}
# What decoders raise for broken files; found by fuzzing, not in their documentation.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError, ZeroDivisionError, NotImplementedError, RecursionError, RuntimeError,
    AssertionError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
# Measured peak bytes a pixel; a decoder that runs out of memory does not always say so.
_PEAK = {Format.WEBP: 16.1, Format.AVIF: 9.6, Format.JPEG: 7.1, Format.GIF: 2.0}
_USUAL_PEAK = 8.1
_INTERPRETER = 160 << 20
_GREY = range(127, 130)
_UNREAD = b"\x5a" * 64


class UndecodableError(Exception):
    """The pixels can't be decoded; the message is a clause that says why."""


def prepare() -> None:
    """Sets Pillow up for a worker: our own pixel limit, one thread."""
    Image.preinit()  # it would be imported when the first thumbnail is written
    Image.MAX_IMAGE_PIXELS = None  # examine() has compared the size with our limit
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool is the parallelism


def memory_needed(examined: Examined) -> int:
    """About how many bytes the decode of this image takes."""
    canvas = examined.structure.canvas or Size(0, 0)
    peak = _PEAK.get(examined.format, _USUAL_PEAK) if examined.format else _USUAL_PEAK
    return int(canvas.width * canvas.height * peak) + _INTERPRETER


def decode(
    data: bytes, examined: Examined, recipes: Sequence[Recipe]
) -> tuple[Miniature, list[thumbnails.Made]]:
    """What the picture looks like and its thumbnails, from one decode that also proves the pixels.

    Raises UndecodableError, MemoryError where the process may have no more, and OSError for a fault
    of this machine.
    """
    structure = examined.structure
    try:
        if examined.format is Format.JPEG:
            source = _jpeg(data, structure, recipes)
        else:
            image = _whole(data, examined)
            source = DecodedImage(image, Size(*image.size), structure.orientation)
        profile = colorspace.profile(data, examined.format, source.image.info.get("icc_profile"))
        source = replace(source, profile=profile, drawn=_is_drawn(data, examined.format))
        return thumbnails.make(source, recipes)
    except Image.DecompressionBombError as exc:
        raise MemoryError from exc
    except _BROKEN as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise  # the system's; those of Pillow have no number
        raise UndecodableError("its pixels can't be decoded") from exc


def _is_drawn(data: bytes, fmt: Format | None) -> bool:
    """Whether the format or the header says that it is an icon or has a palette."""
    if fmt is Format.PNG:
        return png.has_few_colours(data)
    if fmt is Format.BMP:
        return bmp.has_palette(data)
    return fmt in (Format.GIF, Format.ICO)


def _whole(data: bytes, examined: Examined) -> Image.Image:
    """The first frame as a browser shows it, decoded at full size."""
    fmt, structure = examined.format, examined.structure
    if fmt is None:
        raise UndecodableError("no decoder claims it")
    file = _file(data, fmt, structure)
    frame = first.of_apng(file) if fmt is Format.PNG else None
    if frame and png.lacks_pixels(file):
        raise UndecodableError("the still picture of its animation holds too few pixels")
    file = frame.file if frame else file
    image = _opened(file, fmt)
    image.load()
    if fmt is Format.PNG and _may_lack_rows(image) and png.lacks_pixels(file):
        raise UndecodableError("it holds fewer pixels than its header says")
    image = canvas.completed(image, file, fmt)
    if frame and structure.canvas:
        image = canvas.placed(image, frame.place, structure.canvas)
    if fmt is not Format.ICO and image.size != structure.canvas:
        raise UndecodableError("its header lies about its size")
    return image.crop((0, 0, *structure.cropped)) if structure.cropped else image


def _file(data: bytes, fmt: Format, structure: Structure) -> bytes:
    """The bytes for the decoder: what it needs, in a form that it supports."""
    if fmt in _PREPARED:
        return _PREPARED[fmt](data)
    return structure.decodable(data)


def _may_lack_rows(image: Image.Image) -> bool:
    """Whether the last row is all zero, as Pillow leaves it where the pixels end early."""
    return bool(image.info.get("interlace")) or not _last_row(image).getbbox(alpha_only=False)


def _opened(file: bytes, fmt: Format) -> Image.Image:
    return Image.open(BytesIO(file), formats=(_PLUGINS[fmt],))


def _jpeg(data: bytes, structure: Structure, recipes: Sequence[Recipe]) -> DecodedImage:
    """A JPEG, decoded no larger than its thumbnails need."""
    source = _drafted(structure.decodable(data), structure, recipes)
    if _ends_grey(source.image) and structure.scan is not None:
        _refuse_forged(source.image, data, structure, recipes)
    return source


def _drafted(file: bytes, structure: Structure, recipes: Sequence[Recipe]) -> DecodedImage:
    image = _opened(file, Format.JPEG)
    if image.size != structure.canvas:
        raise UndecodableError("its header lies about its size")
    coded = Size(*image.size)
    scale = thumbnails.draft_scale(coded, structure.orientation, recipes)
    if scale > 1:
        drafted = image.draft(None, (max(coded.width // scale, 1), max(coded.height // scale, 1)))
        # Pillow reports the scale that it took: it allows none that makes a side 0.
        scale = round(coded.width / drafted[1][2]) if drafted else 1
    image.load()
    return DecodedImage(image, coded, structure.orientation, scale)


def _ends_grey(image: Image.Image) -> bool:
    """Whether the last row is the middle grey that libjpeg puts where data is missing."""
    last = _last_row(image)
    return all(
        low in _GREY and high in _GREY
        for low, high in (last.getchannel(band).getextrema() for band in last.getbands())
    )


def _last_row(image: Image.Image) -> Image.Image:
    return image.crop((0, image.height - 1, image.width, image.height))


def _refuse_forged(
    image: Image.Image, data: bytes, structure: Structure, recipes: Sequence[Recipe]
) -> None:
    """Raises UndecodableError where pixels are missing under a header that promises them.

    A decoder that has met all units of a scan never looks at what follows them; one that has not
    takes anything for pixels. So a few more bytes at the end of the scan change a forged image
    and no other.
    """
    _, end = structure.scan or (0, 0)
    longer = data[:end] + _UNREAD + data[end:]
    moved = tuple(
        (start + len(_UNREAD) * (start >= end), stop + len(_UNREAD) * (stop >= end))
        for start, stop in structure.parts
    )
    probe = _drafted(replace(structure, parts=moved).decodable(longer), structure, recipes)
    if ImageChops.difference(image, probe.image).getbbox() is not None:
        raise UndecodableError("it holds fewer pixels than its header says")
