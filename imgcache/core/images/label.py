"""Label of an image: what the answer says that it is, and what browsers refuse because of it."""

from __future__ import annotations

import re

from msgspec import Struct

from imgcache.model import Format

# Fetch, "opaque-response-safelist check", for a page on another host: with nosniff none of these is
# shown as an image.
_TEXTUAL = frozenset(
    {"text/html", "text/plain", "application/json", "application/json+protobuf", "text/json"}
)
_XML = frozenset({"text/xml", "application/xml"})
_VIDEO = "application/dash+xml"  # MPEG-DASH, which pages on other hosts ask for
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
_BLANKS = " \t\r\n"
# Chromium ends the essence at the first of these.
_PARAMETERS = re.compile(r"[ \t;(]")
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
            essence = _PARAMETERS.split(part.strip(_BLANKS), 1)[0].lower()
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
    is_xml = essence.endswith("+xml") and essence != _VIDEO
    return essence in _TEXTUAL | _XML or essence.endswith("+json") or is_xml
