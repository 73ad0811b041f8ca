"""AVIF by the rules of its boxes: what browsers refuse of them, and what they pass over."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from imgcache.core.images import cicp, icc
from imgcache.model import Verdict
from tests.dialects.avifs import (
    Item,
    Layout,
    avif,
    box,
    coded,
    imir,
    irot,
    ispe,
    picture,
    sequence,
)
from tests.dialects.dialect import Dialect, refused, unpainted
from tests.support import pictures


def poked(data: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """The same with other bytes in the payload of its last box of this type."""
    at = data.rindex(kind) + 4 + offset
    return data[:at] + value + data[at + len(value) :]


def colr(kind: bytes, body: bytes) -> bytes:
    """Colours: numbers (`nclx`) or a profile (`prof`, `rICC`)."""
    return box(b"colr", kind, body)


def nclx(transfer: int) -> bytes:
    """Colours by numbers: Rec. 709 with this transfer."""
    return colr(b"nclx", struct.pack(">HHHB", 1, transfer, 6, 0x80))


def mini(
    width: int = 64, height: int = 48, *, orientation: int = 1, major: bytes = b"mif3"
) -> bytes:
    """A minimized image (HEIF, amendment 2); another major brand takes longer to say what it is."""
    settings, data = coded(64, 48)
    is_long = major != b"mif3"
    fields = (
        (2, 0), (1, is_long), (1, 0), (1, 1), (5, 0), (1, 0), (2, 1), (3, orientation - 1),
        (1, 1), (15, width - 1), (15, height - 1), (2, 2), (1, 0),
        *((8, byte) for byte in (b"av01av1C" if is_long else b"")),
        (2, 3), (12, len(settings) - 8), (28, len(data) - 1),
    )  # fmt: skip
    bits = "".join(f"{value:0{count}b}" for count, value in fields)
    padded = bits + "0" * (-len(bits) % 8)
    head = int(padded, 2).to_bytes(len(padded) // 8, "big")
    brand = box(b"ftyp", major, b"\0\0\0\0", b"mif3") if is_long else box(b"ftyp", b"mif3avif")
    return brand + box(b"mini", head, settings[8:], data)


def _at(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def _minimized(data: bytes, size: tuple[int, int]) -> Dialect:
    return Dialect(data, size, Verdict.UNSUPPORTED_FORMAT, differs="decoders that are missing")


_CURVE = cicp.curve(cicp.gamma(2.2))
HANDLER = Layout().handler
RGB = icc.rgb_profile(icc.ColorSpace(cicp.SRGB_PRIMARIES, _CURVE))
GREY = icc.grey_profile(_CURVE)


AVIF_RULES: Mapping[str, Dialect] = {
    "properties before the primary item": Dialect(
        avif(picture(64, 48, irot(1)), layout=Layout(properties_first=True)), (48, 64)
    ),
    "an item that is told twice": Dialect(
        avif(picture(), layout=Layout(infos_twice=True)), (64, 48)
    ),
    **{
        f"reserved byte {at} of its handler": refused(
            avif(picture(), layout=Layout(handler=HANDLER[:at] + b"\1" + HANDLER[at + 1 :])),
            Verdict.CORRUPT, (64, 48),
        )
        for at in range(8, 20)
    },
    "a handler with a name": Dialect(
        avif(picture(), layout=Layout(handler=HANDLER[:20] + b"pict\0")), (64, 48)
    ),
    **{
        f"reserved bits {bits:#x} of its settings": refused(
            poked(avif(picture()), b"av1C", 3, bytes((bits,))), Verdict.CORRUPT, (64, 48)
        )
        for bits in (1, 8, 0x20, 0x80, 0x90)
    },
    "a delay in its settings": Dialect(poked(avif(picture()), b"av1C", 3, b"\x19"), (64, 48)),
    "channels that end early": refused(
        poked(avif(picture()), b"pixi", 3, b"\1"), Verdict.CORRUPT, (64, 48)
    ),
    "reserved bits of a turn": refused(
        avif(picture(64, 48, irot(5))), Verdict.CORRUPT, (48, 64)
    ),
    "reserved bits of a mirror": refused(
        avif(picture(64, 48, imir(2))), Verdict.CORRUPT, (64, 48)
    ),
    "settings of another item that are broken": refused(
        avif(picture(), Item(coded(64, 48)[1], [ispe(64, 48), coded(64, 48)[0][:-1] + b"\1"])),
        Verdict.CORRUPT, (64, 48),
    ),
    **{
        f"a profile as {kind.decode()}": Dialect(
            avif(picture(64, 48, colr(kind, RGB))), (64, 48)
        )
        for kind in (b"prof", b"rICC")
    },
    **{
        f"{name} as {kind.decode()}": refused(
            avif(picture(64, 48, colr(kind, body))), Verdict.CORRUPT, (64, 48)
        )
        for kind in (b"prof", b"rICC")
        for name, body in {
            "bytes that are no profile": b"junk" * 50,
            "no byte of a profile": b"",
            "a cut profile": RGB[:-4],
            "a profile of version 5": _at(RGB, 8, b"\5"),
            "a profile for four colours": _at(RGB, 16, b"CMYK"),
            "a profile for grey": GREY,
            "a profile to an odd space": _at(RGB, 20, b"Luv "),
            "a profile under another white": _at(RGB, 68, b"\0\0\xf0\0"),
            "a profile whose tag lies outside": _at(RGB, 136, b"\1"),
            "a profile without a curve": RGB.replace(b"gTRC", b"none", 1),
            "a profile without a corner": RGB.replace(b"bXYZ", b"none", 1),
            "a profile with a broken curve": RGB.replace(b"curv", b"none", 1),
            "a profile with a broken corner": RGB.replace(b"XYZ \0\0\0\0", b"none\0\0\0\0", 1),
        }.items()
    },
    **{
        name: Dialect(avif(picture(64, 48, colr(b"prof", body))), (64, 48))
        for name, body in {
            "a profile of a class of its own": _at(RGB, 12, b"none"),
            "a profile without a white point": RGB.replace(b"wtpt", b"none", 1),
            "a profile and more bytes": RGB + b"\0" * 4,
        }.items()
    },
    "a broken profile that nothing uses": Dialect(
        avif(picture(), picture(64, 48, colr(b"prof", b"junk" * 50))), (64, 48)
    ),
    "a broken profile behind its numbers": refused(
        avif(picture(64, 48, nclx(13), colr(b"prof", b"junk" * 50))), Verdict.CORRUPT, (64, 48)
    ),
    "a profile for grey, of grey": Dialect(
        pictures.saved(
            pictures.photo(64, 48).convert("L"), "AVIF", subsampling="4:0:0", icc_profile=GREY
        ),
        (64, 48),
    ),
    **{f"transfer {n}": Dialect(avif(picture(64, 48, nclx(n))), (64, 48)) for n in (8, 13, 99)},
    **{
        f"transfer {number}": refused(
            avif(picture(64, 48, nclx(number))), Verdict.CORRUPT, (64, 48)
        )
        for number in range(9, 13)
    },
    "a transfer that a profile replaces": Dialect(
        avif(picture(64, 48, nclx(12), colr(b"prof", RGB))), (64, 48)
    ),
    "the first layer": Dialect(avif(picture(64, 48, box(b"lsel", b"\0\0"))), (64, 48)),
    "a layer that is not there": unpainted(
        avif(picture(64, 48, box(b"lsel", b"\0\1"))), (64, 48)
    ),
    **{
        f"a sequence with {name}": refused(poked(sequence(), *change), Verdict.CORRUPT, (64, 48))
        for name, change in {
            "reserved bytes in its sample entry": (b"av01", 0, b"\1"),
            "more reserved bytes in its sample entry": (b"av01", 5, b"\1"),
            "reserved bytes in the middle of its sample entry": (b"av01", 11, b"\1"),
            "reserved bytes behind the resolution": (b"av01", 36, b"\1"),
            "another depth in its sample entry": (b"av01", 75, b"\x20"),
            "broken settings": (b"av1C", 3, b"\1"),
            "reserved bytes in its track": (b"tkhd", 24, b"\1"),
            "more reserved bytes in its track": (b"tkhd", 43, b"\1"),
            "the last reserved bytes in its track": (b"tkhd", 51, b"\1"),
            "a language that is none": (b"mdhd", 32, b"\xd5"),
            "reserved bytes in its handler": (b"hdlr", 12, b"\1"),
            "a handler of its own": (b"hdlr", 8, b"none"),
            "no handler": (b"hdlr", -4, b"none"),
            "a chunk without a description": (b"stsc", 16, b"\0\0\0\0"),
            "a sync sample before the first": (b"stss", 8, b"\0\0\0\0"),
            "a sync sample behind the last": (b"stss", 8, b"\0\0\0\4"),
            "a transfer without a curve": (b"colr", 6, b"\0\x0c"),
        }.items()
    },
    "a sequence whose second sample is in sync": Dialect(
        poked(sequence(), b"stss", 8, b"\0\0\0\2"), (64, 48)
    ),
    "a broken sequence behind a picture": refused(
        poked(sequence().replace(b"ftypavis", b"ftypavif"), b"av01", 0, b"\1"),
        Verdict.CORRUPT, (64, 48),
    ),
    **{
        f"minimized, orientation {number}": _minimized(
            mini(orientation=number), (48, 64) if number > 4 else (64, 48)
        )
        for number in pictures.ORIENTATIONS
    },
    "minimized, under its own brand": _minimized(mini(major=b"avif"), (64, 48)),
    "minimized, larger than its picture": _minimized(mini(100, 90), (100, 90)),
    "a minimized image of another kind": refused(
        mini().replace(b"mif3avif", b"mif3heic"), Verdict.UNSUPPORTED_FORMAT
    ),
}  # fmt: skip
