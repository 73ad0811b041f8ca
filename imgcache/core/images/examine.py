"""Checks of an image file before it is decoded: its label, its structure and the limits."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.images import sniff, svg
from imgcache.core.images.formats import avif, bmp, gif, ico, jpeg, jxl, png, webp
from imgcache.core.images.formats.structure import Structure
from imgcache.core.images.limits import Limits
from imgcache.core.images.sniff import ENOUGH
from imgcache.model import Failure, Format, Size, Verdict

_WALKS: dict[Format, Callable[[bytes], Structure]] = {
    Format.JPEG: jpeg.walk,
    Format.PNG: png.walk,
    Format.GIF: gif.walk,
    Format.WEBP: webp.walk,
    Format.AVIF: avif.walk,
    Format.BMP: bmp.walk,
    Format.ICO: ico.walk,
    Format.SVG: svg.walk,
}
# Fetch, "opaque-response-safelist check", for a page on another host: with nosniff none of these is
# shown as an image.
_TEXTUAL = frozenset({"text/html", "text/plain", "application/json", "text/json"})
_XML = frozenset({"text/xml", "application/xml"})
# The same, "opaque-blocklisted-never-sniffed MIME type": never sniffed, nosniff or not.
_OFFICE = "application/vnd.openxmlformats-officedocument."
_NEVER_SNIFFED = frozenset(
    {
        "application/gzip", "application/msexcel", "application/mspowerpoint",
        "application/msword", "application/msword-template", "application/pdf",
        "application/vnd.ces-quickpoint", "application/vnd.ces-quicksheet",
        "application/vnd.ces-quickword", "application/vnd.ms-excel",
        "application/vnd.ms-excel.sheet.macroenabled.12", "application/vnd.ms-powerpoint",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12", "application/vnd.ms-word",
        "application/vnd.ms-word.document.12", "application/vnd.ms-word.document.macroenabled.12",
        "application/vnd.msword", _OFFICE + "presentationml.presentation",
        _OFFICE + "presentationml.template", _OFFICE + "spreadsheetml.sheet",
        _OFFICE + "spreadsheetml.template", _OFFICE + "wordprocessingml.document",
        _OFFICE + "wordprocessingml.template", "application/vnd.presentation-openxml",
        "application/vnd.presentation-openxmlm", "application/vnd.spreadsheet-openxml",
        "application/vnd.wordprocessing-openxml", "application/x-gzip", "application/x-protobuf",
        "application/x-protobuffer", "application/zip", "multipart/byteranges",
        "multipart/signed", "text/csv", "text/event-stream",
    }
)  # fmt: skip
_ESSENCE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")


class Label(Struct, frozen=True):
    """What the answer said of the bytes: the Content-Type as received, and whether to trust it."""

    content_type: str | None = None
    nosniff: bool = False

    @property
    def essence(self) -> str:
        """Type and subtype in lower case, without parameters; the last one of several.

        Fetch, "extract a MIME type"; MIME Sniffing section 4.4.
        """
        for part in reversed((self.content_type or "").split(",")):
            essence = part.partition(";")[0].strip().lower()
            if essence != "*/*" and _ESSENCE.fullmatch(essence):
                return essence
        return ""

    def forbids(self, fmt: Format) -> str | None:
        """Why browsers refuse an image of this format under this label; None if they don't."""
        is_svg = self.essence == Format.SVG.media_type
        if fmt is Format.SVG and not is_svg:
            shown = f"as {self.essence}" if self.essence else "without a Content-Type"
            return f"it is an SVG that is served {shown}; browsers want {Format.SVG.media_type}"
        if fmt is not Format.SVG and is_svg:
            return f"it is served as {self.essence}, so browsers take it for an SVG"
        if self.essence in _NEVER_SNIFFED:
            return f"it is served as {self.essence}, so browsers refuse it"
        if self.nosniff and fmt is not Format.SVG and _is_textual(self.essence):
            return f"it is served as {self.essence} with nosniff, so browsers refuse it"
        return None


def _is_textual(essence: str) -> bool:
    return essence in _TEXTUAL | _XML or essence.endswith(("+json", "+xml"))


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
    if structure.flaw in (Verdict.UNSUPPORTED_FORMAT, Verdict.TOO_MANY_PIXELS):
        return _settled(found)
    if structure.size is None:
        return None
    return Sized(found.format, structure.size, structure.has_position)


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
