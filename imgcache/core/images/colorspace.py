"""Colour space of an image's pixels, as browsers read it from the file.

Decoders hand out an ICC profile where there is one; the rest is read here, in Chromium's order of
precedence: code points before a profile in a PNG, behind it in an AVIF.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import takewhile

from imgcache.core.images import cicp
from imgcache.core.images.formats import avif
from imgcache.core.images.formats.chunks import Chunk, chunks
from imgcache.core.images.icc import ColorSpace, Primaries, grey_profile, is_profile, rgb_profile
from imgcache.model import Format

# Stored gamma of sRGB, and how near to it one counts as that (PNG 13.13 and libpng's threshold).
_SRGB_GAMMA, _NEAR = 45455, 0.05
_LENGTHS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
_LAST_INTENT = 3  # of sRGB (PNG 11.3.2.5)
_GREYS = frozenset({0, 4})  # PNG colour types without colour
# BITMAPV5HEADER: its length, where its fields lie in the file, and the type of such a profile.
_V5, _V5_START, _V5_TYPE, _V5_PROFILE, _EMBEDDED = 124, 14, 70, 126, b"DEBM"


def profile(data: bytes, image_format: Format | None, embedded: object) -> bytes | None:
    """The ICC profile that the pixels are in, None for sRGB.

    `embedded` is the profile that the decoder found, if any; an invalid one is ignored.
    """
    found = embedded if isinstance(embedded, bytes) and is_profile(embedded) else None
    if image_format is Format.PNG:
        return _of_png(data, found)
    if image_format is Format.AVIF:
        return found or _of_avif(data)
    if image_format is Format.BMP:
        return _of_bmp(data)
    return found


def _of_png(data: bytes, embedded: bytes | None) -> bytes | None:
    """PNG section 4.3: the valid chunk of the highest precedence."""
    bodies = _color_chunks(data)
    grey = data[25] in _GREYS
    if b"cICP" in bodies:
        code, transfer, matrix, full = bodies[b"cICP"]
        if (matrix, full) == (0, 1) and cicp.color_space(code, transfer):
            return _by_code_points(code, transfer, grey=grey)
    if embedded or b"sRGB" in bodies or b"gAMA" not in bodies:
        return embedded
    primaries = _chromaticities(bodies[b"cHRM"]) if b"cHRM" in bodies else None
    return _by_gamma(int.from_bytes(bodies[b"gAMA"], "big"), primaries, grey=grey)


def _color_chunks(data: bytes) -> dict[bytes, bytes]:
    """The colour chunks before the pixels: of each kind the first that makes sense."""
    bodies: dict[bytes, bytes] = {}
    coloured = False
    for chunk in takewhile(lambda chunk: chunk.kind != b"IDAT", chunks(data)):
        coloured |= chunk.kind == b"PLTE"
        late = coloured and chunk.kind == b"cICP"  # browsers want it before a palette
        if not late and _makes_sense(chunk):
            bodies.setdefault(chunk.kind, chunk.body)
    return bodies


def _makes_sense(chunk: Chunk) -> bool:
    if _LENGTHS.get(chunk.kind) != len(chunk.body) or not chunk.sound:
        return False
    if chunk.kind == b"gAMA":
        return any(chunk.body)
    return chunk.kind != b"sRGB" or chunk.body[0] <= _LAST_INTENT


def _chromaticities(body: bytes) -> Primaries:
    """From a cHRM chunk, which has the white point first (PNG 11.3.2.1)."""
    x, y, *corners = (value / 100_000 for value in struct.unpack(">8I", body))
    a, b, c, d, e, f = corners
    return a, b, c, d, e, f, x, y


@lru_cache(maxsize=16)
def _by_gamma(stored: int, primaries: Primaries | None, *, grey: bool) -> bytes | None:
    """The profile of gAMA and cHRM; without cHRM the gamut is sRGB's."""
    if primaries is None and abs(stored / _SRGB_GAMMA - 1) < _NEAR:
        return None
    curve = cicp.curve(cicp.gamma(100_000 / stored))
    space = ColorSpace(primaries or cicp.SRGB_PRIMARIES, curve)
    try:
        return grey_profile(curve) if grey else rgb_profile(space)
    except ValueError:  # invalid primaries: browsers ignore them, too
        return None


@lru_cache(maxsize=16)
def _by_code_points(primaries: int, transfer: int, *, grey: bool = False) -> bytes | None:
    space = cicp.color_space(primaries, transfer)
    if space is None or (primaries, transfer) == (cicp.BT_709, cicp.SRGB_CURVE):
        return None
    return grey_profile(space.curve) if grey else rgb_profile(space)


def _of_avif(data: bytes) -> bytes | None:
    """Chromium reads television's curve, and an unspecified one, as sRGB's here."""
    primaries, transfer = avif.code_points(data)
    if primaries == cicp.UNSPECIFIED:
        primaries = cicp.BT_709
    if transfer in cicp.TELEVISION or transfer == cicp.UNSPECIFIED:
        transfer = cicp.SRGB_CURVE
    return _by_code_points(primaries, transfer)


def _of_bmp(data: bytes) -> bytes | None:
    """An embedded profile; the calibrated colours of other headers are ignored."""
    if int.from_bytes(data[_V5_START : _V5_START + 4], "little") < _V5:
        return None
    if data[_V5_TYPE : _V5_TYPE + 4] != _EMBEDDED:
        return None
    start, length = struct.unpack_from("<II", data, _V5_PROFILE)
    found = data[_V5_START + start : _V5_START + start + length]
    return found if is_profile(found) else None
