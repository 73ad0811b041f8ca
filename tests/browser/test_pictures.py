"""The thumbnail of each sound dialect shows what Chromium paints of the image."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from imgcache.model import Verdict
from tests.browser.painting import assert_alike, painted, thumbnail
from tests.dialects.dialect import Dialect
from tests.dialects.every import BY_FORMAT

FORMATS = ("png", "bmp", "webp")
LARGEST = 300  # a side that is not reduced


def pictures() -> dict[str, Dialect]:
    return {
        f"{kind}: {name}": one
        for kind in FORMATS
        for name, one in BY_FORMAT[kind].items()
        if one.verdict is Verdict.OK and max(one.size or (0,)) <= LARGEST
    }


PICTURES = pictures()


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PICTURES)
def test_a_thumbnail_shows_what_a_browser_paints(page: Page, name: str) -> None:
    data = PICTURES[name].data
    assert_alike(thumbnail(data), painted(page, data))
