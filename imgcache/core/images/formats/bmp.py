"""BMP walker: reads the headers, checks that the pixels are there (Microsoft's BITMAPV5HEADER)."""

from __future__ import annotations

import struct

from msgspec import Struct

from imgcache.core.images.formats import bmp_runs
from imgcache.core.images.formats.structure import Finding, Structure, sizeless, truncated
from imgcache.model import Size, Verdict

CORE_HEADER = 12
HEADER_SIZES = frozenset({CORE_HEADER, *range(16, 65, 4), 42, 46, 108, 124})
_DECODED_HEADERS = frozenset({CORE_HEADER, 40, 52, 56, 64, 108, 124})
_OS2 = 64
_WITH_COMPRESSION = 20  # shorter headers say nothing of it
_OS2_RUNS = (_OS2, 4)  # in OS/2's header that compression is runs of 24 bits
_RAW, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_SHOWN = frozenset({_RAW, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS})
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32})
_CORE_DEPTHS = frozenset({1, 4, 8, 24})
_LARGEST_SIDE = (1 << 16) - 1  # browsers show no larger ones
_UNDECODED_DEPTHS = frozenset({2})
_RUN_DEPTHS = {_RLE8: 8, _RLE4: 4}
_CORE_HEAD = 26
_HEAD = 34  # file header and the fields up to the compression and data size
_FILE_HEADER = 14
_MASKS, _ALPHA = 54, 66  # where the bit fields are, behind a header of 40 bytes or in a longer one
_ALPHA_HEADER = 56  # headers from that length on have a fourth one, for alpha
# The bit fields that the decoder here knows, by depth: red, green, blue, alpha.
_DECODED_FIELDS = {
    16: {(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)},
    32: {
        (0xFF0000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0),
        (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
        (0, 0, 0, 0),
    },
}
_WITH_COLOURS = 36  # shorter headers don't say how many
_COLOURS_AT = 46  # where the header says how many colours the palette has
_V4 = 108  # headers from that length on have an alpha mask that counts without bit fields, too
_MASKS_888 = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)
_HIGHEST_BYTE = 0xFF000000
_MOST_INDEXED = 8  # bits of a pixel that is an index into the palette


class _Header(Struct, frozen=True):
    """What the two headers say; the height is negative where the first row is the upper one."""

    pixels_at: int
    length: int
    width: int
    height: int
    depth: int
    compression: int

    @property
    def size(self) -> Size | None:
        return Size(self.width, abs(self.height)) if self.width > 0 else None

    @property
    def is_runs(self) -> bool:
        return self.compression in _RUN_DEPTHS

    def needed(self) -> int:
        """How many bytes the pixels take without run-length encoding."""
        return (self.width * self.depth + 31) // 32 * 4 * abs(self.height)


def _header(data: bytes) -> _Header | None:
    """The headers; None where they are cut off."""
    head = data[:_HEAD].ljust(_HEAD, b"\0")
    pixels_at, length = struct.unpack_from("<II", head, 10)
    if len(data) < (_CORE_HEAD if length == CORE_HEADER else _HEAD):
        return None
    if length == CORE_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", head, 18)
        return _Header(pixels_at, length, width, height, depth, _RAW)
    width, height, _, depth, compression = struct.unpack_from("<iiHHI", head, 18)
    compression = compression if length >= _WITH_COMPRESSION else _RAW
    return _Header(pixels_at, length, width, height, depth, compression)


def walk(data: bytes) -> Structure:
    """The structure as the two headers tell it; pixels in runs are walked to their end."""
    header = _header(data)
    if header is None:
        flaw, detail = truncated()
        return Structure(flaw=flaw, detail=detail)
    flaw, detail = _judged(data, header)
    if flaw is None and _is_cut(data, header):
        flaw, detail = truncated()
    # Whether it is decoded here depends on its bit fields.
    headed = header.compression != _BITFIELDS or len(data) >= _MASKS + 16
    return Structure(size=header.size, headed=headed, canvas=header.size, flaw=flaw, detail=detail)


def _judged(data: bytes, header: _Header) -> Finding:
    if header.width <= 0 or header.height == 0:
        return sizeless()
    shown = header.compression in _SHOWN or (header.length, header.compression) == _OS2_RUNS
    depths = _CORE_DEPTHS if header.length == CORE_HEADER else _DEPTHS
    too_large = max(header.width, abs(header.height)) > _LARGEST_SIDE
    if header.depth not in depths or not shown or too_large:
        return Verdict.UNSUPPORTED_FORMAT, "browsers don't show BMP files of this kind"
    if _RUN_DEPTHS.get(header.compression, header.depth) != header.depth:
        return Verdict.CORRUPT, "its pixels are no runs of the depth that its header says"
    if not _is_decoded(data, header):
        return Verdict.UNSUPPORTED_FORMAT, "it is a BMP of a rare kind, which is not decoded here"
    return None, ""


