"""What browsers refuse in the boxes of an AVIF although decoders do not mind it.

Sources: ISO/IEC 14496-12 (section 8: boxes, 12.1: visual ones), ISO/IEC 23008-12 (HEIF), AV1 in
ISOBMFF 1.2; and, for what is enforced of them, the browsers themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

from imgcache.core.images import icc_check
from imgcache.core.images.formats.isobmff import Box, boxes, brands
from imgcache.core.images.formats.structure import ShortError

# Which boxes of a box are looked into, and where those inside of it begin.
_INNER = {
    b"meta": (b"iprp",), b"iprp": (b"ipco",), b"moov": (b"trak",), b"trak": (b"mdia",),
    b"mdia": (b"minf",), b"minf": (b"stbl",), b"stbl": (b"stsd",), b"stsd": (b"av01",),
}  # fmt: skip
_START = {b"meta": 4, b"stsd": 8, b"av01": 78}
_NEEDED = {b"avif": b"meta", b"avis": b"moov"}
_PROFILES = frozenset({b"prof", b"rICC"})
# Transfer characteristics (H.273) that browsers have no curve for: logarithms, and two of video.
_NO_CURVES = range(9, 13)
_MONOCHROME, _DELAY_GIVEN = 0x10, 0x10  # bits in the third and the fourth byte of av1C
_EXTENDED = 1  # the flag of a pixi with two more bytes for each channel
_DEPTH = b"\0\x18"  # 24 bits, which the sample entry says of colour images, whatever they have

_Reserved = tuple[tuple[int, int], ...]
_HANDLER: _Reserved = ((4, 8), (12, 24))
_HANDLER_TYPES = frozenset({b"pict", b"vide", b"auxv"})
_SAMPLE_ENTRY: _Reserved = ((0, 6), (10, 12), (36, 40))
# By the version of the box.
_TRACK: Mapping[int, _Reserved] = {
    0: ((16, 20), (24, 32), (38, 40)),
    1: ((24, 28), (36, 44), (50, 52)),
}
_LANGUAGE = {0: 20, 1: 32}


def reason(data: bytes) -> str | None:
    """Why browsers refuse the boxes; None where they don't. They stop where they have enough."""
    needed = {_NEEDED[brand] for brand in brands(data) if brand in _NEEDED}
    for box in boxes(data, 0, len(data)):
        if box.kind in _NEEDED.values():
            if (refused := _refused(data, box)) is not None:
                return f"browsers refuse its {refused.decode('latin-1')!r} box"
            needed.discard(box.kind)
            if not needed:
                break
    return None


def color_reason(colors: Iterable[bytes], settings: bytes) -> str | None:
    """Why browsers refuse the colours of a picture: of these colr boxes, under these settings.

    A profile goes before numbers; `settings` is the av1C box.
    """
    numbers: bytes | None = None
    for body in colors:
        if body[:4] in _PROFILES:
            spaces = (b"RGB ", b"GRAY") if _is_grey(settings) else (b"RGB ",)
            usable = icc_check.is_usable(body[4:], spaces)
            return None if usable else "browsers refuse its colour profile"
        if body[:4] == b"nclx":
            numbers = numbers or body
    if numbers is not None and int.from_bytes(numbers[6:8], "big") in _NO_CURVES:
        return "browsers refuse its transfer characteristics"
    return None


def _is_grey(settings: bytes) -> bool:
    return bool(sum(settings[2:3]) & _MONOCHROME)


def sample_entry(data: bytes) -> tuple[list[bytes], bytes]:
    """The colr boxes of a sequence, and its av1C."""
    colors: list[bytes] = []
    settings = b""
    for box in boxes(data, 0, len(data)):
        for inner in _boxes_of(data, box) if box.kind == b"moov" else ():
            if inner.kind == b"colr":
                colors.append(data[inner.start : inner.end])
            elif inner.kind == b"av1C":
                settings = settings or data[inner.start : inner.end]
        if settings:
            break
    return colors, settings


