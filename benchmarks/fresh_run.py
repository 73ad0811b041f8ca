"""A refresh with nothing to ask: how many entries a second, start-up included, and what memory.

    python benchmarks/fresh_run.py [ARTICLES]

Each article has six entries, each URL a fresh copy of its own with a thumbnail. Printed: entries
per second (budget 30,000), and time and peak memory against a tenth of the articles (x 10.5 and
60 MB at most).
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.cache.layout import INDEX, image_path, thumbnail_path
from imgcache.core.images import thumbnail_plan
from imgcache.edge.cache.store import Store
from imgcache.edge.index.index import Index
from imgcache.facts import ImageFacts, ResponseFacts, ThumbnailFacts, UrlFacts
from imgcache.model import Format, Size

ENTRIES = 6
ROUNDS = 3


def build(folder: Path, count: int) -> None:
    """Articles, files and index as a first refresh would have left them."""
    (folder / "articles").mkdir(parents=True)
    store = Store(folder / "cache")
    store.prepare()
    how = thumbnail_plan.fingerprint(Settings().thumbnails["small"])
    now = time.time()
    with Index.open(folder / "cache" / INDEX) as index:
        for number in range(count):
            urls = [f"https://img.example/{number}/{one}.jpg" for one in range(ENTRIES)]
            images = [stored(folder / "cache", url, how) for url in urls]
            answer = ResponseFacts(now, now, 200)
            facts = [
                UrlFacts(url, now, image.sha256, answer)
                for url, image in zip(urls, images, strict=True)
            ]
            index.record(facts, images, {url: url for url in urls})
            (folder / "articles" / f"{number:05}.md").write_text(article(number, urls))


def stored(cache: Path, url: str, how: str) -> ImageFacts:
    body = url.encode()
    sha256 = hashlib.sha256(body).hexdigest()
    paths = (image_path(sha256, Format.JPEG), thumbnail_path("small", sha256, "webp"))
    for path in (cache / one for one in paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    mtime_ns, thumbnail_ns = ((cache / one).stat().st_mtime_ns for one in paths)
    small = ThumbnailFacts("small", how, "webp", 320, 213, len(body), sha256, thumbnail_ns)
    size = Size(1200, 800)
    return ImageFacts(sha256, Format.JPEG, size, len(body), "#808080", mtime_ns, (small,))


def article(number: int, urls: list[str]) -> str:
    entries = "".join(
        f'      - url: "{url}"\n        width: 1200\n        height: 800\n        isCached: true\n'
        for url in urls
    )
    return (
        f'---\ntitle: "Article {number}"\ntopics:\n  - Computer Vision\nrelated:\n'
        f"  - title: another\n    quality: 48\n    images:\n{entries}---\nThe text.\n"
    )


def refresh(folder: Path) -> tuple[float, float]:
    """Seconds and peak MB of one run."""
    command = [sys.executable, "-m", "imgcache", "refresh"]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if "no request was sent" not in done.stdout:
        raise SystemExit(done.stdout)
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name) / "few", Path(name) / "many"
        build(few, count // 10)
        build(many, count)
        for _ in range(ROUNDS):
            (short, little), (long, much) = refresh(few), refresh(many)
            print(
                f"{count * ENTRIES / long:.0f} entries/s; {count // 10} to {count} articles: "
                f"time x {long / short:.1f}, memory {little:.0f} -> {much:.0f} MB"
            )


if __name__ == "__main__":
    main()
