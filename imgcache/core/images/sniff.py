"""File type detection by the first bytes; a label or a suffix is never used.

Sources: WHATWG MIME Sniffing sections 6.1 and 7.1, and the formats' own specifications.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from imgcache.core.images.formats import jxl
from imgcache.core.images.formats.bmp import HEADER_SIZES
from imgcache.core.images.formats.isobmff import brands, has_all_brands, is_avif
from imgcache.model import Format

# How much of a file has to be looked at: comments may stand long before an `<svg`.
ENOUGH = 64 << 10


class Sniffed(Struct, frozen=True):
    """What a file is: a format that browsers show, or the name of what it is instead.

    `name` is a noun with its article ("a TIFF image", "an HTML page"); `is_image` is true for
    what an image format claims, shown or not.
    """

    format: Format | None
    name: str
    is_image: bool = True


_SHOWN: tuple[tuple[Format, str, Callable[[bytes], bool]], ...] = (
    (Format.JPEG, "a JPEG image", lambda head: head.startswith(b"\xff\xd8\xff")),
    (Format.PNG, "a PNG image", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    (Format.GIF, "a GIF image", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    (
        Format.WEBP,
        "a WebP image",
        lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP",
    ),
    (Format.AVIF, "an AVIF image", is_avif),
    (
        Format.BMP,
        "a BMP image",
        lambda head: (
            head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in HEADER_SIZES
        ),
    ),
    (
        Format.ICO,
        "an icon",
        lambda head: head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and head[4:6] not in (b"", b"\0\0"),
    ),
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif3"}
_NOT_SHOWN: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("a TIFF image", lambda head: head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))),
    ("a Photoshop document", lambda head: head.startswith(b"8BPS")),
    ("an EPS or PostScript document", lambda head: head.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6"))),
    ("a HEIC image", lambda head: bool(brands(head) & _HEIF) and has_all_brands(head)),
    (
        "a JPEG 2000 image",
        lambda head: head.startswith((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")),
    ),
    ("a JPEG XL image", lambda head: head.startswith((jxl.CODESTREAM, jxl.CONTAINER))),
    ("a JPEG XR image", lambda head: head.startswith(b"II\xbc\x01")),
    ("a QOI image", lambda head: head.startswith(b"qoif")),
    ("a DDS image", lambda head: head.startswith(b"DDS ")),
    ("an OpenEXR image", lambda head: head.startswith(b"\x76\x2f\x31\x01")),
    ("a Radiance image", lambda head: head.startswith((b"#?RADIANCE", b"#?RGBE"))),
    ("a netpbm image", lambda head: re.match(rb"P[1-7f]\s", head) is not None),
    ("an Apple icon", lambda head: head.startswith(b"icns")),
    ("a Windows metafile", lambda head: head.startswith((b"\xd7\xcd\xc6\x9a", b"\1\0\0\0l\0\0\0"))),
    ("a FITS image", lambda head: head.startswith(b"SIMPLE  =")),
    ("a DjVu document", lambda head: head.startswith(b"AT&TFORM")),
)
_OTHER: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("a PDF document", lambda head: head.startswith(b"%PDF-")),
    ("gzip-compressed data", lambda head: head.startswith(b"\x1f\x8b")),
    ("a ZIP archive", lambda head: head.startswith(b"PK\3\4")),
    ("a video", lambda head: head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3")),
    ("audio or video", lambda head: head.startswith((b"RIFF", b"OggS", b"ID3"))),
)

# Blanks, an XML declaration, comments and a document type may stand before the root element. Each
# is atomic (no backtracking), or a few bytes could keep the matching busy.
_SVG = re.compile(
    r"\s*(?>(?><\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)\s*)*"
    r"<(?:[\w.-]+:)?svg[\s/>]",
    re.DOTALL,
)
# MIME Sniffing 7.1, the tags by which a browser knows HTML.
_HTML = re.compile(
    r"\s*(?>(?><!--.*?-->)\s*)*<(?:!doctype html|html|head|body|script|iframe|h1|div|font|table|a"
    r"|style|title|b|br|p|meta)[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniff(head: bytes) -> Sniffed:
    """What a file that begins with these bytes is; give it `ENOUGH` of them."""
    for fmt, name, claims in _SHOWN:
        if claims(head):
            return Sniffed(fmt, name)
    for name, claims in _NOT_SHOWN:
        if claims(head):
            return Sniffed(None, name)
    for name, claims in _OTHER:
        if claims(head):
            return Sniffed(None, name, is_image=False)
    return _text(head[:ENOUGH])


def _text(head: bytes) -> Sniffed:
    text = _decoded(head)
    if text is None:
        return Sniffed(None, "unknown data", is_image=False)
    if _SVG.match(text):
        return Sniffed(Format.SVG, "an SVG image")
    if _HTML.match(text):
        return Sniffed(None, "an HTML page", is_image=False)
    start = text.lstrip()
    if start.startswith("<?xml"):
        return Sniffed(None, "an XML document", is_image=False)
    if start.startswith(("{", "[")):
        return Sniffed(None, "JSON", is_image=False)
    return Sniffed(None, "plain text", is_image=False)


def _decoded(head: bytes) -> str | None:
    """The bytes as text, by their byte order mark or as UTF-8; None for what is no text."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    if _BINARY.search(head, 0, 1024):
        return None
    return head.decode("utf-8", "replace")
