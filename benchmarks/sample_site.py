"""A site as a first refresh would have left it, without any request: for the other benchmarks."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache.layout import INDEX, image_path, thumbnail_path
from imgcache.core.images import thumbnail_plan
from imgcache.edge.cache.store import Store
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import identity_of, mark_of
from imgcache.facts import ImageFacts, ResponseFacts, ThumbnailFacts, UrlFacts
from imgcache.model import Format, Size

ENTRIES = 6


def build(folder: Path, count: int, images: int | None = None) -> None:
    """So many articles with six entries each, their files and the index.

    Each URL is its own. `images`: so many different ones, each host has each of them once; without
    it each URL has an image of its own.
    """
    (folder / "articles").mkdir(parents=True)
    store = Store(folder / "cache")
    store.prepare()
    how = thumbnail_plan.fingerprint(Settings().thumbnails["small"])
    now = time.time()
    with Index.open(folder / "cache" / INDEX) as index:
        for number in range(count):
            urls, bodies = names(number, images)
            copies = [stored(folder / "cache", body, how) for body in bodies]
            answer = ResponseFacts(now, now, 200)
            facts = [
                UrlFacts(url, now, copy.sha256, answer)
                for url, copy in zip(urls, copies, strict=True)
            ]
            index.record(facts, copies, {url: url for url in urls})
            (folder / "articles" / f"{number:05}.md").write_text(article(number, urls))


def names(number: int, images: int | None) -> tuple[list[str], list[bytes]]:
    """The URLs of an article, and the bytes that each of them has."""
    entries = range(number * ENTRIES, (number + 1) * ENTRIES)
    if images is None:
        urls = [f"https://img.example/{number}/{one % ENTRIES}.jpg" for one in entries]
        return urls, [url.encode() for url in urls]
    urls = [f"https://img{one // images}.example/{one % images}.jpg" for one in entries]
    return urls, [b"%d" % (one % images) for one in entries]


def stored(cache: Path, body: bytes, how: str) -> ImageFacts:
    sha256 = hashlib.sha256(body).hexdigest()
    paths = (image_path(sha256, Format.JPEG), thumbnail_path("small", sha256, "webp"))
    for path in (cache / one for one in paths):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    image, thumbnail = ((cache / one).stat() for one in paths)
    small = ThumbnailFacts("small", how, "webp", 320, 213, len(body), sha256, thumbnail.st_mtime_ns)
    size, hashed = Size(1200, 800), mark_of(identity_of(image))
    facts = ImageFacts(sha256, Format.JPEG, size, len(body), "#808080", image.st_mtime_ns, (small,))
    return replace(facts, hashed=hashed, dhash=sha256[:16])


def article(number: int, urls: list[str]) -> str:
    entries = "".join(
        f'      - url: "{url}"\n        width: 1200\n        height: 800\n        isCached: true\n'
        for url in urls
    )
    return (
        f'---\ntitle: "Article {number}"\ntopics:\n  - Computer Vision\nrelated:\n'
        f"  - title: another\n    quality: 48\n    images:\n{entries}---\nThe text.\n"
    )


def refresh(folder: Path) -> None:
    """A refresh of the site, which keeps what the next runs need."""
    command = [sys.executable, "-m", "imgcache", "refresh"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    if "no request was sent" not in done.stdout:
        raise SystemExit(done.stdout)
