"""Checks of an image file before it is decoded: its label, its structure and the limits."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.images import sniff
from imgcache.core.images.formats import avif, bmp, gif, ico, jpeg, jxl, png, webp
from imgcache.core.images.formats.structure import Structure, sizeless
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.sniff import ENOUGH
from imgcache.model import Failure, Format, Size, Verdict


def _svg(data: bytes) -> Structure:
    from imgcache.core.images import svg  # noqa: PLC0415  it brings an XML parser along, for few

    return svg.walk(data)


_WALKS: dict[Format, Callable[[bytes], Structure]] = {
    Format.JPEG: jpeg.walk,
    Format.PNG: png.walk,
    Format.GIF: gif.walk,
    Format.WEBP: webp.walk,
    Format.AVIF: avif.walk,
    Format.BMP: bmp.walk,
    Format.ICO: ico.walk,
    Format.SVG: _svg,
}


class Examined(Struct, frozen=True):
    """What is known of an image before it is decoded; without `format` browsers don't show it."""

    format: Format | None
    structure: Structure


def examine(data: bytes, label: Label | None, limits: Limits) -> Examined:
    """The format and the structure, with the flaw that weighs most; the rules in their order.

    Without a label, no rule about labels applies.
    """
    sniffed = sniff.sniff(data)
    if not data:
        return Examined(None, Structure(flaw=Verdict.EMPTY, detail="the answer has no bytes"))
    if sniffed.format is None:
        return Examined(None, _unshown(data, sniffed))
    structure = _WALKS[sniffed.format](data)
    if label is not None and (reason := label.forbids(sniffed.format)):
        structure = replace(structure, flaw=Verdict.UNSUPPORTED_FORMAT, detail=reason)
    elif structure.flaw is not Verdict.UNSUPPORTED_FORMAT and (
        reason := _excess(structure, limits)
    ):
        # Before truncated and corrupt: a damaged decompression bomb is still one.
        structure = replace(structure, flaw=Verdict.TOO_MANY_PIXELS, detail=reason)
    return Examined(sniffed.format, structure)


def _unshown(data: bytes, sniffed: sniff.Sniffed) -> Structure:
    if data.startswith((jxl.CODESTREAM, jxl.CONTAINER)):
        return jxl.walk(data)
    if sniffed.is_image:
        detail = f"it is {sniffed.name}, which browsers don't show"
        return Structure(flaw=Verdict.UNSUPPORTED_FORMAT, detail=detail)
    return Structure(flaw=Verdict.NOT_AN_IMAGE, detail=f"it is {sniffed.name}")


def _excess(structure: Structure, limits: Limits) -> str | None:
    canvas = structure.canvas
    if canvas is not None and canvas.width * canvas.height > limits.pixels:
        return f"it has {canvas.width * canvas.height:,} pixels; the limit is {limits.pixels:,}"
    if structure.frames > limits.frames:
        return f"it has {structure.frames:,} frames; the limit is {limits.frames:,}"
    if structure.scans > limits.scans:
        return f"it has {structure.scans:,} scans; the limit is {limits.scans:,}"
    return None


# What a probe asks for at first: most headers, EXIF included, end well before that.
FIRST_BYTES = 1 << 14


class Sized(Struct, frozen=True):
    """An image's format, and the size that a browser will show.

    `has_position`: whether its EXIF has GPS coordinates; None where these bytes don't tell.
    """

    format: Format
    size: Size
    has_position: bool | None = None


def judge_prefix(data: bytes, label: Label | None, limits: Limits) -> Sized | Failure | None:
    """What these first bytes of a longer file settle; None where more of it is needed.

    A flaw that more bytes could fix is not settled; a limit that is passed already is. Nothing
    is while a part of the header is missing that could change the size.
    """
    found = examine(data, label, limits)
    structure = found.structure
    if found.format is None:
        return _settled(found) if len(data) >= ENOUGH or _is_known(structure) else None
    if not structure.headed:
        return None
    if _is_beyond_repair(found):
        return _settled(found)
    if structure.size is None:
        return None
    if 0 in structure.size:
        flaw, detail = sizeless()
        return _settled(replace(found, structure=replace(structure, flaw=flaw, detail=detail)))
    return Sized(found.format, structure.size, structure.has_position)


def _is_beyond_repair(found: Examined) -> bool:
    """Whether no more bytes mend it: a file that ends too early is `truncated`, never `corrupt`.

    But for AVIF, whose boxes are only known to be the wrong ones when all have come.
    """
    flaw = found.structure.flaw
    if flaw is Verdict.CORRUPT:
        return found.format is not Format.AVIF
    return flaw in (Verdict.UNSUPPORTED_FORMAT, Verdict.TOO_MANY_PIXELS)


def _is_known(structure: Structure) -> bool:
    """Whether the first bytes already show an image format that browsers don't show."""
    return structure.flaw is Verdict.UNSUPPORTED_FORMAT and structure.headed


def _settled(found: Examined) -> Failure:
    structure = found.structure
    return Failure(
        structure.flaw or Verdict.NOT_AN_IMAGE,
        structure.detail,
        size=structure.size,
        format=found.format,
    )
