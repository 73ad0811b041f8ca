"""Hash of what a picture looks like (dHash): alike pictures have hashes that differ in few bits.

Each of its 64 bits says whether the picture gets darker from one cell of a grid to the next, so a
format, a size or a little more light changes few of them. Half of the steps go across and half go
down, because the lines of a printed page, or the sky over a landscape, differ in one way only; the
last cell is compared with the first one, which tells most of pictures with a plain ground.
"""

from __future__ import annotations

import re
from operator import gt

from imgcache.model import Size

# The grids: long the way that the steps go.
WIDE, TALL = Size(8, 4), Size(4, 8)
BITS = WIDE.width * WIDE.height + TALL.width * TALL.height
_DIGITS = BITS // 4
_BINARY = bytes.maketrans(b"\0\1", b"01")
_HASH = re.compile(f"[0-9a-f]{{{_DIGITS}}}")


def of(wide: bytes, tall: bytes) -> str:
    """The hash, as 16 hex digits, of one picture in two grids of grey values, row by row."""
    rows = [wide[start : start + WIDE.width] for start in range(0, len(wide), WIDE.width)]
    columns = [tall[start :: TALL.width] for start in range(TALL.width)]
    cells = b"".join((*rows, *columns))
    others = b"".join(line[1:] + line[:1] for line in (*rows, *columns))
    bits = bytes(map(gt, cells, others)).translate(_BINARY)
    return f"{int(bits, 2):0{_DIGITS}x}"


def distance(one: str, other: str) -> int:
    """In how many of the 64 bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def is_dhash(given: str) -> bool:
    """Whether it has the form of such a hash."""
    return _HASH.fullmatch(given) is not None
