"""The hash by which pictures are known again: what its bits say, and how far two are apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images import dhash

cells = st.binary(min_size=32, max_size=32)
hashes = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")


def test_a_bit_is_set_where_the_next_cell_is_darker() -> None:
    falling = bytes(range(8, 0, -1)) * 4
    assert dhash.of(falling, bytes(32)) == "fefefefe00000000"
    rising = bytes(level for level in range(8) for _ in range(4))
    assert dhash.of(bytes(32), rising) == "0000000001010101"


@given(cells, cells)
def test_a_hash_has_its_form_and_more_light_changes_nothing(wide: bytes, tall: bytes) -> None:
    darker, brighter = (
        [bytes(n // 2 + more for n in one) for one in (wide, tall)] for more in (0, 99)
    )
    found = dhash.of(*darker)
    assert dhash.is_dhash(found)
    assert dhash.of(*brighter) == found


@given(hashes, hashes, hashes)
def test_the_distance_is_one(one: str, other: str, third: str) -> None:
    apart = dhash.distance(one, other)
    assert 0 <= apart <= dhash.BITS
    assert (apart == 0) == (one == other)
    assert apart == dhash.distance(other, one)
    assert apart <= dhash.distance(one, third) + dhash.distance(third, other)


def test_what_is_no_hash_is_told() -> None:
    assert not any(map(dhash.is_dhash, ("", "0" * 15, "0" * 17, "G" * 16, "0" * 16 + "\n")))
