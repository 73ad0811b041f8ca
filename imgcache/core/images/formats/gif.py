"""GIF walker, from block to block (GIF89a specification)."""

from __future__ import annotations

import re

from imgcache.core.images.formats.structure import (
    Finding,
    ShortError,
    Structure,
    sizeless,
    take,
    truncated,
)
from imgcache.model import Size, Verdict

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_PADDING, _NO_PADDING = 0, re.compile(rb"[^\0]")
_CONTROL, _CONTROL_LENGTH = 0xF9, 4
_LARGEST_CODE = 8  # as many bits as an index of a colour has
_LOOPS_WITHOUT_NUMBER = b"\x21\xff\x0bANIMEXTS1.0\0"
_NO_DATA = re.compile(rb"\x21[^\xf9]\0")


def walk(data: bytes) -> Structure:
    """The structure up to the trailer.

    The canvas is the logical screen, widened where the first frame reaches beyond it, as
    browsers do.
    """
    try:
        screen = take(data, 6, 7)
    except ShortError:
        flaw, detail = truncated()
        return Structure(flaw=flaw, detail=detail, headed=False)
    size = Size(int.from_bytes(screen[:2], "little"), int.from_bytes(screen[2:4], "little"))
    position = 13 + _colours(screen[4])
    frames = 0
    flaw, detail = truncated()
    try:
        while (block := take(data, position, 1)[0]) != _TRAILER:
            if block in _BETWEEN:
                if not frames:
                    _check_before_frames(data, position)
                position = _BETWEEN[block](data, position)
                continue
            if block != _IMAGE:
                flaw, detail = Verdict.CORRUPT, "an unknown block stands between its frames"
                break
            place = take(data, position + 1, 9)
            if frames == 0:
                size = _widened(size, place)
            frames += 1
            position = _frame(data, position + 10 + _colours(place[8]))
        else:
            flaw, detail = _judged(size, frames)
    except ShortError:
        pass
    except _ImpossibleError as exc:
        flaw, detail = Verdict.CORRUPT, f"{exc} is impossible"
    # Only the place of the first frame settles the size, or the end of a file without one.
    headed = frames > 0 or flaw is not Verdict.TRUNCATED
    return Structure(
        size=size, headed=headed, canvas=size, frames=max(frames, 1), flaw=flaw, detail=detail
    )


def _judged(size: Size, frames: int) -> Finding:
    if not frames:
        return Verdict.CORRUPT, "it has a header and no frame"
    if 0 in size:
        return sizeless()
    return None, ""


def _colours(flags: int) -> int:
    """The length in bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _widened(size: Size, place: bytes) -> Size:
    left, top, width, height = (int.from_bytes(place[i : i + 2], "little") for i in range(0, 8, 2))
    return Size(max(size.width, left + width), max(size.height, top + height))


def _after_padding(data: bytes, position: int) -> int:
    """Some programs pad their frames; browsers allow it."""
    following = _NO_PADDING.search(data, position)
    return following.start() if following else len(data)


class _ImpossibleError(Exception):
    """A value that no decoder accepts; the message names it."""


def _extension(data: bytes, position: int) -> int:
    """The end of the extension at `position`; a graphic control must have its only valid length."""
    label, length = take(data, position + 1, 2)
    if label == _CONTROL and (
        length != _CONTROL_LENGTH or take(data, position + 3 + length, 1) != b"\0"
    ):
        raise _ImpossibleError("the length of a graphic control")
    return _sub_blocks(data, position + 2)


_BETWEEN = {_PADDING: _after_padding, _EXTENSION: _extension}


def _check_before_frames(data: bytes, position: int) -> None:
    """Refuse what ends the picture for browsers before there is one."""
    if data[position] == _PADDING:
        raise _ImpossibleError("a zero before the first frame")
    if data.startswith(_LOOPS_WITHOUT_NUMBER, position):
        raise _ImpossibleError("the length of its extension for loops")


def known(data: bytes) -> bytes:
    """The file without extensions that hold nothing before its first frame.

    Browsers pass over them, the decoder here does not.
    """
    if not _NO_DATA.search(data):
        return data
    position = 13 + _colours(data[10])
    kept = [data[:position]]
    while data[position : position + 1] == bytes((_EXTENSION,)):
        end = _extension(data, position)
        if end > position + 3:  # its introducer, its label, and the end
            kept.append(data[position:end])
        position = end
    return b"".join((*kept, data[position:]))


def _frame(data: bytes, position: int) -> int:
    """The end of a frame's data; refuses a code size that LZW does not have."""
    if not 1 <= take(data, position, 1)[0] <= _LARGEST_CODE:
        raise _ImpossibleError("the code size of a frame")
    return _sub_blocks(data, position + 1)


def _sub_blocks(data: bytes, position: int) -> int:
    """Where the next block begins, behind the sub-blocks and their terminator."""
    length = len(data)
    while position < length:
        step = data[position]
        position += step + 1
        if not step:
            return position
    raise ShortError
