"""Places of a text report: as many as fit, the others counted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from imgcache.render.blocks.groups import Place, Places
from imgcache.render.blocks.ink import PLAIN, Ink
from imgcache.render.blocks.series import packed

_names = st.integers(1, 90).map("a".__mul__)
_places = st.lists(_names, min_size=1, max_size=10).map(
    lambda names: [Place(f"{name}.md", 3, 9) for name in names]
)


@given(
    shown=_places, more=st.integers(0, 900), room=st.integers(-2, 12), width=st.integers(40, 200)
)
def test_what_fits_is_named_and_all_is_counted(
    shown: list[Place], more: int, room: int, width: int
) -> None:
    places = Places(None, shown, len(shown) + more)
    lines = list(packed(Ink(width=width), places, 9, room))
    named = re.findall(r"(a+\.md):3:9", " ".join(lines))
    assert named == [one.article for one in shown[: len(named)]]
    assert len(named) == 1 or len(lines) <= room
    told = re.search(r"and ([\d,]+) more place", " ".join("".join(lines).split()))
    counted = int(told[1].replace(",", "")) if told else 0
    assert len(named) + counted == places.count


def test_a_pipe_has_all_on_one_line() -> None:
    places = Places(None, [Place(f"{number}.md", 3, 9) for number in range(10)], 12)
    (line,) = packed(PLAIN, places, 0, 1)
    assert line.startswith("0.md:3:9, 1.md:3:9, ")
    assert line.endswith(", 9.md:3:9 and 2 more places\n")


def test_the_count_stays_with_a_place_that_fills_its_line() -> None:
    places = Places(None, [Place("a" * 80, 3, 9, "says 4 x 3"), Place("b", 1, 1)], 2)
    (line, note) = packed(Ink(width=60), places, 9, 1)
    assert line.strip() == "a" * 80 + ":3:9"
    assert note.strip() == "(says 4 x 3) and 1 more place"
