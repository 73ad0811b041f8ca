"""Judges an image file before it is decoded: by its label, its structure and the limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from imgcache.core import sniff, svg
from imgcache.core.formats import avif, bmp, gif, ico, jpeg, jxl, png, webp
from imgcache.core.formats.structure import Structure
from imgcache.model import Format, Verdict

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
# Fetch, "opaque-response blocking": with nosniff, none of these is shown as an image.
_TEXTUAL = frozenset({"text/html", "text/plain", "application/json", "text/json"})
_XML = frozenset({"text/xml", "application/xml"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost: pixels of a canvas, frames, scans."""

    pixels: int
    frames: int
    scans: int


@dataclass(frozen=True, slots=True)
class Label:
    """What the answer said of the bytes: the Content-Type as received, and whether to trust it."""

    content_type: str | None = None
    nosniff: bool = False

    @property
    def essence(self) -> str:
        """Type and subtype in lower case, without parameters (MIME Sniffing section 4.1)."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    def forbids(self, fmt: Format) -> str | None:
        """Why browsers refuse an image of this format under this label; None if they don't."""
        if fmt is Format.SVG and self.essence != Format.SVG.media_type:
            shown = f"as {self.essence}" if self.essence else "without a Content-Type"
            return f"it is an SVG that is served {shown}; browsers want {Format.SVG.media_type}"
        if self.nosniff and fmt is not Format.SVG and _is_textual(self.essence):
            return f"it is served as {self.essence} with nosniff, so browsers refuse it"
        return None


def _is_textual(essence: str) -> bool:
    return essence in _TEXTUAL | _XML or essence.endswith(("+json", "+xml"))


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of an image before it is decoded; no `format` means that nothing shows it."""

    format: Format | None
    structure: Structure


def examine(data: bytes, label: Label, limits: Limits) -> Examined:
    """The format and the structure, with the flaw that weighs most; the rules in their order."""
    sniffed = sniff.sniff(data)
    if not data:
        return Examined(None, Structure(flaw=Verdict.EMPTY, detail="the answer has no bytes"))
    if sniffed.format is None:
        return Examined(None, _unshown(data, sniffed))
    structure = _WALKS[sniffed.format](data)
    if reason := label.forbids(sniffed.format):
        structure = replace(structure, flaw=Verdict.UNSUPPORTED_FORMAT, detail=reason)
    elif structure.flaw is not Verdict.UNSUPPORTED_FORMAT and (
        reason := _excess(structure, limits)
    ):
        # Before truncated and corrupt: a bomb is a bomb, however badly it is made.
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