def _is_decoded(data: bytes, header: _Header) -> bool:
    """Whether the decoder here supports this kind, as browsers do."""
    if header.depth in _UNDECODED_DEPTHS or header.length not in _DECODED_HEADERS:
        return False
    if header.compression == _BITFIELDS and header.length != _OS2:
        return _fields(data, header) in _DECODED_FIELDS.get(header.depth, ())
    return header.compression in {_RAW, *_RUN_DEPTHS}


def _fields(data: bytes, header: _Header) -> tuple[int, ...]:
    """The bit fields of red, green, blue, and alpha; pixels of 16 bits are decoded without it."""
    fields = struct.unpack_from("<IIII", data[_MASKS : _MASKS + 16].ljust(16, b"\0"))
    has_alpha = header.length >= _ALPHA_HEADER and header.depth > 16  # noqa: PLR2004 - bits a pixel
    return fields if has_alpha else (*fields[:3], 0)


def _is_cut(data: bytes, header: _Header) -> bool:
    if header.depth <= _MOST_INDEXED and len(data) < _palette_end(data, header):
        return True
    if not header.is_runs:
        return len(data) < header.pixels_at + header.needed()
    size = Size(header.width, abs(header.height))
    return bmp_runs.is_cut(data, header.pixels_at, header.depth, size)


def known(data: bytes) -> bytes:
    """The file in a form that the decoder here reads as browsers read the original."""
    header = _header(data)
    if header is None:
        return data
    if _has_too_many_colours(data, header):
        # As many as there can be, for browsers.
        data = data[:_COLOURS_AT] + bytes(4) + data[_COLOURS_AT + 4 :]
    if header.is_runs:
        size = Size(header.width, header.height)
        palette = _palette(data, header)
        return bmp_runs.plain(data, header.pixels_at, header.depth, size, palette)
    if header.compression == _BITFIELDS and not any(_fields(data, header)):
        # Black for browsers; the decoder takes such masks for those of 32 bits with alpha.
        start = _MASKS + len(_MASKS_888)
        return data[:_MASKS] + _MASKS_888 + bytes(len(data) - start)
    if not header.pixels_at or (header.depth <= _MOST_INDEXED and _is_bare(header)):
        # Browsers read from there all the same; the decoder passes over headers and palette.
        return data[:10] + struct.pack("<I", len(data)) + data[14:] + data[header.pixels_at :]
    return data


def _is_bare(header: _Header) -> bool:
    """Whether the pixels are said to begin where the palette does."""
    return header.pixels_at == _FILE_HEADER + header.length


def _palette(data: bytes, header: _Header) -> bytes:
    return data[_FILE_HEADER + header.length : _palette_end(data, header)]


def _palette_end(data: bytes, header: _Header) -> int:
    most, colour = 1 << header.depth, 3 if header.length == CORE_HEADER else 4
    return _FILE_HEADER + header.length + colour * (min(_colours(data, header), most) or most)


def _colours(data: bytes, header: _Header) -> int:
    """How many the header says that there are; 0 is all that there can be."""
    says = header.length >= _WITH_COLOURS
    return int.from_bytes(data[_COLOURS_AT : _COLOURS_AT + 4], "little") if says else 0


def _has_too_many_colours(data: bytes, header: _Header) -> bool:
    return header.depth <= _MOST_INDEXED and _colours(data, header) > 1 << header.depth


def has_palette(data: bytes) -> bool:
    """Whether its pixels are indices of a palette."""
    header = _header(data)
    return header is not None and header.depth <= _MOST_INDEXED


class AlphaPlane(Struct, frozen=True):
    """One byte of each pixel, in rows of `stride` bytes, of which the bits of `mask` are alpha."""

    data: bytes
    stride: int
    mask: int
    upside_down: bool

    def opacity(self, value: int) -> int:
        """What a byte means, 0 to 255."""
        low = self.mask & -self.mask
        return round((value & self.mask) // low * 255 / (self.mask // low))


def alpha(data: bytes) -> AlphaPlane | None:
    """The alpha that the decoder here leaves out: of 16 bits, and of 32 without bit fields."""
    header = _header(data)
    mask = _spare_alpha(data, header) if header else 0
    if header is None or not mask:
        return None
    at = (mask.bit_length() - 1) // 8  # a longer mask counts with its highest bits
    size = header.depth // 8
    pixels = data[header.pixels_at : header.pixels_at + header.needed()]
    stride = header.needed() // abs(header.height) // size
    return AlphaPlane(pixels[at::size], stride, mask >> 8 * at, header.height > 0)


def _spare_alpha(data: bytes, header: _Header) -> int:
    """The alpha mask, where browsers heed it and the decoder here does not; else 0."""
    raw = header.compression == _RAW and header.depth == 32 and header.length >= _V4  # noqa: PLR2004
    short = header.compression == _BITFIELDS and header.depth == 16  # noqa: PLR2004
    if header.length < _ALPHA_HEADER or header.length == _OS2 or not (raw or short):
        return 0
    mask = int.from_bytes(data[_ALPHA : _ALPHA + 4], "little")
    if raw:
        return _HIGHEST_BYTE if mask else 0  # browsers look at no more of it
    return mask & 0xFFFF
