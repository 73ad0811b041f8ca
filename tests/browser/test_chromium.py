from __future__ import annotations

from playwright.sync_api import Page


def test_the_browser_tells_the_size_of_an_image(page: Page) -> None:
    source = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    page.set_content(f'<img src="{source}">')

    assert page.eval_on_selector("img", "one => [one.naturalWidth, one.naturalHeight]") == [1, 1]
