"""One byte range of a request (RFC 9110 section 14); more than one is answered with the whole."""

from __future__ import annotations

import re

from msgspec import Struct

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Part(Struct, frozen=True):
    """The bytes from `start` to before `end` of a whole of `size`."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """The header of a 206."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class NotSatisfiableError(ValueError):
    """No byte of the whole is in the range that was asked for."""


def asked_part(header: str | None, size: int) -> Part | None:
    """The part that a Range header asks for; None where the whole is the answer.

    A header that is not exactly one range of bytes is ignored, as section 14.2 allows.

    Raises:
        NotSatisfiableError: The range lies behind the end, or is an empty suffix.
    """
    match = _ONE.fullmatch(header) if header is not None else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        last = int(match[2]) if match[2] else size - 1
        if match[2] and last < start:
            return None
        end = min(last + 1, size)
    if start >= end:
        raise NotSatisfiableError
    return Part(start, end, size)