def _refused(data: bytes, outer: Box) -> bytes | None:
    """The kind of the first box that browsers refuse."""
    kind = outer.kind
    try:
        for box in _boxes_of(data, outer):
            kind = box.kind
            if kind in _RULES and _RULES[kind](data[box.start : box.end]):
                return kind
    except ShortError:
        if outer.whole:
            return kind
        raise
    return None


def _boxes_of(data: bytes, outer: Box) -> Iterator[Box]:
    """All boxes inside of a box, each before those in it."""
    for box in boxes(data, outer.start + _START.get(outer.kind, 0), outer.end):
        yield box
        if box.kind in _INNER.get(outer.kind, ()):
            yield from _boxes_of(data, box)


def _has_reserved(body: bytes, spans: _Reserved) -> bool:
    return any(any(body[start:end]) for start, end in spans)


def _is_bad_handler(body: bytes) -> bool:
    return _has_reserved(body, _HANDLER) or body[8:12] not in _HANDLER_TYPES


def _is_bad_setting(body: bytes) -> bool:
    last = sum(body[3:4])
    return bool(last & (0xE0 if last & _DELAY_GIVEN else 0xFF))


def _is_bad_pixel_information(body: bytes) -> bool:
    return bool(sum(body[3:4]) & _EXTENDED) and len(body) < 5 + 2 * sum(body[4:5])


def _is_bad_turn(body: bytes) -> bool:
    return bool(sum(body[:1]) & 0xFC)


def _is_bad_mirror(body: bytes) -> bool:
    return bool(sum(body[:1]) & 0xFE)


def _is_bad_track(body: bytes) -> bool:
    spans = _TRACK.get(sum(body[:1]))
    return spans is None or _has_reserved(body, spans)


def _is_bad_media(body: bytes) -> bool:
    at = _LANGUAGE.get(sum(body[:1]))
    return at is None or bool(sum(body[at : at + 1]) & 0x80)


def _lacks_handler(body: bytes) -> bool:
    return all(box.kind != b"hdlr" for box in boxes(body, 0, len(body)))


def _is_bad_sample_entry(body: bytes) -> bool:
    return _has_reserved(body, _SAMPLE_ENTRY) or body[74:76] != _DEPTH


def _is_bad_chunk_table(body: bytes) -> bool:
    """Whether a chunk has no sample description (14496-12, 8.7.4)."""
    entries = body[8 : 8 + 12 * int.from_bytes(body[4:8], "big")]
    whole = entries[: len(entries) // 12 * 12]
    return any(described == 0 for _, _, described in struct.iter_unpack(">III", whole))


def _names_no_sample(body: bytes) -> bool:
    """Whether a sync sample is none of the samples (14496-12, 8.6.2)."""
    tables = {box.kind: body[box.start : box.end] for box in boxes(body, 0, len(body))}
    sync, sizes = tables.get(b"stss", b""), tables.get(b"stsz", b"")
    count = int.from_bytes(sizes[8:12], "big")
    entries = sync[8 : 8 + 4 * int.from_bytes(sync[4:8], "big")]
    whole = entries[: len(entries) // 4 * 4]
    return any(not 0 < number <= count for (number,) in struct.iter_unpack(">I", whole))


_RULES: Mapping[bytes, Callable[[bytes], bool]] = {
    b"hdlr": _is_bad_handler,
    b"av1C": _is_bad_setting,
    b"pixi": _is_bad_pixel_information,
    b"irot": _is_bad_turn,
    b"imir": _is_bad_mirror,
    b"tkhd": _is_bad_track,
    b"mdhd": _is_bad_media,
    b"mdia": _lacks_handler,
    b"av01": _is_bad_sample_entry,
    b"stsc": _is_bad_chunk_table,
    b"stbl": _names_no_sample,
}
