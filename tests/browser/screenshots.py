"""`make screenshots`: the pictures in docs/, taken anew of what `imgcache report` draws."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from imgcache.render.html.static_site import article_name
from tests.browser.conftest import started
from tests.support import newsroom

DOCS = Path(__file__).parent.parent.parent / "docs"
WIDE = {"viewport": {"width": 1400, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
ARTICLE = article_name(newsroom.BRIDGE)
SHOTS: dict[str, tuple[str, dict[str, Any]]] = {
    "gallery-light": ("index.html", WIDE),
    "gallery-dark": ("index.html", WIDE | {"color_scheme": "dark"}),
    "gallery-phone": ("index.html", PHONE),
    "article-light": (ARTICLE, WIDE),
    "article-dark": (ARTICLE, WIDE | {"color_scheme": "dark"}),
}


# Of another newsroom, in which the host of one picture has changed hands.
SWAPPED: dict[str, tuple[str, dict[str, Any]]] = {"replaced": (ARTICLE, WIDE)}
QUAY = newsroom.ARTICLES[newsroom.BRIDGE][0]


def take(browser: Browser, address: str, context: dict[str, Any]) -> bytes:
    """One screenshot, as a PNG, with all pictures of the screen there."""
    page = browser.new_context(**context).new_page()
    page.goto(address, wait_until="networkidle")
    return page.screenshot()


def report(folder: Path, swapped: Mapping[str, bytes]) -> str:
    """The address of the report of a newsroom."""
    asyncio.run(newsroom.publish(folder, newsroom.ARTICLES, swapped))
    subprocess.run([sys.executable, "-m", "imgcache", "report"], cwd=folder, check=False)
    return (folder / "imgcache-report").as_uri()


def main() -> None:
    assert QUAY.serves is not None
    swapped = {QUAY.path: newsroom.parked(QUAY.serves)}
    with tempfile.TemporaryDirectory() as name:
        usual, other = report(Path(name, "usual"), {}), report(Path(name, "other"), swapped)
        with sync_playwright() as playwright:
            browser = started(playwright)
            if browser is None:
                sys.exit("no Chromium is installed here (Debian: apt-get install chromium)")
            for root, shots in ((usual, SHOTS), (other, SWAPPED)):
                for shot, (page, context) in shots.items():
                    png = take(browser, f"{root}/{page}", context)
                    Image.open(io.BytesIO(png)).save(DOCS / f"{shot}.webp", quality=82, method=6)
            browser.close()


if __name__ == "__main__":
    main()
