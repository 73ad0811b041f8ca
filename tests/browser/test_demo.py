"""After `make demo` a person sees what is broken first, two clicks from the line to fix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.sites import Site, visiting


def test_what_the_demo_left_is_seen_and_mended_soon(chromium: Browser, tmp_path: Path) -> None:
    for words, cwd in ((["demo"], tmp_path), (["report"], tmp_path / "imgcache-demo")):
        subprocess.run([sys.executable, "-m", "imgcache", *words], cwd=cwd, check=False)
    home = (tmp_path / "imgcache-demo" / "imgcache-report" / "index.html").as_uri()
    with visiting(chromium, Site("folder", home, {})) as visit:
        page = visit.page
        page.goto(home)
        expect(page.locator("h1")).to_have_text("2 images to fix")
        verdicts = page.locator("article .kind").all_inner_texts()
        assert verdicts == ["another shape", "no longer there", "as declared", "as declared"]
        page.get_by_role("link", name="no longer there").click()
        page.locator("article [data-go]").click()
        line = page.locator("article:target").get_by_role("region", name="Line 68")
        expect(line).to_be_in_viewport()
        expect(line).to_contain_text("techstory.in")


def test_a_single_file_works_alone(chromium: Browser, newsroom: Path, tmp_path: Path) -> None:
    target = tmp_path / "alone.html"
    words = ["report", "--quiet", "--single-file", "--output", str(target)]
    subprocess.run([sys.executable, "-m", "imgcache", *words], cwd=newsroom, check=False)
    with visiting(chromium, Site("file", target.as_uri(), {})) as visit:
        page = visit.page
        page.goto(target.as_uri())
        expect(page.locator("h1")).to_have_text("5 images to fix")
        page.wait_for_function(
            "() => [...document.images].every((one) => one.complete && one.naturalWidth)"
        )
        page.keyboard.press("/")
        page.keyboard.type("regatta")
        expect(page.locator("article:visible")).to_have_count(5)
        assert Axe().run(page, options={"preload": False}).violations_count == 0
