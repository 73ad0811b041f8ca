"""Structure of an image file: what a walk finds without decoding a pixel."""

from __future__ import annotations

from msgspec import Struct

from imgcache.model import Size, Verdict

Span = tuple[int, int]
# A flaw and why, as `Structure` has them; no flaw is (None, "").
Finding = tuple[Verdict | None, str]

# EXIF orientations (tag 0x0112) 5 to 8 exchange width and height (CIPA DC-008, 4.6.4 A).
_TRANSPOSED = range(5, 9)


class Structure(Struct, frozen=True):
    """The facts of one image file, read from its structure.

    Attributes:
        size: what a browser shows (naturalWidth x naturalHeight); None where the header is missing.
        headed: whether all is there that decides the size, so that no more bytes can change it.
        canvas: the pixels a decoder has to hold, before any orientation.
        cropped: what is shown of the canvas, from its upper left corner; None where it is all.
        orientation: 1 to 8 as in EXIF.
        frames: animation frames that are there or announced, whichever is more.
        scans: passes over the pixels (progressive JPEG), else 1.
        flaw: TRUNCATED, CORRUPT, UNSUPPORTED_FORMAT, or TOO_MANY_PIXELS where no setting of ours
            is the limit; None for a sound structure.
        detail: why, as a clause for the message.
        parts: the byte ranges a decoder needs, without metadata; empty means all.
        scan: where the entropy-coded data of the first scan lies (JPEG only).
        has_position: whether its EXIF has GPS coordinates; None where that was not read.
    """

    size: Size | None = None
    headed: bool = True
    canvas: Size | None = None
    cropped: Size | None = None
    orientation: int = 1
    frames: int = 1
    scans: int = 1
    flaw: Verdict | None = None
    detail: str = ""
    parts: tuple[Span, ...] = ()
    scan: Span | None = None
    has_position: bool | None = False

    def decodable(self, data: bytes) -> bytes:
        """The bytes a decoder needs: the image without metadata, comments and what follows it."""
        if not self.parts:
            return data
        view = memoryview(data)
        return b"".join(view[start:end] for start, end in self.parts)


def oriented(size: Size, orientation: int) -> Size:
    """The size after the orientation is applied."""
    return Size(size.height, size.width) if orientation in _TRANSPOSED else size


def truncated(detail: str = "the image's own end is missing") -> Finding:
    """The flaw of a file that ends early."""
    return Verdict.TRUNCATED, detail


def sizeless() -> Finding:
    """The flaw of a file whose width or height is 0, or missing."""
    return Verdict.CORRUPT, "its header gives no size"


class ShortError(Exception):
    """The bytes end inside of a header; walkers raise and catch it, it never leaves them."""


def take(data: bytes, start: int, length: int) -> bytes:
    """Exactly `length` bytes from `start`; raises ShortError where they end before that."""
    piece = data[start : start + length]
    if len(piece) < length:
        raise ShortError
    return piece
