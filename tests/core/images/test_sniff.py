"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images.sniff import sniff
from imgcache.model import Format
from tests.support import pictures

SHOWN = {
    "jpeg": (pictures.jpeg(), Format.JPEG),
    "jpeg with another picture behind": (pictures.mpo(), Format.JPEG),
    "png": (pictures.png(), Format.PNG),
    "apng": (pictures.apng(), Format.PNG),
    "gif": (pictures.gif(), Format.GIF),
    "webp": (pictures.webp(), Format.WEBP),
    "avif": (pictures.avif(), Format.AVIF),
    "avif sequence": (pictures.avif(frames=2), Format.AVIF),
    "bmp": (pictures.bmp(), Format.BMP),
    "ico": (pictures.ico(), Format.ICO),
    "cur": (pictures.cur(), Format.ICO),
    "svg": (pictures.svg(), Format.SVG),
}


@pytest.mark.parametrize(("data", "expected"), SHOWN.values(), ids=SHOWN)
def test_each_format_is_known_by_its_bytes(data: bytes, expected: Format) -> None:
    assert sniff(data).format is expected


@pytest.mark.parametrize(
    "prolog",
    [
        "\ufeff",
        " \n\t",
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        "<!-- made by an editor, with <svg> in the comment -->\n",
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">',
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]>\n<!-- x -->\n',
    ],
)
def test_an_svg_is_known_behind_whatever_may_precede_its_root(prolog: str) -> None:
    assert sniff(pictures.svg(prolog=prolog)).format is Format.SVG


def test_an_svg_may_have_a_prefix_and_may_be_utf_16() -> None:
    assert sniff(b'<s:svg xmlns:s="http://www.w3.org/2000/svg"/>').format is Format.SVG
    assert sniff("\ufeff<svg/>".encode("utf-16-le")).format is Format.SVG


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pictures.TIFF, "a TIFF image"),
        (pictures.PSD, "a Photoshop document"),
        (pictures.EPS, "an EPS or PostScript document"),
        (pictures.HEIC, "a HEIC image"),
        (pictures.JPEG_2000, "a JPEG 2000 image"),
        (pictures.JPEG_XL, "a JPEG XL image"),
    ],
)
def test_images_that_browsers_do_not_show_are_told_by_name(data: bytes, name: str) -> None:
    sniffed = sniff(data)
    assert (sniffed.format, sniffed.name, sniffed.is_image) == (None, name, True)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pictures.HTML, "an HTML page"),
        (b"  <!-- hello -->\n<HTML>", "an HTML page"),
        (b"<html><svg></svg></html>", "an HTML page"),
        (pictures.JSON, "JSON"),
        (pictures.TEXT, "plain text"),
        (b"BMW is a car maker", "plain text"),
        (b'<?xml version="1.0"?><rss/>', "an XML document"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b\x08\0", "gzip-compressed data"),
        (b"\0\1\2\3", "unknown data"),
    ],
)
def test_what_is_no_image_is_told_by_name(data: bytes, name: str) -> None:
    sniffed = sniff(data)
    assert (sniffed.format, sniffed.name, sniffed.is_image) == (None, name, False)


def test_a_heic_that_also_claims_avif_counts_as_avif() -> None:
    assert sniff(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif").format is Format.AVIF


@given(st.binary(max_size=200))
def test_any_bytes_get_a_name(data: bytes) -> None:
    assert sniff(data).name
