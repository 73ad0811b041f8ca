"""Every dialect of every format, from each of its beginnings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imgcache.core.images.examine import Sized, examine, judge_prefix
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.model import Size, Verdict
from tests.dialects.dialect import Dialect
from tests.dialects.every import ALL

DOCUMENT = Path(__file__).parents[3] / "docs" / "browser-differences.md"
HEADINGS = {
    title.lower() for title in re.findall(r"^### (.*)$", DOCUMENT.read_text(), re.MULTILINE)
}
LIMITS = Limits(64_000_000, 1000, 100)
# A large file is cut at each of its first and last bytes, and at steps between them; an SVG is
# parsed from its beginning at each cut.
_EACH, _EACH_OF_LARGE_SVG = 768, 128
_MOST = 200
_STEP = 61


def _lengths(dialect: Dialect) -> list[int]:
    size = len(dialect.data)
    is_large_svg = dialect.media_type == "image/svg+xml" and size > 8192
    each = _EACH_OF_LARGE_SVG if is_large_svg else _EACH
    between = range(each, size - each, max(_STEP, size // _MOST))
    return sorted({*range(min(each, size)), *between, *range(max(size - each, 0), size)})


@pytest.mark.parametrize("name", ALL)
def test_the_whole_file_tells_the_size_that_browsers_show(name: str) -> None:
    dialect = ALL[name]
    structure = examine(dialect.data, Label(dialect.media_type), LIMITS).structure
    assert structure.size == dialect.told
    if structure.flaw is not None:
        assert structure.flaw is dialect.verdict


@pytest.mark.parametrize("name", ALL)
def test_each_beginning_tells_the_right_size_or_asks_for_more(name: str) -> None:
    dialect = ALL[name]
    label = Label(dialect.media_type)
    was_settled = False
    for length in _lengths(dialect):
        told = judge_prefix(dialect.data[:length], label, LIMITS)
        assert told is not None or not was_settled, f"{length}: what was known is asked again"
        was_settled = told is not None
        if isinstance(told, Sized):
            assert told.size == dialect.told, length
        elif told is not None:
            assert told.size in (None, dialect.told), length
            assert told.verdict is dialect.verdict, length


@pytest.mark.parametrize("name", [name for name in ALL if ALL[name].verdict is Verdict.OK])
def test_no_beginning_of_a_sound_file_is_sound(name: str) -> None:
    dialect = ALL[name]
    label = Label(dialect.media_type)
    for length in range(0, len(dialect.data) // 2, _STEP):
        assert examine(dialect.data[:length], label, LIMITS).structure.flaw is not None, length


def test_sizes_are_never_negative() -> None:
    for dialect in ALL.values():
        size = examine(dialect.data, Label(dialect.media_type), LIMITS).structure.size
        assert min(size or Size(0, 0)) >= 0


def test_where_imgcache_and_browsers_differ_a_reason_is_documented() -> None:
    unexplained = {
        name for name, one in ALL.items() if not one.agrees and one.reason not in HEADINGS
    }
    assert unexplained == set()


def test_each_documented_reason_has_an_example() -> None:
    assert {dialect.reason for dialect in ALL.values()} - {None} == HEADINGS
