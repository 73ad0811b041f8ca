"""JPEG walker: from marker to marker to the end of the first image (ITU-T T.81 annex B)."""

from __future__ import annotations

import re
from math import ceil

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.core.images.formats import exif
from imgcache.core.images.formats.structure import (
    Finding,
    ShortError,
    Span,
    Structure,
    sizeless,
    take,
    truncated,
)
from imgcache.model import Size, Verdict

# The next marker: not a stuffed zero, a fill byte or a restart marker.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SOI, _EOI, _SOS, _DRI, _TEM, _APP1 = 0xD8, 0xD9, 0xDA, 0xDD, 0x01, 0xE1
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
# Baseline, extended and progressive with Huffman coding: all that browsers decode.
_SHOWN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PROGRESSIVE = 0xC2
_SHOWN_COMPONENTS = frozenset({1, 3, 4})
# What Pillow needs of the metadata: JFIF, the ICC profile and Adobe's colour transform.
_NEEDED_APPS = {0xE0: b"JFIF", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})
_BLOCK = 8  # a DCT block is 8 x 8 samples
_EXIF_MARK = 6  # "Exif", a zero and a byte of padding, before the EXIF block


class _Frame(Struct, frozen=True):
    """A frame header (T.81 B.2.2): `sampling` maps component -> (horizontal, vertical)."""

    marker: int
    precision: int
    size: Size
    components: int
    sampling: dict[int, tuple[int, int]]

    @property
    def reason_not_shown(self) -> str | None:
        if self.marker not in _SHOWN_FRAMES:
            return "it is a lossless, hierarchical or arithmetic-coded JPEG"
        if self.precision != 8:  # noqa: PLR2004 - bits a sample
            return f"its samples have {self.precision} bits"
        if self.components not in _SHOWN_COMPONENTS:
            return f"it has {self.components} colour components"
        return None

    def blocks(self, component: int) -> tuple[int, int]:
        """How many blocks of 8 x 8 samples a component has, across and down."""
        across, down = self.sampling[component]
        widest = max(h for h, _ in self.sampling.values())
        highest = max(v for _, v in self.sampling.values())
        return (
            ceil(ceil(self.size.width * across / widest) / _BLOCK),
            ceil(ceil(self.size.height * down / highest) / _BLOCK),
        )

    def units(self, components: bytes) -> int:
        """Minimum coded units in a scan of these components (T.81 A.2)."""
        if len(components) == 1 and components[0] in self.sampling:
            across, down = self.blocks(components[0])
            return across * down
        widest = max(h for h, _ in self.sampling.values())
        highest = max(v for _, v in self.sampling.values())
        across = ceil(self.size.width / (_BLOCK * widest))
        return across * ceil(self.size.height / (_BLOCK * highest))


class _Walk(Struct):
    """What the walk has found so far."""

    frame: _Frame | None = None
    meta: exif.Exif | None = None
    interval: int = 0
    entropy: int = 0
    scans: int = 0
    scan: Span | None = None
    restarts_missing: bool = False
    begun: set[int] = field(default_factory=set)
    kept: list[Span] = field(default_factory=lambda: [(0, 2)])

    def structure(self) -> Structure:
        # The orientation may come late, but not after the beginning of the pixels.
        headed = self.scan is not None
        if self.frame is None:
            return Structure(scans=self.scans, headed=headed, has_position=self._has_position())
        meta = self.meta or exif.Exif()
        return Structure(
            size=meta.shown(self.frame.size),
            headed=headed,
            canvas=self.frame.size,
            orientation=meta.orientation,
            scans=self.scans,
            parts=tuple(self.kept),
            scan=self.scan,
            has_position=self._has_position(),
        )

    def _has_position(self) -> bool | None:
        """As of the EXIF block that counts, which stands before the pixels."""
        if self.meta is not None:
            return self.meta.has_position
        return None if self.scan is None else False

    def flaw(self) -> Finding:
        """What is wrong with an image that was walked to its end."""
        if self.frame is None:
            return Verdict.CORRUPT, "no frame header tells its size"
        if reason := self.unshown():
            return Verdict.UNSUPPORTED_FORMAT, reason
        if 0 in self.frame.size:
            return sizeless()
        if reason := self._lack(self.frame):
            return Verdict.CORRUPT, reason
        return None, ""

    def unshown(self) -> str | None:
        """Why browsers don't show it, by its frame header."""
        reason = None if self.frame is None else self.frame.reason_not_shown
        return reason and f"{reason}, which browsers don't show"

    def _lack(self, frame: _Frame) -> str | None:
        """What the frame header promises and the scans don't hold."""
        if self.scan is None:
            return "it has a header and no pixels"
        if frame.sampling.keys() - self.begun:
            return "the first scan of a colour component is missing"
        # No Huffman code is shorter than one bit, and each block has one for its DC value.
        blocks = sum(a * d for a, d in map(frame.blocks, frame.sampling))
        if self.entropy * 8 < blocks or self.restarts_missing:
            return "it holds fewer pixels than its header says"
        return None


