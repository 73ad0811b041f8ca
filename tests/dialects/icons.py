"""ICO and CUR: which of several pictures browsers pick, as PNG and as BMP."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imgcache.model import Verdict
from tests.dialects import jpegs, pngs
from tests.dialects.dialect import Dialect, refused, unpainted
from tests.support.pictures import chunk, with_chunk

ICON, CURSOR = 1, 2


@dataclass(frozen=True)
class Entry:
    """What the directory says of a picture, and the picture."""

    width: int
    height: int
    depth: int
    picture: bytes
    colours: int = 0


def png(width: int, height: int, depth: int = 32) -> Entry:
    """A PNG in an icon."""
    return Entry(width, height, depth, pngs.plain(width, height, 2))


def bitmap(width: int, height: int, depth: int = 32, *, mask: bool = True) -> Entry:
    """A BMP without its file header, and the mask of one bit behind it."""
    head = struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, depth, 0, 0, 0, 0, 0, 0)
    palette = b"\0" * (4 << depth) if depth <= 8 else b""
    rows = b"\xff" * ((width * depth + 31) // 32 * 4 * height)
    masks = b"\0" * ((width + 31) // 32 * 4 * height) if mask else b""
    return Entry(width, height, depth, head + palette + rows + masks)


def icon(*entries: Entry, kind: int = ICON, start: int | None = None) -> bytes:
    """A file with these entries; `start` makes all of them point there."""
    directory = struct.pack("<HHH", 0, kind, len(entries))
    position = len(directory) + 16 * len(entries)
    body = b""
    for entry in entries:
        fields = (1, 1) if kind == CURSOR else (1, entry.depth)
        directory += struct.pack(
            "<BBBBHHII", entry.width & 255, entry.height & 255, entry.colours, 0, *fields,
            len(entry.picture), position + len(body) if start is None else start,
        )  # fmt: skip
        body += entry.picture
    return directory + body


def cursor(*entries: Entry) -> bytes:
    """A cursor file; its hot spots stand where an icon has planes and depth."""
    return icon(*entries, kind=CURSOR)


def _said(width: int, height: int, entry: Entry) -> Entry:
    """The same picture under another size in the directory."""
    return Entry(width, height, entry.depth, entry.picture)


def _of_rows(entry: Entry, rows: int) -> Entry:
    """The same bitmap under another height in its header."""
    picture = entry.picture[:8] + struct.pack("<i", rows) + entry.picture[12:]
    return Entry(entry.width, entry.height, entry.depth, picture)


def _pointing(data: bytes, number: int, start: int) -> bytes:
    """The same file, one of whose entries points there."""
    at = 6 + 16 * number + 12
    return data[:at] + struct.pack("<I", start) + data[at + 4 :]


def _without_alpha(width: int, height: int) -> Entry:
    """A bitmap whose pixels are all transparent, by a mask that lets each second row through."""
    entry, stride = bitmap(width, height, mask=False), (width + 31) // 32 * 4
    rows = b"".join((b"\0", b"\xff")[row % 2] * stride for row in range(height))
    picture = entry.picture[:40] + b"\x10\x60\xf0\0" * (width * height) + rows
    return Entry(width, height, 32, picture)


def _ordered(sides: Sequence[int]) -> bytes:
    return icon(*(png(side, side) for side in sides))


ICONS: Mapping[str, Dialect] = {
    "png": Dialect(icon(png(16, 16)), (16, 16)),
    **{f"bmp, {depth} bits": Dialect(icon(bitmap(16, 16, depth)), (16, 16))
       for depth in (1, 4, 8, 24, 32)},
    "the largest is first": Dialect(_ordered([48, 16, 32]), (48, 48)),
    "the largest is last": Dialect(_ordered([16, 32, 48]), (48, 48)),
    "the largest is a bmp": Dialect(icon(png(16, 16), bitmap(32, 32, 8)), (32, 32)),
    "the largest is no square": Dialect(icon(png(16, 16), png(32, 12), png(20, 20)), (20, 20)),
    "one that is wide": Dialect(icon(png(32, 12)), (32, 12)),
    "depths": Dialect(icon(bitmap(16, 16, 4), bitmap(16, 16, 32), bitmap(16, 16, 8)), (16, 16)),
    "256 as nought": Dialect(icon(png(256, 256), png(16, 16)), (256, 256)),
    "a larger png": unpainted(icon(_said(16, 16, png(24, 24))), (16, 16)),
    "a smaller png": unpainted(icon(_said(24, 24, png(16, 16))), (24, 24)),
    "a png with its sides exchanged": unpainted(icon(_said(24, 16, png(16, 24))), (24, 16)),
    "a larger bmp": unpainted(icon(_said(16, 16, bitmap(24, 24))), (16, 16)),
    "a smaller bmp": unpainted(icon(_said(24, 24, bitmap(16, 16))), (24, 24)),
    "nought and a small png": unpainted(icon(_said(0, 0, png(24, 24))), (256, 256)),
    "nought and a large png": unpainted(icon(_said(0, 0, png(300, 300))), (256, 256)),
    "nought and a small bmp": unpainted(icon(_said(0, 0, bitmap(24, 24))), (256, 256)),
    "a bmp without the rows of its mask": unpainted(icon(_of_rows(bitmap(16, 16), 16)), (16, 16)),
    "a bmp with an odd row": Dialect(icon(_of_rows(bitmap(16, 16), 33)), (16, 16)),
    "a bmp that stands on its head": Dialect(icon(_of_rows(bitmap(16, 16), -32)), (16, 16)),
    "a large png in a cursor": unpainted(cursor(_said(16, 16, png(24, 24))), (16, 16)),
    "a picked entry of another size": unpainted(
        icon(bitmap(16, 16), _said(32, 32, bitmap(24, 24))), (32, 32)
    ),
    "another entry of another size": Dialect(
        icon(_said(16, 16, png(20, 20)), png(32, 32)), (32, 32)
    ),
    "no mask": Dialect(icon(bitmap(16, 16, 32, mask=False)), (16, 16)),
    "cursor": Dialect(cursor(bitmap(32, 32)), (32, 32)),
    "cursor with a png": Dialect(cursor(png(32, 32)), (32, 32)),
    "cursors": Dialect(cursor(bitmap(16, 16), bitmap(48, 48, 8), bitmap(32, 32)), (48, 48)),
    "bytes behind its end": Dialect(icon(png(16, 16)) + b"more", (16, 16)),
    "no entry": refused(struct.pack("<HHH", 0, 1, 0) + b"\0" * 40, Verdict.NOT_AN_IMAGE),
    "an entry that points at the directory": refused(
        icon(png(16, 16), start=0), Verdict.CORRUPT, (16, 16)
    ),
    "another entry that points at the directory": refused(
        _pointing(icon(png(16, 16), png(32, 32)), 0, 30), Verdict.CORRUPT, (32, 32)
    ),
    "an alpha of nothing": Dialect(icon(_without_alpha(20, 20)), (20, 20)),
    "an alpha of nothing, and too few pixels": Dialect(
        icon(Entry(20, 20, 32, _without_alpha(20, 20).picture[:-700])), (20, 20), Verdict.CORRUPT
    ),
    "an entry beyond the end": unpainted(
        icon(png(16, 16), start=9000), (16, 16), Verdict.TRUNCATED
    ),
    "a picture that is none": unpainted(icon(Entry(16, 16, 32, b"\0" * 2000)), (16, 16)),
    "a jpeg": unpainted(icon(Entry(40, 24, 32, jpegs.flat(40, 24))), (40, 24)),
    "a bmp of os/2": unpainted(
        icon(Entry(16, 16, 24, struct.pack("<IHHHH", 12, 16, 32, 1, 24) + b"\0" * 832)),
        (16, 16),
    ),
    "a turned png": Dialect(
        icon(Entry(16, 24, 32, with_chunk(pngs.plain(16, 24, 2), chunk(b"eXIf", jpegs.tiff(6))))),
        (16, 24),
    ),
    "a small one beyond the end": Dialect(
        icon(png(32, 32), png(16, 16))[:-20], (32, 32), Verdict.OK
    ),
}  # fmt: skip
