"""Sizes of SVG roots by chance, from all that may stand in one, against what a Chromium shows."""

from __future__ import annotations

from random import Random

import pytest
from playwright.sync_api import Page

from imgcache.core.images.svg import walk
from tests.browser.gallery import Exhibit, opened
from tests.dialects.svgs import LABEL
from tests.support import pictures

_EACH = 150
_ODD = (
    ".5", "0", "+00012.5", "-1e2", ".125e+1", "1E-2", "0.0000001", "123456789", "1e39", "1e-45",
    "9e37", "1.",
)  # fmt: skip
_UNITS = (
    "", "", "", "px", "pt", "pc", "in", "cm", "mm", "Q", "em", "ex", "ch", "ic", "cap", "lh", "rem",
    "rex", "rcap", "rch", "rlh", "vw", "svh", "%", "PX", "foo",
)  # fmt: skip
_GAPS = ("", "", "", "", " ", "\t", "/**/", "/* x */ ")
_FONT_SIZES = ("20px", "1.7em", "12.3pt", "30%", "-5px", "large", "smaller", "0", "7.654", "x")
_LINE_HEIGHTS = ("2", "1.2345", "150%", "20px", "1.5em", "normal", "-1", "3lh", "x")


def number(chance: Random) -> str:
    """Whole, with many digits, near a half, or odd."""
    return chance.choice(
        (
            str(chance.randrange(1000)),
            f"{chance.uniform(0.1, 500):.1f}",
            f"{chance.uniform(0.1, 500):.{chance.randrange(2, 14)}f}",
            f"{chance.randrange(1, 300) + 0.5:.3f}",
            f"{chance.uniform(1, 10):.3f}e{chance.randrange(-9, 9)}",
            chance.choice(_ODD),
        )
    )


def length(chance: Random) -> str:
    gaps = (chance.choice(_GAPS) for _ in range(2))
    broken = chance.choice(("",) * 9 + ("/**/",))
    return (number(chance) + broken + chance.choice(_UNITS)).join(gaps)


def box(chance: Random) -> str:
    between = chance.choice((" ", ",", ", ", "  "))
    return between.join(number(chance) for _ in range(chance.choice((4, 4, 4, 4, 4, 3))))


def style(chance: Random) -> str:
    sizes = (f"font-size:{chance.choice(_FONT_SIZES)}" for _ in range(2))
    return ";".join((*sizes, f"LINE-height : {chance.choice(_LINE_HEIGHTS)}"))


def root(chance: Random) -> str:
    """The attributes of a root element."""
    parts = {
        "width": (0.5, length(chance)),
        "height": (0.5, length(chance)),
        "viewBox": (0.7, box(chance)),
        "preserveAspectRatio": (0.2, chance.choice(("none", "xMidYMid", "xMinYMax slice", "x"))),
        "font-size": (0.3, chance.choice(_FONT_SIZES)),
        "style": (0.3, style(chance)),
    }
    return " ".join(f'{n}="{v}"' for n, (odds, v) in parts.items() if chance.random() < odds)


@pytest.mark.parametrize("seed", range(2))
def test_a_root_by_chance_has_the_size_that_a_browser_shows(page: Page, seed: int) -> None:
    chance = Random(seed)
    roots = [root(chance) for _ in range(_EACH)]
    files = [pictures.svg(one) for one in roots]
    with opened() as gallery:
        exhibits = {f"{n}": Exhibit(file, LABEL) for n, file in enumerate(files)}
        shown = gallery.sizes(page, gallery.hang(exhibits))
    told = [walk(file).size for file in files]
    assert {
        one: (size, here)
        for one, size, here in zip(roots, shown, told, strict=True)
        if size != here
    } == {}
