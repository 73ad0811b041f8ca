from __future__ import annotations

import pytest
from msgspec.structs import replace

from imgcache.core.images.examine import Sized, judge_prefix
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.sniff import ENOUGH
from imgcache.model import Failure, Format, Size, Verdict
from tests.support import pictures

LIMITS = Limits(64_000_000, 1000, 100)
SVG = None
IMAGES = {
    "jpeg": (pictures.jpeg(), Format.JPEG, (160, 120)),
    "turned": (pictures.jpeg(orientation=6), Format.JPEG, (120, 160)),
    "progressive": (pictures.jpeg(progressive=True), Format.JPEG, (160, 120)),
    "cmyk": (pictures.cmyk_jpeg(), Format.JPEG, (160, 120)),
    "mpo": (pictures.mpo(), Format.JPEG, (160, 120)),
    "png": (pictures.png(60, 40), Format.PNG, (60, 40)),
    "apng": (pictures.apng(), Format.PNG, (80, 60)),
    "gif": (pictures.gif(frames=3), Format.GIF, (160, 120)),
    "webp": (pictures.webp(), Format.WEBP, (160, 120)),
    "avif": (pictures.avif(), Format.AVIF, (64, 48)),
    "bmp": (pictures.bmp(40, 30), Format.BMP, (40, 30)),
    "ico": (pictures.ico(16, 32), Format.ICO, (32, 32)),
    "svg": (pictures.svg() + b"\n", Format.SVG, (80, 60)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_every_prefix_tells_the_right_size_or_asks_for_more(name: str) -> None:
    data, fmt, size = IMAGES[name]
    right = Sized(fmt, Size(*size))
    answers = [judge_prefix(data[:end], SVG, LIMITS) for end in range(len(data))]
    sizes = [one and replace(one, has_position=None) for one in answers]
    assert {str(one) for one in sizes} == {str(None), str(right)}
    settled = [one is not None for one in answers]
    assert settled == sorted(settled), "once the size is known it stays known"


def _checksum_is_wrong(data: bytes) -> bytes:
    """A PNG whose header is not what its checksum says; browsers refuse it."""
    return data[:29] + bytes([data[29] ^ 1]) + data[30:]


def _height_is_zero(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + b"\0\0" + data[at + 2 :]


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (_checksum_is_wrong(pictures.png(60, 40))[:-20], Verdict.CORRUPT),
        (_height_is_zero(pictures.jpeg())[:-20], Verdict.CORRUPT),
        (pictures.TIFF, Verdict.UNSUPPORTED_FORMAT),
        (pictures.HEIC, Verdict.UNSUPPORTED_FORMAT),
        (pictures.png_bomb(), Verdict.TOO_MANY_PIXELS),
        (pictures.HTML * 5000, Verdict.NOT_AN_IMAGE),
    ],
)
def test_what_more_bytes_can_not_mend_is_settled(data: bytes, verdict: Verdict) -> None:
    settled = judge_prefix(data, Label(), LIMITS)
    assert isinstance(settled, Failure)
    assert settled.verdict is verdict


def test_text_may_still_become_an_svg() -> None:
    assert judge_prefix(b"<!-- a long comment", SVG, LIMITS) is None
    settled = judge_prefix(b"plain " * ENOUGH, SVG, LIMITS)
    assert isinstance(settled, Failure)


def test_a_label_that_browsers_refuse_is_settled() -> None:
    settled = judge_prefix(pictures.svg(), Label("text/plain"), LIMITS)
    assert isinstance(settled, Failure)
    assert settled.verdict is Verdict.UNSUPPORTED_FORMAT
