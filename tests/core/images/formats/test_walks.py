"""What all structure walks have in common, whatever the format."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcache.core.images.examine import examine
from imgcache.core.images.limits import Limits
from imgcache.model import Size, Verdict
from tests.support import pictures

LIMITS = Limits(pixels=10**9, frames=1000, scans=100)
LABEL = None
SMALL = {
    "jpeg": (pictures.jpeg(40, 30), (40, 30)),
    "progressive jpeg": (pictures.jpeg(40, 30, progressive=True), (40, 30)),
    "turned jpeg": (pictures.jpeg(40, 30, orientation=6), (30, 40)),
    "png": (pictures.png(40, 30), (40, 30)),
    "apng": (pictures.apng(20, 15), (20, 15)),
    "gif": (pictures.gif(40, 30, frames=2), (40, 30)),
    "webp": (pictures.webp(40, 30), (40, 30)),
    "lossless webp": (pictures.webp(40, 30, lossless=True), (40, 30)),
    "animated webp": (pictures.webp(40, 30, frames=2, alpha=True), (40, 30)),
    "avif": (pictures.avif(40, 30), (40, 30)),
    "turned avif": (pictures.avif(40, 30, orientation=8), (30, 40)),
    "avif sequence": (pictures.avif(40, 30, frames=2), (40, 30)),
    "bmp": (pictures.bmp(20, 15), (20, 15)),
    "ico": (pictures.ico(16, 24), (24, 24)),
    "cur": (pictures.cur(24), (24, 24)),
    "svg": (pictures.svg(), (80, 60)),
}


@pytest.mark.parametrize(("data", "size"), SMALL.values(), ids=SMALL)
def test_a_whole_file_has_its_size_and_no_flaw(data: bytes, size: tuple[int, int]) -> None:
    structure = examine(data, LABEL, LIMITS).structure
    assert (structure.size, structure.flaw) == (size, None)


@pytest.mark.parametrize(("data", "size"), SMALL.values(), ids=SMALL)
def test_no_beginning_of_a_file_has_another_size_or_is_sound(
    data: bytes, size: tuple[int, int]
) -> None:
    sizes = set()
    for end in range(1, len(data) - 1):
        structure = examine(data[:end], LABEL, LIMITS).structure
        assert structure.flaw is not None, end
        sizes.add(structure.size)
    # The size of a turned JPEG is known with its orientation, which stands before its frame.
    assert sizes <= {None, size}


@pytest.mark.parametrize(("data", "size"), SMALL.values(), ids=SMALL)
def test_three_quarters_of_a_file_are_truncated(data: bytes, size: tuple[int, int]) -> None:
    structure = examine(pictures.cut(data, 0.75), LABEL, LIMITS).structure
    assert structure.flaw is Verdict.TRUNCATED


@pytest.mark.parametrize(("data", "size"), SMALL.values(), ids=SMALL)
@settings(max_examples=60)
@given(chance=st.data())
def test_no_damage_makes_a_walk_fail(
    data: bytes, size: tuple[int, int], chance: st.DataObject
) -> None:
    broken = bytearray(data)
    for _ in range(chance.draw(st.integers(1, 6))):
        broken[chance.draw(st.integers(0, min(len(data), 400) - 1))] = chance.draw(
            st.integers(0, 255)
        )
    structure = examine(bytes(broken), LABEL, LIMITS).structure
    assert structure.size is None or isinstance(structure.size, Size)
