"""AVIF in its dialects: the boxes around AV1 pictures, written here because no encoder writes them.

Sources: ISO/IEC 23008-12 (HEIF), ISO/IEC 14496-12, AV1 Image File Format 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from imgcache.core.images.formats.isobmff import boxes
from imgcache.model import Verdict
from tests.dialects import jpegs
from tests.dialects.dialect import Dialect, refused, unpainted
from tests.support import pictures


def box(kind: bytes, *parts: bytes, wide: bool = False) -> bytes:
    """One box; `wide` spends 64 bits on its length."""
    body = b"".join(parts)
    if wide:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(kind, bytes((version,)) + flags.to_bytes(3, "big"), *parts)


@lru_cache(maxsize=8)
def coded(width: int, height: int) -> tuple[bytes, bytes]:
    """The av1C property and the AV1 data of a picture, out of a file that Pillow wrote."""
    data = pictures.avif(width, height)
    start = data.index(b"av1C") - 4
    settings = data[start : start + int.from_bytes(data[start : start + 4], "big")]
    (media,) = (one for one in boxes(data, 0, len(data)) if one.kind == b"mdat")
    return settings, data[media.start : media.end]


def ispe(width: int, height: int) -> bytes:
    """The spatial extents of a picture."""
    return full(b"ispe", struct.pack(">II", width, height))


def irot(quarters: int) -> bytes:
    """Quarter turns anticlockwise."""
    return box(b"irot", bytes((quarters,)))


def imir(axis: int) -> bytes:
    """A mirror: 0 exchanges top and bottom, 1 left and right."""
    return box(b"imir", bytes((axis,)))


def clap(width: int, height: int, left: int = 0, top: int = 0, *, of: tuple[int, int]) -> bytes:
    """A clean aperture: `width` x `height` at (left, top) of a picture, as offsets from centres."""
    across, down = 2 * left + width - of[0], 2 * top + height - of[1]
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, across, 2, down, 2))


PIXI = full(b"pixi", b"\3\x08\x08\x08")


@dataclass(frozen=True)
class Item:
    """One item: its data, its properties, and what it is made of (a grid) or belongs to."""

    data: bytes
    properties: Sequence[bytes]
    kind: bytes = b"av01"
    refers: tuple[bytes, Sequence[int]] | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Layout:
    """How the boxes are written where the standards leave a choice."""

    major: bytes = b"avif"
    brands: Sequence[bytes] = (b"mif1", b"avif", b"miaf")
    media_first: bool = False
    wide: bool = False
    open_end: bool = False
    iloc: int = 0
    ipma_flags: int = 0
    primary: int = 1
    handler: bytes = b"\0" * 4 + b"pict" + b"\0" * 13
    properties_first: bool = False
    infos_twice: bool = False
    before: Sequence[bytes] = field(default=())


def picture(width: int = 64, height: int = 48, *properties: bytes, said: bytes = b"") -> Item:
    """A picture with its usual properties and more; `said` replaces its ispe."""
    settings, data = coded(width, height)
    return Item(data, [said or ispe(width, height), settings, PIXI, *properties])


def avif(*items: Item, layout: Layout | None = None) -> bytes:
    """A file of these items, numbered from 1."""
    how = layout or Layout()
    head = box(b"ftyp", how.major, b"\0\0\0\0", *how.brands) + b"".join(how.before)
    media = b"".join(item.data for item in items)
    mdat = box(b"mdat", media, wide=how.wide)
    payload = len(mdat) - len(media)
    if how.open_end:
        mdat = b"\0\0\0\0" + mdat[4:]
    if how.media_first:
        return head + mdat + _meta(items, len(head) + payload, how)
    start = len(head) + len(_meta(items, 0, how)) + payload
    return head + _meta(items, start, how) + mdat


def _meta(items: Sequence[Item], start: int, how: Layout) -> bytes:
    handler = full(b"hdlr", how.handler)
    primary = full(b"pitm", struct.pack(">H", how.primary))
    infos = [
        full(b"infe", struct.pack(">HH4s", number, 0, item.kind) + b"\0", version=2,
             flags=int(item.hidden))
        for number, item in enumerate(items, start=1)
    ]  # fmt: skip
    infos *= 2 if how.infos_twice else 1
    info = full(b"iinf", struct.pack(">H", len(infos)), *infos)
    references = [
        box(item.refers[0], struct.pack(">HH", number, len(item.refers[1])),
            *(struct.pack(">H", to) for to in item.refers[1]))
        for number, item in enumerate(items, start=1) if item.refers
    ]  # fmt: skip
    linked = full(b"iref", *references) if references else b""
    rest = (primary, _iloc(items, start, how.iloc), info, linked)
    properties = _iprp(items, how.ipma_flags)
    if how.properties_first:
        return full(b"meta", handler, properties, *rest)
    return full(b"meta", handler, *rest, properties)


def _iloc(items: Sequence[Item], start: int, version: int) -> bytes:
    number = ">I" if version == 2 else ">H"
    parts = [b"\x44\0", struct.pack(number, len(items))]
    for index, item in enumerate(items, start=1):
        parts += [
            struct.pack(number, index), b"\0\0" if version else b"", b"\0\0",
            struct.pack(">HII", 1, start, len(item.data)),
        ]  # fmt: skip
        start += len(item.data)
    return full(b"iloc", *parts, version=version)


def _iprp(items: Sequence[Item], flags: int) -> bytes:
    properties: list[bytes] = []
    entries = []
    for number, item in enumerate(items, start=1):
        indices = []
        for one in item.properties:
            if one not in properties:
                properties.append(one)
            essential = one[4:8] in (b"av1C", b"irot", b"imir", b"clap", b"lsel")
            index = properties.index(one) + 1
            indices.append(
                struct.pack(">H", index | 0x8000 * essential) if flags
                else bytes((index | 0x80 * essential,))
            )  # fmt: skip
        entries.append(struct.pack(">HB", number, len(indices)) + b"".join(indices))
    ipma = full(b"ipma", struct.pack(">I", len(entries)), *entries, flags=flags)
    return box(b"iprp", box(b"ipco", *properties), ipma)


def grid(columns: int, rows: int, width: int, height: int, *properties: bytes) -> list[Item]:
    """A grid of tiles of 64 x 64, and the tiles."""
    tiles = [
        Item(coded(64, 64)[1], [ispe(64, 64), coded(64, 64)[0], PIXI], hidden=True)
        for _ in range(columns * rows)
    ]
    head = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    refers = (b"dimg", range(2, 2 + len(tiles)))
    return [Item(head, [ispe(width, height), PIXI, *properties], b"grid", refers), *tiles]


def sequence(*, still: tuple[int, int] | None = None) -> bytes:
    """An image sequence; `still` replaces what the still picture's extents say."""
    data = pictures.avif(64, 48, frames=3)
    if still is None:
        return data
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", *still) + data[at + 8 :]


