"""A few bytes that would keep a careless parser busy for ever; these tests end, or fail so."""

from __future__ import annotations

import struct

import pytest

from imgcache.core.images import svg
from imgcache.core.images.examine import examine, judge_prefix
from imgcache.core.images.limits import Limits
from imgcache.core.images.sniff import sniff
from imgcache.core.images.svg_size import intrinsic_size
from imgcache.model import Size, Verdict
from tests.dialects import avifs
from tests.support import pictures

LIMITS = Limits(64_000_000, 1000, 100)
BRANDS = avifs.box(b"ftyp", b"avif\0\0\0\0avif")


@pytest.mark.parametrize(
    "piece", [b"<?a?>", b"<!---->", b"<!-- -->\n", b"<!DOCTYPE a>", b"<!DOCTYPE a [ ]", b"]", b" "]
)
@pytest.mark.parametrize("end", [b"x", b"<", b"<s", b"<!DOCTYPE a [", b""])
def test_no_text_keeps_the_sniffer_busy(piece: bytes, end: bytes) -> None:
    assert sniff(piece * (60_000 // len(piece)) + end).format is None


@pytest.mark.parametrize("text", ["0" * 50_000, "0 " * 25_000, "0" + " " * 50_000, "0," * 25_000])
def test_no_view_box_keeps_the_parser_busy(text: str) -> None:
    assert intrinsic_size({"viewBox": text + "x"}) == Size(300, 150)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 50_000 + "x",
        " " * 50_000 + "x",
        "/*" * 50_000,
        "/**/" * 20_000 + "x",
        "/* */x;" * 9000,
    ],
)
def test_no_length_keeps_the_parser_busy(text: str) -> None:
    assert intrinsic_size({"width": text, "style": "font-size" * 9000}) == Size(300, 150)


@pytest.mark.parametrize("text", ["1" * 50_000 + "x", "0;" * 50_000, "1:" * 50_000, "1." * 50_000])
def test_no_animation_keeps_the_parser_busy(text: str) -> None:
    timed = f'<animate attributeName="width" begin="{text};0s" keyTimes="{text}" values="{text}"/>'
    assert svg.walk(pictures.svg(body=timed)).size == Size(80, 60)


@pytest.mark.parametrize(
    "body",
    [
        "<g id='a'>" * 5000 + "<use href='#a'/>" * 5000 + "</g>" * 5000,
        "".join(f"<g id='a{i}'>" for i in range(5000)) + "</g>" * 5000,
        "".join(f"<g id='a{i}'><use href='#a{i - 1}'/></g>" for i in range(5000)),
        "<set attributeName='width' to='80'/>" * 5000,
    ],
)
def test_no_number_of_uses_keeps_the_parser_busy(body: str) -> None:
    assert svg.walk(pictures.svg(body=body)).size == Size(80, 60)


def test_boxes_in_boxes_are_not_followed_where_none_belong() -> None:
    nested = b""
    for _ in range(3000):
        nested = avifs.box(b"moov", nested)
    assert examine(BRANDS + nested, None, LIMITS).structure.flaw is Verdict.CORRUPT


def test_extents_without_a_length_are_not_counted_one_by_one() -> None:
    items = (struct.pack(">HHH", item, 0, 65535) for item in range(65535))
    locations = avifs.full(b"iloc", b"\0\0", struct.pack(">H", 65535), *items)
    data = BRANDS + avifs.full(b"meta", locations)
    assert examine(data, None, LIMITS).structure.flaw is Verdict.CORRUPT


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0" + b"\xff" * 60_000,
        b"\xff\xd8" + b"\xff\xfe\0\2" * 15_000,
        b"GIF89a\1\0\1\0\0\0\0!\xfe" + b"\1a" * 30_000,
        BRANDS + avifs.box(b"free") * 8000,
        BRANDS + avifs.full(b"meta", avifs.box(b"free") * 8000),
        b"<svg xmlns='http://www.w3.org/2000/svg' " + b"a='b' " * 9000,
    ],
)
def test_headers_without_end_need_more_or_are_refused(data: bytes) -> None:
    assert judge_prefix(data, None, LIMITS) is None
