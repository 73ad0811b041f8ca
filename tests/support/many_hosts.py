"""A site whose images lie on many hosts and fare in many ways, refreshed by any engine.

All hosts are one origin. What a run leaves can be compared with what another left: `traces`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imgcache import RefreshOptions, Report, Settings, refresh
from imgcache.core.cache.layout import INDEX
from imgcache.engine.run.listener import Listener
from imgcache.model import Failure, Source
from tests.support import behaviours, pictures
from tests.support.buckets import Objects
from tests.support.origin import Origin

# Moments: they differ between two runs of one kind, too.
_VOLATILE = re.compile(r'"(started|seconds|since|checked_at)": ("[^"]*"|[-0-9.e]+|null)')

_ARTICLE = re.compile(r'"article": "[^"]*/(?=articles/)')


@dataclass
class ManyHosts:
    """`hosts` hosts with `each` sound images, and one image of each kind of trouble.

    `largest`: how many the first host has, if not as many as the others. `bucket`: where the images
    are kept, if not in the folder of the site.
    """

    origin: Origin
    hosts: int = 12
    each: int = 4
    largest: int | None = None
    bucket: Objects | None = None
    fetch: dict[str, Any] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)

    def serve(self) -> None:
        """Let the origin know all images."""
        for host in range(self.hosts):
            for number in range(self._images_of(host)):
                body = pictures.png(24, 16, seed=1000 * host + number)
                self.origin.route(f"/h{host}/{number}.png", body=body, etag=f'"{number}"')
        same = pictures.png(32, 32, seed=999_999)
        for host in range(self.hosts):
            self.origin.route(f"/h{host}/same.png", body=same)
        self.origin.route("/text.png", body=b"<html>not here", content_type="text/html")
        self.origin.route("/cut.png", body=pictures.png(64, 64, seed=7)[:100])
        self.origin.route("/there.png", body=pictures.png(24, 16, seed=8), etag='"8"')
        there = self.url("moved.test", "/there.png")
        self.origin.route("/moved.png", status=302, headers={"Location": there})
        self.origin.route(
            "/later.png", behaviours.answer(b"", status=429, headers={"Retry-After": "86400"})
        )

    def _images_of(self, host: int) -> int:
        return self.each if host or self.largest is None else self.largest

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.origin.port}{path}"

    def urls(self) -> list[str]:
        """All URLs, host by host, in the order of the articles."""
        kinds = [
            self.url(f"h{host}.test", f"/h{host}/{name}.png")
            for host in range(self.hosts)
            for name in (*range(self._images_of(host)), "same")
        ]
        strange = ("text.png", "cut.png", "moved.png", "later.png", "missing.png")
        return kinds + [self.url(f"{name[:-4]}.test", f"/{name}") for name in strange]

    def build(self, folder: Path) -> Path:
        """Articles, one for each host, with wrong sizes here and there; returns the folder."""
        articles = folder / "articles"
        articles.mkdir(parents=True)
        by_host: dict[str, list[str]] = {}
        for url in self.urls():
            by_host.setdefault(url.split("/")[2], []).append(url)
        for number, urls in enumerate(by_host.values()):
            entries = "".join(
                f'  - {{url: "{url}", width: {width}, height: 16, isCached: false}}\n'
                for url, width in zip(urls, cycle([25, 24, 24]), strict=False)
            )
            (articles / f"{number:04}.md").write_text(f"---\nimages:\n{entries}---\nBody.\n")
        return folder

    def settings(self, folder: Path, **fetch: Any) -> Settings:
        port = self.origin.port
        values = {
            "allow_private": [self.origin.allow],
            "resolve": [f"*:{port}:127.0.0.1:{port}"],
            "backoff": 0.001,
            "attempts": 2,
        }
        cache = {"dir": folder / "cache"} | self.cache
        if self.bucket is not None:
            cache |= {"dir": self.bucket.url, "index": folder / "cache"}
        return Settings.model_validate({"cache": cache, "fetch": values | self.fetch | fetch})

    async def refresh(
        self,
        folder: Path,
        *,
        engine: str = "local",
        listener: Listener | None = None,
        interrupt: asyncio.Event | None = None,
        processes: int | None = None,
        **options: Any,
    ) -> Report:
        wanted = RefreshOptions(engine=engine, **options)
        settings = self.settings(folder, processes=processes)
        return await refresh([folder / "articles"], settings, wanted, listener, interrupt)

    def asked(self, url: str) -> int:
        """How often a URL was asked for: each has a path of its own."""
        return self.origin.count(urlsplit(url).path)


def traces(folder: Path, report: Report, bucket: Objects | None = None) -> dict[str, Any]:
    """All that a run leaves and tells, without moments and the folder's own name.

    What lies in a bucket is told as if it lay in the folder.
    """
    text = _VOLATILE.sub(r'"\1": 0', _ARTICLE.sub('"article": "', report.to_json()))
    return {
        "report": json.loads(text),
        "index": index_facts(folder),
        "files": files(folder) | (stored(bucket) if bucket is not None else {}),
    }


def files(folder: Path) -> dict[str, str]:
    """What lies in articles and cache, by its hash; of index and catalog, their rows tell."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock" and not path.name.startswith("index.sqlite3")
    }


def stored(bucket: Objects) -> dict[str, str]:
    """What the bucket holds, by its hash, but for the copy of the index."""
    return {
        f"cache/{path}": hashlib.sha256(bucket.get(path)).hexdigest()
        for path in bucket.paths()
        if path != INDEX
    }


_ROWS = {
    "images": "sha256, format, width, height, bytes, color, has_position",
    "thumbnails": "sha256, position, name, recipe, suffix, width, height, bytes, digest",
    "urls": "url, copy, status, etag, content_type, json_remove(failure, '$.since')",
    "spellings": "spelling, url",
    "hosts": "host",
}


def index_facts(folder: Path) -> dict[str, list[Any]]:
    """The rows of the index without moments."""
    with closing(sqlite3.connect(folder / "cache" / "index.sqlite3")) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608
            for table, columns in _ROWS.items()
        }


class After(Listener):
    """Does something once, when so many jobs have ended well; `before` are their URLs."""

    def __init__(self, jobs: int, act: Callable[[], None]) -> None:
        self.done: set[str] = set()
        self.troubles: list[str] = []
        self.before: set[str] = set()
        self._jobs = jobs
        self._act = act

    def concluded(
        self,
        url: str,
        source: Source | None,
        failure: Failure | None,  # noqa: ARG002  the protocol's
    ) -> None:
        if source is Source.DOWNLOADED:
            self.done.add(url)
        if len(self.done) == self._jobs and not self.before:
            self.before = set(self.done)
            self._act()

    def failed(self, message: str) -> None:
        self.troubles.append(message)
