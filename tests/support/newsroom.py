"""A small newsroom: articles whose images fare in all ways, for the pages that editors see.

`python -m tests.support.newsroom FOLDER` makes the troubled one that the browser tests look at;
`make screenshots` takes the one without hostile and broken articles.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PIL import Image, ImageDraw, ImageFont

from imgcache import RefreshOptions, Settings, refresh
from imgcache.core.cache.plan import Scope
from imgcache.edge import demo_pictures
from imgcache.model import Size
from tests.support import pictures
from tests.support.origin import Origin

HOST = "images.harbour-post.example"
WIRE = "cdn.news-wire.example"
BRIDGE, BUDGET = "articles/2026/harbour-bridge-reopens.md", "articles/2026/council-budget.md"
REGATTA, BROKEN = "articles/sport/regatta.md", "articles/sport/fixtures.md"
HOSTILE = 'articles/<img src=x onerror=alert(1)> "quoted" \u202egpj.md'


@dataclass(frozen=True)
class Shot:
    """An image entry: what the article says, and what the origin serves (None: nothing)."""

    path: str
    declares: str
    serves: Size | None
    host: str = HOST

    @property
    def line(self) -> str:
        return f'  - url: "http://{self.host}{self.path}"\n' + "".join(
            f"    {part}\n" for part in self.declares.split(", ") if part
        )


def says(width: int, height: int) -> str:
    return f"width: {width}, height: {height}, isCached: true"


CRANE = Shot("/2026/crane-at-dawn.jpg", says(1600, 1000), Size(1600, 1000), WIRE)
Articles = Mapping[str, Sequence[Shot]]
ARTICLES: Articles = {
    BRIDGE: (
        Shot("/2026/bridge-from-the-quay.jpg", says(1600, 1035), Size(1600, 1035)),
        CRANE,
        Shot("/2026/engineer-portrait.jpg", says(1500, 1000), Size(1000, 1500)),
    ),
    BUDGET: (
        Shot("/2026/town-hall.jpg", says(1200, 1200), Size(1200, 750)),
        Shot("/2026/budget-chart.jpg", says(1400, 900), None),
    ),
    "articles/2026/captain-interview.md": (
        Shot("/2026/captain.jpg", says(900, 1200), Size(900, 1200)),
        Shot("/2026/wheelhouse.jpg", says(1280, 720), Size(1280, 720), WIRE),
    ),
    "articles/culture/film-festival.md": (
        CRANE,
        Shot("/culture/panorama.jpg", says(2000, 640), Size(2000, 640)),
        Shot("/culture/poster.jpg", "width: 800", Size(800, 1130)),
        Shot("/culture/../\u202e/poster%20two.jpg", says(700, 990), Size(700, 990)),
    ),
    REGATTA: tuple(
        Shot(f"/sport/regatta-{number}.jpg", says(*size), size)
        for number, size in enumerate(
            (Size(1600, 900), Size(900, 1200), Size(1200, 1200), Size(1800, 700), Size(1500, 1000)),
            start=1,
        )
    ),
}
TROUBLED: Articles = {
    **ARTICLES,
    HOSTILE: (
        Shot("/<script>alert(1)</script>.jpg", says(640, 480), None),
        Shot("/'onmouseover='alert(1).jpg?a=<b>&c=\u202egpj", says(640, 480), Size(640, 480)),
    ),
}
_UNUSABLE = '  - url: "javascript:alert(document.domain)"\n    width: 10\n    height: 10\n'
_TWICE = f'---\nimages: []\nimages:\n  - url: "http://{HOST}/2026/town-hall.jpg"\n---\n'


def scene(size: Size, number: int) -> bytes:
    """A landscape of its own colours, as a JPEG."""
    picture = Image.open(io.BytesIO(demo_pictures.landscape(size, ""))).convert("HSV")
    hue, saturation, value = picture.split()
    turned = hue.point(lambda tone: (tone + 41 * number) % 256)
    calm = saturation.point(lambda tone: tone * (5 + number % 4) // 10)
    return pictures.saved(Image.merge("HSV", (turned, calm, value)).convert("RGB"), "JPEG")


def write_articles(folder: Path, articles: Articles) -> None:
    for name, shots in articles.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        entries = "".join(shot.line for shot in shots) + (_UNUSABLE if name == HOSTILE else "")
        title = path.stem.replace("-", " ").capitalize() if name != HOSTILE else "A story"
        told = f"title: {title}\ndate: 2026-06-14\n"
        path.write_text(f"---\n{told}images:\n{entries}---\nThe text.\n")
    if HOSTILE in articles:
        (folder / BROKEN).write_text(_TWICE)
    (folder / "imgcache.toml").write_text("""articles = ["articles"]\n""")


def settings(folder: Path, origin: Origin) -> Settings:
    fetch = {"resolve": [f"*:80:127.0.0.1:{origin.port}"], "backoff": 0.001}
    thumbnails = {"small": {}, "large": {"width": 640, "height": 640}}
    return Settings.model_validate(
        {"cache": {"dir": folder / "cache"}, "fetch": fetch, "thumbnails": thumbnails}
    )


def parked(size: Size) -> bytes:
    """What a domain shows whose owner has lost it, as a JPEG."""
    picture = Image.new("RGB", size, "#f4f4f0")
    drawing = ImageDraw.Draw(picture)
    drawing.rectangle((0, 0, size.width, size.height // 5), fill="#2b4a8b")
    font = ImageFont.load_default(size.width // 16)
    middle = (size.width // 2, size.height // 2)
    drawing.text(middle, "This domain is for sale", "#30302c", font, anchor="mm")
    return pictures.saved(picture, "JPEG")


async def publish(
    folder: Path, articles: Articles, swapped: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Write the articles, cache their images, then lose some: the last good copies stay.

    `swapped`: paths that answer with something else then.
    """
    write_articles(folder, articles)
    async with Origin() as origin:
        shots = dict.fromkeys(shot for some in articles.values() for shot in some)
        for number, shot in enumerate(shots):
            if shot.serves is not None:
                origin.route(_target(shot.path), body=scene(shot.serves, number))
        asked = settings(folder, origin)
        (await refresh([folder / "articles"], asked)).close()
        origin.route(CRANE.path, status=404)
        origin.route("/2026/wheelhouse.jpg", status=503)
        origin.route("/2026/budget-chart.jpg", body=b"<!doctype html><title>Sign in</title>")
        origin.route("/culture/panorama.jpg", body=pictures.cut(scene(Size(2000, 640), 3)))
        for path, body in swapped.items():
            origin.route(path, body=body)
        again = RefreshOptions(Scope.EVERYTHING)
        (await refresh([folder / "articles"], asked, again)).close()


def _target(path: str) -> str:
    """The request target of a path: as the URL standard normalises it."""
    from imgcache.core.http.url import WebUrl, parse_web  # noqa: PLC0415

    url = parse_web(f"http://{HOST}{path}")
    assert isinstance(url, WebUrl)
    return url.target


if __name__ == "__main__":
    asyncio.run(publish(Path(sys.argv[1]), TROUBLED))