def _with_exif() -> bytes:
    block = Item(b"\0\0\0\0" + jpegs.tiff(6), [], b"Exif", (b"cdsc", (1,)), hidden=True)
    return avif(picture(), block)


def _with_thumbnail() -> bytes:
    small = Item(*_swapped(coded(64, 64)), b"av01", (b"thmb", (1,)))
    return avif(picture(), small)


def _swapped(one: tuple[bytes, bytes]) -> tuple[bytes, Sequence[bytes]]:
    settings, data = one
    return data, [ispe(64, 64), settings, PIXI]


AVIFS: Mapping[str, Dialect] = {
    "plain": Dialect(pictures.avif(64, 48), (64, 48)),
    **{
        f"orientation {number}": Dialect(
            pictures.avif(64, 48, orientation=number), (48, 64) if number > 4 else (64, 48)
        )
        for number in pictures.ORIENTATIONS
    },
    "written here": Dialect(avif(picture()), (64, 48)),
    **{f"turned {n}": Dialect(avif(picture(64, 48, irot(n))), ((48, 64) if n % 2 else (64, 48)))
       for n in range(4)},
    "mirrored, then turned": Dialect(avif(picture(64, 48, imir(1), irot(1))), (48, 64)),
    "turned, then mirrored": Dialect(avif(picture(64, 48, irot(3), imir(0))), (48, 64)),
    "a grid": Dialect(avif(*grid(2, 2, 100, 90)), (100, 90)),
    "a grid, turned": Dialect(avif(*grid(3, 1, 180, 64, irot(1))), (64, 180)),
    "a sequence": Dialect(sequence(), (64, 48)),
    "cropped from its corner": Dialect(avif(picture(64, 48, clap(32, 24, of=(64, 48)))), (32, 24)),
    "cropped from the middle": Dialect(
        avif(picture(64, 48, clap(32, 24, 16, 12, of=(64, 48)))), (64, 48)
    ),
    "cropped and turned": Dialect(
        avif(picture(64, 48, clap(32, 24, of=(64, 48)), irot(1))), (24, 32)
    ),
    "pixels that are no squares": Dialect(
        avif(picture(64, 48, box(b"pasp", struct.pack(">II", 2, 1)))), (64, 48)
    ),
    **{
        name: Dialect(avif(picture(64, 48, irot(1)), layout=layout), (48, 64))
        for name, layout in {
            "the media before its meta": Layout(media_first=True),
            "a length of 64 bits": Layout(wide=True),
            "a last box without a length": Layout(open_end=True),
            "locations, version 1": Layout(iloc=1),
            "locations, version 2": Layout(iloc=2),
            "wide associations": Layout(ipma_flags=1),
            "a general brand first": Layout(major=b"mif1"),
        }.items()
    },
    "the second item is the picture": Dialect(
        avif(picture(64, 64, irot(1)), picture(64, 48), layout=Layout(primary=2)), (64, 48)
    ),
    "free space": Dialect(
        avif(picture(), layout=Layout(before=[box(b"free", b"\0" * 40)])), (64, 48)
    ),
    "exif that would turn it": Dialect(_with_exif(), (64, 48)),
    "a thumbnail": Dialect(_with_thumbnail(), (64, 48)),
    "bytes behind its end": Dialect(avif(picture()) + b"\0\0\0\x0cfree\0\0\0\0", (64, 48)),
    "larger extents, to which it is stretched": Dialect(
        avif(picture(64, 48, said=ispe(100, 90))), (100, 90)
    ),
    "a crop that stands": Dialect(avif(picture(64, 48, clap(20, 40, of=(64, 48)))), (20, 40)),
    "a crop of odd sides": Dialect(avif(picture(64, 48, clap(33, 25, of=(64, 48)))), (33, 25)),
    "a crop larger than the picture": Dialect(
        avif(picture(64, 48, clap(80, 24, of=(64, 48)))), (64, 48)
    ),
    "a crop of half a pixel": Dialect(
        avif(picture(64, 48, box(b"clap", struct.pack(">IIIIiIiI", 65, 2, 24, 1, -63, 4, -12, 1)))),
        (64, 48),
    ),
    "a crop over nought": Dialect(
        avif(picture(64, 48, box(b"clap", struct.pack(">IIIIiIiI", 32, 0, 24, 1, -16, 1, -12, 1)))),
        (64, 48),
    ),
    "a crop in fractions": Dialect(
        avif(picture(64, 48, box(b"clap", struct.pack(">IIIIiIiI", 64, 2, 48, 2, -32, 2, -12, 1)))),
        (32, 24),
    ),
    "a cropped grid": Dialect(avif(*grid(2, 2, 100, 90, clap(50, 40, of=(100, 90)))), (50, 40)),
    "two extents": Dialect(avif(picture(64, 48, ispe(32, 24))), (64, 48)),
    "two turns": Dialect(avif(picture(64, 48, irot(1), irot(2))), (48, 64)),
    "a sequence with another still": Dialect(sequence(still=(32, 24)), (64, 48)),
    "a sequence without its brand": Dialect(sequence().replace(b"avis", b"mif1", 1), (64, 48)),
    "a foreign major brand": Dialect(
        avif(picture(), layout=Layout(major=b"heic", brands=[b"heic", b"avif"])), (64, 48)
    ),
    "no settings": refused(
        avif(Item(coded(64, 48)[1], [ispe(64, 48), PIXI])), Verdict.CORRUPT, (64, 48)
    ),
    "noise": unpainted(
        avif(Item(b"\xff" * 300, [ispe(64, 48), coded(64, 48)[0], PIXI])), (64, 48)
    ),
    "a grid without a tile": refused(
        avif(*grid(2, 2, 100, 90)[:-1]), Verdict.CORRUPT, (100, 90)
    ),
    "no extents": refused(
        avif(Item(coded(64, 48)[1], [coded(64, 48)[0], PIXI])), Verdict.CORRUPT
    ),
    "no primary item": refused(avif(picture(), layout=Layout(primary=9)), Verdict.CORRUPT),
    "no meta": refused(avif(picture())[:28] + box(b"mdat", b"\0" * 40), Verdict.CORRUPT),
    "a heic brand only": refused(
        avif(picture(), layout=Layout(major=b"heic", brands=[b"mif1", b"heic"])),
        Verdict.UNSUPPORTED_FORMAT,
    ),
}  # fmt: skip
