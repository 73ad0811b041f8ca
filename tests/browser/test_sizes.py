"""The tables of tests/dialects/ and the program's answers against what a Chromium shows."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from imgcache.model import Verdict
from tests.browser.gallery import Exhibit, Gallery, opened
from tests.dialects.dialect import Dialect
from tests.dialects.every import ALL, BY_FORMAT
from tests.support import pictures


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    with opened() as gallery:
        yield gallery


def exhibits(dialects: Mapping[str, Dialect]) -> dict[str, Exhibit]:
    return {name: Exhibit(one.data, one.media_type) for name, one in dialects.items()}


def look(folder: Path, urls: list[str], depth: str) -> list[dict[str, Any]]:
    """What `verify` says of these images in an article that declares each as 1 x 1."""
    lines = "".join(f"  - {{url: {json.dumps(url)}, width: 1, height: 1}}\n" for url in urls)
    (folder / "a.md").write_text(f"---\nimages:\n{lines}---\n", encoding="utf-8")
    words = ("verify", "a.md", depth, "--format", "json", "--allow-private", "127.0.0.1")
    done = subprocess.run(
        [sys.executable, "-m", "imgcache", *words, "--allow-private", "::1"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    entries: list[dict[str, Any]] = json.loads(done.stdout)["entries"]
    return entries


def differences(
    names: Iterable[str],
    shown: Iterable[tuple[int, int] | None],
    entries: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Where a shown image has another size, or a refused one is taken for sound."""
    wrong = {}
    for name, size, entry in zip(names, shown, entries, strict=True):
        actual = entry["actual"]
        told = (actual["width"], actual["height"]) if actual else None
        verdict = Verdict(entry["verdict"])
        is_sound = verdict in {Verdict.OK, Verdict.PLACEHOLDER} or verdict.is_about_size
        if (is_sound and size is None) or (size is not None and told != size):
            wrong[name] = (size, told, verdict)
    return wrong


@pytest.mark.parametrize("kind", BY_FORMAT)
def test_a_browser_shows_what_the_table_says(page: Page, gallery: Gallery, kind: str) -> None:
    dialects = BY_FORMAT[kind]
    shown = gallery.sizes(page, gallery.hang(exhibits(dialects)))
    # Where imgcache differs on purpose, some builds of a browser side with it.
    assert {
        name: size
        for (name, one), size in zip(dialects.items(), shown, strict=True)
        if size not in ({one.size, one.told} if one.differs else {one.size})
    } == {}


# Pictures in the other tables are transparent on purpose.
@pytest.mark.parametrize("kind", ["jpeg", "avif", "ico"])
def test_a_browser_paints_what_the_table_says(page: Page, gallery: Gallery, kind: str) -> None:
    shown = {name: one for name, one in BY_FORMAT[kind].items() if one.size is not None}
    painted = gallery.painted(page, gallery.hang(exhibits(shown)))
    assert {
        name
        for (name, one), is_painted in zip(shown.items(), painted, strict=True)
        if is_painted is one.blank
    } == set()


@pytest.mark.parametrize("depth", ["--full", "--probe"])
def test_verify_tells_the_size_that_a_browser_shows(
    page: Page, gallery: Gallery, tmp_path: Path, depth: str
) -> None:
    alike = {name: one for name, one in ALL.items() if one.differs is None}
    urls = gallery.hang(exhibits(alike))
    shown = gallery.sizes(page, urls)
    entries = look(tmp_path, urls, depth)
    assert differences(alike, shown, entries) == {}


LABELS = (
    None, "", "image/jpeg", "image/whatever", "image/svg+xml", "IMAGE/SVG+XML; charset=utf-8",
    "image/svg", "text/html", "text/plain", "text/css", "text/javascript", "application/json",
    "application/ld+json", "text/xml", "application/xml", "application/rss+xml", "text/csv",
    "application/pdf", "application/zip", "application/gzip", "application/octet-stream",
    "application/msword", "application/vnd.ms-excel", "application/x-protobuf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "multipart/byteranges", "text/event-stream", "video/mp4", "audio/mpeg", "font/woff", "x",
    "*/*", "image/png, image/svg+xml", "image/svg+xml, image/png", "text/html, image/png",
    "image/svg+xml, */*", "image/tiff", "application/javascript",
)  # fmt: skip
LABELLED = {
    "jpeg": pictures.jpeg(40, 30),
    "png": pictures.png(40, 30),
    "gif": pictures.gif(40, 30),
    "webp": pictures.webp(40, 30),
    "avif": pictures.avif(64, 48),
    "bmp": pictures.bmp(40, 30),
    "ico": pictures.ico(16),
    "svg": pictures.svg(),
}


@pytest.mark.parametrize("nosniff", [False, True])
def test_a_label_hides_an_image_where_it_hides_it_from_a_browser(
    page: Page, gallery: Gallery, tmp_path: Path, *, nosniff: bool
) -> None:
    labelled = {
        f"{kind} as {label!r}": Exhibit(data, label, nosniff)
        for kind, data in LABELLED.items()
        for label in LABELS
    }
    urls = gallery.hang(labelled)
    shown = gallery.sizes(page, urls)
    entries = look(tmp_path, urls, "--full")
    assert {
        name: (size, entry["verdict"])
        for name, size, entry in zip(labelled, shown, entries, strict=True)
        if (size is None) is not (entry["verdict"] == Verdict.UNSUPPORTED_FORMAT)
    } == {}


SVG = pictures.svg().decode()
PNG = base64.b64encode(pictures.png(40, 30)).decode()
DATA = (
    f"data:image/png;base64,{PNG}",
    f"data:image/jpeg;base64,{PNG}",
    f"data:;base64,{PNG}",
    f"data:text/html;base64,{PNG}",
    f"data:image/png;charset=x;base64,{PNG}",
    f"data:image/png;base64,{PNG[:40]}%0A{PNG[40:]}",
    f"data:image/png;BASE64,{PNG}",
    f"data:image/png,{PNG}",
    f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}",
    "data:image/svg+xml," + SVG.replace("<", "%3C").replace(">", "%3E").replace('"', "'"),
    "data:image/svg+xml;utf8," + SVG.replace('"', "'"),
    "data:image/svg+xml;charset=utf-8," + SVG.replace('"', "'"),
    "data:image/svg+xml," + SVG.replace("<g/>", "<g fill='%23f00'/>").replace('"', "'"),
    "data:image/svg+xml," + SVG.replace("<g/>", "<g fill='#f00'/>").replace('"', "'"),
    "data:text/plain," + SVG.replace('"', "'"),
    "data:," + SVG.replace('"', "'"),
    "data:image/png;base64,",
    "data:image/png;base64,!!!",
)


def test_data_urls_are_measured_as_a_browser_shows_them(
    page: Page, gallery: Gallery, tmp_path: Path
) -> None:
    shown = gallery.sizes(page, list(DATA))
    entries = look(tmp_path, list(DATA), "--probe")
    assert differences([url[:60] for url in DATA], shown, entries) == {}
