"""Facts of an EXIF block: the four that change how large an image is shown, and its position.

Source: CIPA DC-008 (EXIF 2.32) section 4.6; HTML, "prepare an image for presentation".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct

from imgcache.core.images.formats.structure import oriented
from imgcache.model import Size

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x0112, 0x011A, 0x011B, 0x0128
_EXIF_IFD, _PIXEL_X, _PIXEL_Y = 0x8769, 0xA002, 0xA003
_GPS_IFD, _LATITUDE, _LONGITUDE = 0x8825, 2, 4
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_SIGNED_RATIONAL = 10  # what some writers give coordinates
# Browsers take these in their own types only, whatever number another one holds.
_TYPES = {
    _ORIENTATION: (_SHORT,),
    _UNIT: (_SHORT,),
    _X_RESOLUTION: (_RATIONAL,),
    _Y_RESOLUTION: (_RATIONAL,),
    _EXIF_IFD: (_LONG,),
    _PIXEL_X: (_SHORT, _LONG),
    _PIXEL_Y: (_SHORT, _LONG),
}
_ORIENTATIONS = range(1, 9)
_INCH = 2
_CSS_DPI = 72  # the resolution at which a pixel is a pixel (HTML, same section)
_LARGEST_IFD = 512
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


class Exif(Struct, frozen=True):
    """Orientation (1 to 8), what the file says of its density, and whether it has a position.

    `has_position`: GPS coordinates are in it, that is a latitude or a longitude.
    """

    orientation: int = 1
    unit: int = 0
    resolution: tuple[float, float] = (0.0, 0.0)
    pixels: tuple[int, int] = (0, 0)
    has_position: bool = False

    def shown(self, coded: Size) -> Size:
        """The size in CSS pixels: corrected by density where the file is consistent, then oriented.

        HTML applies the density only if it leads exactly to the pixel dimensions that the same
        EXIF block declares; everything else counts as a leftover of some editor.
        """
        return oriented(self._by_density(coded), self.orientation)

    def _by_density(self, coded: Size) -> Size:
        if self.unit != _INCH or 0 in self.pixels or min(self.resolution) <= 0:
            return coded
        corrected = tuple(
            int(length * _CSS_DPI / dpi + 0.5)
            for length, dpi in zip(coded, self.resolution, strict=True)
        )
        return Size(*self.pixels) if corrected == self.pixels else coded


def parse(tiff: bytes) -> Exif:
    """The facts of a TIFF-structured EXIF block, without its `Exif` mark; oddities are ignored."""
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None or len(tiff) < 8:  # noqa: PLR2004 - byte order, 42 and the first offset
        return Exif()
    tags = _directory(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
    if _EXIF_IFD in tags:
        nested = _directory(tiff, order, int(tags[_EXIF_IFD]))
        tags = {**tags, **{tag: nested[tag] for tag in (_PIXEL_X, _PIXEL_Y) if tag in nested}}
    return Exif(
        orientation=int(tags.get(_ORIENTATION, 1)),
        unit=int(tags.get(_UNIT, 0)),
        resolution=(tags.get(_X_RESOLUTION, 0.0), tags.get(_Y_RESOLUTION, 0.0)),
        pixels=(int(tags.get(_PIXEL_X, 0)), int(tags.get(_PIXEL_Y, 0))),
        has_position=_GPS_IFD in tags and _has_position(tiff, order, int(tags[_GPS_IFD])),
    )


def _has_position(tiff: bytes, order: str, offset: int) -> bool:
    """Whether the GPS directory there has a coordinate (section 4.6.6).

    Cameras without a fix write the tags, and 0/0 as their values: those are none.
    """
    for tag, kind, number, start in _fields(tiff, order, offset):
        if tag in (_LATITUDE, _LONGITUDE) and kind in (_RATIONAL, _SIGNED_RATIONAL) and number:
            values = struct.unpack_from(order + "I", tiff, start)[0]
            # Degrees alone will do; minutes and seconds follow them.
            if any(tiff[values + 4 : values + 8]):
                return True
    return False


def _directory(tiff: bytes, order: str, offset: int) -> dict[int, float]:
    """Tag -> value of one image file directory: single shorts, longs and rationals only.

    Of several of one tag the first counts, of orientations the first valid one.
    """
    values: dict[int, float] = {}
    for tag, kind, number, start in _fields(tiff, order, offset):
        usable = number == 1 and kind in _TYPES.get(tag, (kind,))
        value = _value(tiff, order, kind, start) if usable else None
        if value is not None and (tag != _ORIENTATION or value in _ORIENTATIONS):
            values.setdefault(tag, value)
    return values


def _fields(tiff: bytes, order: str, offset: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type and number of values of each field of a directory, and where its value starts."""
    if offset < 8 or offset + 2 > len(tiff):  # noqa: PLR2004 - the header is 8 bytes long
        return
    count = min(struct.unpack_from(order + "H", tiff, offset)[0], _LARGEST_IFD)
    for start in range(offset + 2, offset + 2 + 12 * count, 12):
        if start + 12 > len(tiff):
            return
        tag, kind, number = struct.unpack_from(order + "HHI", tiff, start)
        yield tag, kind, number, start + 8


def _value(tiff: bytes, order: str, kind: int, start: int) -> float | None:
    if kind == _SHORT:
        return float(struct.unpack_from(order + "H", tiff, start)[0])
    if kind == _LONG:
        return float(struct.unpack_from(order + "I", tiff, start)[0])
    if kind == _RATIONAL:
        offset = struct.unpack_from(order + "I", tiff, start)[0]
        if offset + 8 > len(tiff):
            return None
        upper, lower = struct.unpack_from(order + "II", tiff, offset)
        return float(upper / lower) if lower else 0.0
    return None
