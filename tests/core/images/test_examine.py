"""The verdict on an image before it is decoded."""

from __future__ import annotations

import pytest

from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.model import Format, Verdict
from tests.support import pictures

LIMITS = Limits(pixels=100_000, frames=3, scans=20)


@pytest.mark.parametrize(
    ("content_type", "nosniff", "shown"),
    [
        ("image/jpeg", True, True),
        ("image/png", True, True),
        ("application/octet-stream", True, True),
        (None, True, True),
        ("text/html", False, True),
        ("text/html; charset=utf-8", True, False),
        ("TEXT/HTML", True, False),
        ("text/plain", True, False),
        ("application/json", True, False),
        ("application/rss+xml", True, False),
        ("application/dash+xml", True, True),
        ("application/json+protobuf", True, False),
        ("text/html\tx", True, False),
        ("text/html(c)", True, False),
        ("image/svg+xml", False, False),
        ("application/pdf", False, False),
        ("text/csv; header=present", False, False),
        ("application/pdf, image/jpeg", False, True),
        ("image/jpeg, application/zip", False, False),
        ("pdf", False, True),
    ],
)
def test_a_label_hides_an_image_only_where_browsers_trust_it(
    content_type: str | None, *, nosniff: bool, shown: bool
) -> None:
    flaw = examine(pictures.jpeg(), Label(content_type, nosniff), LIMITS).structure.flaw
    assert (flaw is None) is shown
    assert flaw in (None, Verdict.UNSUPPORTED_FORMAT)


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("image/svg+xml", True),
        ("image/svg+xml; charset=utf-8", True),
        ("image/svg+xml charset=utf-8", True),
        ("text/html, image/svg+xml", True),
        ("image/svg+xml, */*", True),
        ("image/svg+xml, image/png", False),
        ("text/xml", False),
        ("image/png", False),
        ("text/plain", False),
        (None, False),
    ],
)
def test_an_svg_is_shown_under_its_own_label_only(content_type: str | None, *, shown: bool) -> None:
    structure = examine(pictures.svg(), Label(content_type), LIMITS).structure
    assert (structure.flaw is None) is shown
    assert structure.size == (80, 60)


def test_an_svg_with_its_label_may_say_nosniff() -> None:
    label = Label("image/svg+xml", nosniff=True)
    assert examine(pictures.svg(), label, LIMITS).structure.flaw is None


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(400, 300),
        pictures.gif(frames=4),
        pictures.webp(64, 64, frames=4),
        pictures.apng(frames=4),
        pictures.many_scans_jpeg(21),
        pictures.webp_bomb(),
        pictures.png_bomb(),
    ],
)
def test_more_than_a_limit_is_told_with_the_size(data: bytes) -> None:
    structure = examine(data, Label(), LIMITS).structure
    assert structure.flaw is Verdict.TOO_MANY_PIXELS
    assert structure.size is not None


def test_no_bytes_are_empty() -> None:
    assert examine(b"", Label("image/png"), LIMITS).structure.flaw is Verdict.EMPTY


def test_what_is_no_image_is_named_whatever_its_label() -> None:
    structure = examine(pictures.HTML, Label("image/jpeg"), LIMITS).structure
    assert structure.flaw is Verdict.NOT_AN_IMAGE
    assert structure.detail == "it is an HTML page"


def test_a_jpeg_xl_is_sized_and_not_shown() -> None:
    examined = examine(pictures.JPEG_XL, Label("image/jxl"), LIMITS)
    assert examined.format is None
    assert examined.structure.flaw is Verdict.UNSUPPORTED_FORMAT
    assert examined.structure.size == (32, 32)


def test_the_format_is_that_of_the_bytes() -> None:
    examined = examine(pictures.png(), Label("image/jpeg"), LIMITS)
    assert (examined.format, examined.structure.flaw) == (Format.PNG, None)
