"""The position in a photo: found where EXIF is found, and claimed nowhere else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images.examine import FIRST_BYTES, Sized, examine, judge_prefix
from imgcache.core.images.formats import exif
from imgcache.core.images.formats.heif import items
from imgcache.core.images.formats.isobmff import boxes
from imgcache.core.images.limits import Limits
from tests.support import pictures
from tests.support.pictures import chunk, photo, saved, with_chunk

LIMITS = Limits(64_000_000, 1000, 100)
PLACED = pictures.gps()
TIFF = PLACED.removeprefix(b"Exif\0\0")
IMAGES = {
    "jpeg": saved(photo(40, 24), "JPEG", exif=PLACED),
    "png": with_chunk(pictures.png(40, 24), chunk(b"eXIf", TIFF)),
    "webp": saved(photo(40, 24), "WEBP", exif=TIFF),
    "webp with the mark of a JPEG": saved(photo(40, 24), "WEBP", exif=PLACED),
    "avif": saved(photo(40, 24), "AVIF", exif=TIFF),
    "avif with the mark of a JPEG": saved(photo(40, 24), "AVIF", exif=PLACED),
}
WITHOUT = {
    "jpeg": pictures.jpeg(orientation=6),
    "png": pictures.png(),
    "webp": pictures.webp(orientation=6),
    "avif": saved(photo(40, 24), "AVIF"),
    "avif without coordinates": saved(photo(40, 24), "AVIF", exif=b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "gif": pictures.gif(),
    "bmp": pictures.bmp(),
    "svg": pictures.svg(),
}


def claimed(data: bytes) -> bool | None:
    return examine(data, None, LIMITS).structure.has_position


@pytest.mark.parametrize("name", IMAGES)
def test_a_position_is_found(name: str) -> None:
    assert claimed(IMAGES[name]) is True


@pytest.mark.parametrize("name", WITHOUT)
def test_no_position_is_known_to_be_none(name: str) -> None:
    assert claimed(WITHOUT[name]) is False


@pytest.mark.parametrize("name", IMAGES)
def test_no_beginning_of_a_file_says_that_there_is_none(name: str) -> None:
    data = IMAGES[name]
    assert False not in [claimed(data[:end]) for end in range(16, len(data) - 1)]


def test_the_first_bytes_of_a_photo_tell_it() -> None:
    data = saved(photo(400, 300), "JPEG", exif=PLACED, quality=95)
    settled = judge_prefix(data[:FIRST_BYTES], None, LIMITS)
    assert isinstance(settled, Sized)
    assert settled.has_position is True


@given(
    changes=st.lists(
        st.tuples(st.integers(16, len(IMAGES["avif"]) - 1), st.integers(0, 255)), max_size=6
    )
)
def test_whatever_stands_in_an_avif_it_is_read_to_an_end(changes: list[tuple[int, int]]) -> None:
    data = bytearray(IMAGES["avif"])
    for at, value in changes:
        data[at] = value
    assert claimed(bytes(data)) in {True, False, None}


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def meta(*, method: int, start: int, data: bytes = b"") -> bytes:
    """A meta box with an Exif item of number 7, in one piece."""
    entry = box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", 7, 0, b"Exif"))
    info = box(b"iinf", bytes(4), struct.pack(">H", 1), entry)
    item = struct.pack(">HHHHII", 7, method, 0, 1, start, len(TIFF) + 4)
    places = box(b"iloc", b"\1\0\0\0", b"\x44\0", struct.pack(">H", 1), item)
    return box(b"meta", bytes(4), info, places, box(b"idat", data) if data else b"")


@pytest.mark.parametrize(("method", "told"), [(0, None), (1, True), (2, None)])
def test_a_position_in_the_item_data_is_found(method: int, told: bool | None) -> None:
    data = meta(method=method, start=0 if method else 10_000, data=bytes(4) + TIFF)
    (outer,) = boxes(data, 0, len(data))
    assert items.has_position(data, outer) is told


def directory(order: str, *fields: tuple[int, int, int, int], at: int) -> bytes:
    packed = b"".join(struct.pack(order + "HHII", *one) for one in fields)
    return struct.pack(order + "H", len(fields)) + packed + bytes(4)


def block(kind: int, numerator: int, denominator: int, order: str = "<", tag: int = 2) -> bytes:
    """A TIFF whose GPS directory, at byte 26, has one field, and its value behind it."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = directory(order, (0x8825, 4, 1, 26), at=8)
    second = directory(order, (tag, kind, 3, 44), at=26)
    return (
        mark
        + struct.pack(order + "I", 8)
        + first
        + second
        + struct.pack(order + "II", numerator, denominator) * 3
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("tag", [2, 4])
@pytest.mark.parametrize("kind", [5, 10])
def test_latitude_and_longitude_are_a_position(order: str, tag: int, kind: int) -> None:
    assert exif.parse(block(kind, 47, 1, order, tag)).has_position


@pytest.mark.parametrize(
    ("why", "tiff"),
    [
        ("a camera without a fix", block(5, 0, 0)),
        ("another type", block(2, 47, 1)),
        ("an altitude", block(5, 47, 1, tag=6)),
        ("a value behind the end", block(5, 47, 1)[:44]),
    ],
)
def test_what_is_no_coordinate_is_no_position(why: str, tiff: bytes) -> None:
    assert not exif.parse(tiff).has_position, why


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*"]))
def test_no_bytes_are_too_strange(data: bytes, mark: bytes) -> None:
    exif.parse(mark + data)
    exif.parse(TIFF[: len(data)] + data)
