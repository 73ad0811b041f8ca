"""The recipes of docs/site-generators.md: each builds its site while every origin is dead."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.generators import GENERATORS, build, recipe
from tests.support import pictures
from tests.support.origin import Origin
from tests.support.world import run

pytestmark = pytest.mark.recipes


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what is not there is installed; RECIPES_HOME keeps it."""
    kept = os.environ.get("RECIPES_HOME")
    return Path(kept) if kept else tmp_path_factory.mktemp("generators")


async def site_of(name: str, folder: Path) -> dict[str, str]:
    """A site with images that are cached and one that never was; the URLs, of a dead origin."""
    generator = GENERATORS[name]
    async with Origin() as origin:
        urls = {
            "2026-01-02-bridge": origin.route("/bridge.jpg", body=pictures.jpeg(640, 414)),
            "2026-01-03-lost": origin.url("/lost.jpg?a=1&b=2"),
            "2026-01-04-logo": origin.route(
                "/a.svg", body=pictures.svg(), content_type="image/svg+xml"
            ),
            "2026-01-05-glass": origin.route("/b.png", body=pictures.png(alpha=True)),
        }
        for path, text in {**recipe(name), **generator.files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        (folder / generator.articles).mkdir(parents=True, exist_ok=True)
        for post, url in urls.items():
            head = generator.head.format(name=post)
            text = f'---\ntitle: "A <{post}>"\n{head}cover: "{url}"\n---\nText.\n'
            (folder / generator.articles / f"{post}.md").write_text(text)
        await run("refresh", "--allow-private", origin.allow, cwd=folder)
    done = await run("export", generator.export, cwd=folder)
    assert (done.status, done.stderr) == (0, "")
    return urls


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def image(page: Path) -> dict[str, Any]:
    parser = _Images()
    parser.feed(page.read_text())
    (only,) = parser.found
    return only


@pytest.mark.parametrize("name", GENERATORS)
async def test_a_site_is_built_from_the_cache_while_every_origin_is_dead(
    name: str, tmp_path: Path, home: Path
) -> None:
    site = tmp_path / "site"
    urls = await site_of(name, site)
    build(name, site, home)
    out = site / GENERATORS[name].built.partition("/")[0]
    shown = (image(site / GENERATORS[name].built.format(name=one)) for one in urls)
    bridge, lost, logo, glass = shown
    assert lost["src"] == urls["2026-01-03-lost"]
    assert lost["alt"] == "A <2026-01-03-lost>"
    assert (bridge["width"], bridge["height"]) == ("640", "414")
    assert bridge["alt"] == "A <2026-01-02-bridge>"
    small, whole = bridge["srcset"].split(", ")
    assert re.fullmatch(r"/images/thumbs/small/../[0-9a-f]{64}\.webp 320w", small)
    assert whole == f"{bridge['src']} 640w"
    for url in (small.partition(" ")[0], bridge["src"]):
        assert (out / url.lstrip("/")).is_file()
    assert re.fullmatch(
        r"background: url\(data:image/webp;base64,[A-Za-z0-9+/=]+\) center / cover",
        bridge["style"],
    )
    for one in (logo, glass):
        assert (out / one["src"].lstrip("/")).is_file()
        assert one["width"].isdecimal()
        assert one["srcset"].endswith(f"{one['src']} {one['width']}w")
        assert not one.get("style")


@pytest.mark.parametrize("name", GENERATORS)
def test_a_recipe_has_ten_lines_or_a_few_more(name: str) -> None:
    longest = max(recipe(name).values(), key=lambda text: text.count("\n"))
    assert longest.count("\n") <= 12
