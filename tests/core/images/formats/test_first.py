"""First frames that do not fill their canvas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images.formats import first
from imgcache.core.images.formats.chunks import chunks
from tests.support import colours, pictures


def test_an_animated_webp_tells_where_its_first_frame_lies() -> None:
    assert first.of_webp(colours.small_webp()) == (4, 4, 12, 12)
    assert first.of_webp(pictures.webp(frames=2)) == (0, 0, 160, 120)
    assert first.of_webp(pictures.webp(alpha=True)) is None


def test_a_frame_that_is_not_the_still_picture_becomes_a_png_of_its_own() -> None:
    frame = first.of_apng(colours.small_apng())
    assert frame is not None
    assert frame.place == (4, 4, 12, 12)
    alone = pictures.opened(frame.file)
    assert alone.tobytes() == colours.chart("RGBA").resize((8, 8)).tobytes()
    assert [chunk.kind for chunk in chunks(frame.file)] == [b"IHDR", b"IDAT", b"IEND"]


def test_a_still_picture_that_is_the_first_frame_stays() -> None:
    assert first.of_apng(pictures.apng()) is None
    assert first.of_apng(pictures.png()) is None


@given(st.integers(0, 400), st.binary(max_size=8))
def test_no_damage_is_too_much(at: int, put: bytes) -> None:
    for whole, read in (
        (colours.small_apng(), first.of_apng),
        (colours.small_webp(), first.of_webp),
    ):
        place = at % len(whole)
        read(whole[:place] + put + whole[place + len(put) :])
        read(whole[:place])