def walk(data: bytes) -> Structure:
    """The structure up to the first image's end marker; the rest (MPO, gain maps) is ignored."""
    met = _Walk()
    position = 2
    try:
        while (marker := _MARKER.search(data, position)) is not None:
            code = data[marker.start() + 1]
            if code == _EOI:
                met.kept.append(marker.span())
                return _judged(met)
            if code == _SOI and met.scan is None:
                detail = "another image begins in its header"
                return replace(met.structure(), flaw=Verdict.CORRUPT, detail=detail)
            if code == _SOI:
                break  # the next picture, of a file whose first one has no end
            position = marker.end() if code == _TEM else _segment(met, data, marker.end())
    except ShortError:
        pass
    # What else is wrong with it, more bytes might mend; so it is with each beginning of a file.
    reason = met.unshown()
    verdict, detail = (Verdict.UNSUPPORTED_FORMAT, reason) if reason else truncated()
    return replace(met.structure(), flaw=verdict, detail=detail)


def _judged(met: _Walk) -> Structure:
    verdict, detail = met.flaw()
    return replace(met.structure(), flaw=verdict, detail=detail)


def _segment(met: _Walk, data: bytes, start: int) -> int:
    """Records one marker segment; `start` is behind the marker. Returns where to search on."""
    code = data[start - 1]
    length = int.from_bytes(take(data, start, 2), "big")
    body = take(data, start + 2, max(length - 2, 0))
    end = start + 2 + len(body)
    if code in _FRAMES and met.frame is None:
        met.frame = _frame(code, body)
    elif code == _APP1 and met.meta is None and met.scan is None and _is_exif(body):
        met.meta = exif.parse(body[_EXIF_MARK:])
    elif code == _DRI:
        met.interval = int.from_bytes(body[:2], "big")
    elif code == _SOS:
        end = _scan(met, data, body, end)
    if code not in _METADATA or (code in _NEEDED_APPS and body.startswith(_NEEDED_APPS[code])):
        met.kept.append((start - 2, end))
    return end


def _is_exif(body: bytes) -> bool:
    """Whether an APP1 segment holds EXIF; its mark is padded by any byte, as in browsers."""
    return body.startswith(b"Exif\0") and len(body) > _EXIF_MARK


def _frame(code: int, body: bytes) -> _Frame:
    head = take(body, 0, 6)
    components = take(body, 6, 3 * head[5])
    return _Frame(
        marker=code,
        precision=head[0],
        size=Size(int.from_bytes(head[3:5], "big"), int.from_bytes(head[1:3], "big")),
        components=head[5],
        sampling={
            components[i]: (max(components[i + 1] >> 4, 1), max(components[i + 1] & 15, 1))
            for i in range(0, len(components), 3)
        },
    )


def _scan(met: _Walk, data: bytes, header: bytes, start: int) -> int:
    """Records the entropy-coded data of one scan; returns its end."""
    following = _MARKER.search(data, start)
    end = following.start() if following else len(data)
    met.scans += 1
    met.begun |= _begun(met, header)
    met.entropy += end - start
    if met.scan is None:
        met.scan = (start, end)
        met.restarts_missing = _lacks_restarts(met, data[start:end], header)
    return end


def _begun(met: _Walk, header: bytes) -> set[int]:
    """The components that a scan begins (T.81 B.2.3), which is not of use before that.

    Of a progressive image it holds their DC values, and refines none (G.1.1.1.1).
    """
    end = 1 + 2 * sum(header[:1])
    first, _, step = header[end : end + 3].ljust(3, b"\xff")
    if met.frame is not None and met.frame.marker == _PROGRESSIVE and (first or step >> 4):
        return set()
    return set(header[1:end:2])


def _lacks_restarts(met: _Walk, entropy: bytes, header: bytes) -> bool:
    """Whether fewer restart markers are there than units announced (T.81 B.2.4.4)."""
    if not met.interval or met.frame is None or 0 in met.frame.size or not met.frame.sampling:
        return False
    components = header[1 : 1 + 2 * header[0] : 2] if header else b""
    expected = ceil(met.frame.units(components) / met.interval) - 1
    found = sum(entropy.count(bytes((0xFF, code))) for code in range(0xD0, 0xD8))
    return found < expected
