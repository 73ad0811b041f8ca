"""Placeholder of a picture, as text: a tiny WebP in a data URI, shown while the picture loads."""

from __future__ import annotations

import re
from base64 import b64encode

SIDE = 16  # pixels, at most
MOST = 400  # characters
_BEGIN = "data:image/webp;base64,"
_PLACEHOLDER = re.compile(re.escape(_BEGIN) + "[A-Za-z0-9+/]+={0,2}")


def text(webp: bytes) -> str:
    """The data URI of these bytes; whether it is short enough is the caller's to see."""
    return _BEGIN + b64encode(webp).decode()


def is_placeholder(given: str) -> bool:
    """Whether it has the form of one, so that it can be written to pages as it is."""
    return len(given) <= MOST and _PLACEHOLDER.fullmatch(given) is not None
