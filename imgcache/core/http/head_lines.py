"""Lines of a header section: the ones that a browser makes of an answer's bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDS = re.compile(rb"[\r\n]+")
# A carriage return alone, a line that goes on in the next one, a line without a colon.
_ODD = re.compile(rb"\r(?!\n)|\n[ \t]|\n[^:\r\n]+\r?\n")
_BLANKS = b" \t"


def as_browsers_read(head: bytes) -> bytes:
    """The whole head with plain lines: a folded one is joined, one without a colon is left out.

    Chromium's `HttpUtil::AssembleRawHeaders`: lines end at each CR and LF, and a line that begins
    with a blank goes on with the one before it. The parser then sees what a browser would see, and
    refuses what is still wrong. A NUL, which browsers refuse anywhere, is left to it.
    """
    if not _ODD.search(head) or b"\0" in head:
        return head
    status, *lines = _ENDS.split(head.rstrip(b"\r\n"))
    return b"\r\n".join([status, *_joined(lines), b"", b""])


def _joined(lines: list[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            parts.append(line.lstrip(_BLANKS))
            continue
        yield from _whole(parts)
        parts = [line]
    yield from _whole(parts)


def _whole(parts: list[bytes]) -> Iterator[bytes]:
    if parts and b":" in parts[0]:
        yield b" ".join(parts)
