"""Lines of a header section: the ones that a browser makes of an answer's bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDS = re.compile(rb"[\r\n]+")
_BLANKS = b" \t"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A status line and headers as RFC 9112 section 5 has them, long values in one line each.
_IN_ORDER = re.compile(rb"[^\0\r\n]*\r?\n(?:%b:[^\0\r\n]*\r?\n)*\r?\n" % _TOKEN.pattern)


def as_browsers_read(head: bytes) -> bytes:
    """The whole head with plain lines: folded ones are joined, those that are no headers left out.

    Chromium's `HttpUtil::AssembleRawHeaders`: lines end at each CR and LF, and a line that begins
    with a blank goes on with the header before it. No header is a line without a colon, or with a
    name that is no token (RFC 9110 section 5.1); blanks before the colon are dropped. The parser
    then sees what a browser would see, and refuses what is still wrong. A NUL, which browsers
    refuse anywhere, is left to it.
    """
    if _IN_ORDER.fullmatch(head) or b"\0" in head:
        return head
    status, *lines = _ENDS.split(head.rstrip(b"\r\n"))
    return b"\r\n".join([status, *_headers(lines), b"", b""])


def _headers(lines: list[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            parts += [line.lstrip(_BLANKS)] if parts else []
            continue
        if parts:
            yield b" ".join(parts)
        name, colon, value = line.partition(b":")
        name = name.rstrip(_BLANKS)
        parts = [name + colon + value] if colon and _TOKEN.fullmatch(name) else []
    if parts:
        yield b" ".join(parts)
