"""A small site whose refresh is killed or hindered, and what must hold of it at any moment.

Each version of the site has other images under the same URLs: those of even versions have the
size that the articles declare (flags true), those of odd ones another (flags false).
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgcache import Depth, Report, Settings, VerifyOptions, refresh, verify
from imgcache.core.cache.layout import CATALOG
from imgcache.edge.articles.staging import is_staged_name
from imgcache.engine.cache.check import check
from imgcache.engine.run.listener import Listener
from imgcache.results import EntryResult
from tests.support import pictures
from tests.support.origin import Origin

FLAG = re.compile(rb"(?<=isCached: )(?:true|false)")
ENTRY = re.compile(r'url: "([^"]+)".*isCached: (\w+)')
# The last one is too large for a pipe: it is spooled to a file.
SIZES = ((160, 120), (40, 30), (64, 64), (900, 700))


@dataclass
class Scene:
    """`folder` with articles, a configuration and a cache, and the origin that they need."""

    folder: Path
    origin: Origin
    version: int = 0

    def build(self) -> None:
        """Write configuration and articles; no cache yet, all flags false."""
        (self.folder / "articles" / "deep").mkdir(parents=True)
        (self.folder / "imgcache.toml").write_text(
            f'[fetch]\nallow_private = ["{self.origin.allow}"]\nbackoff = "1ms"\n'
            '[freshness]\ndefault = "0s"\nleast = "0s"\n'
        )
        for path in self.articles:
            path.write_bytes(self.text(path, flag=False))
        self.serve(0)

    @property
    def articles(self) -> list[Path]:
        return [self.folder / "articles" / name for name in ("a.md", "b.md", "deep/c.md")]

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def text(self, path: Path, *, flag: bool) -> bytes:
        """The bytes of an article with all flags so."""
        lines = "".join(
            f'  - {{url: "{self.origin.url(f"/{number}.jpg")}", width: {width}, '
            f"height: {height}, isCached: {str(flag).lower()}}}  # \u00fc\r\n"
            for number, (width, height) in enumerate(SIZES)
        )
        return f"---\r\ntitle: {path.name}\r\nimages:\r\n{lines}---\r\nBody.".encode()

    def serve(self, version: int) -> None:
        """Have the origin serve this version of the images."""
        self.version = version
        for number, (width, height) in enumerate(SIZES):
            shape = (width, height) if version % 2 == 0 else (width + 1, height)
            body = pictures.jpeg(*shape, seed=100 * version + number)
            self.origin.route(f"/{number}.jpg", body=body, etag=f'"{version}"')

    def move_on(self) -> None:
        """New images again, of the same sizes: what a killed run published fits nothing now."""
        self.serve(self.version + 2)

    @property
    def wanted(self) -> bool:
        """What all flags should be at this version."""
        return self.version % 2 == 0

    async def start(
        self, *prefix: str, environ: dict[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """A refresh as a process of its own; its streams end when all its workers have ended."""
        command = [*prefix, sys.executable, "-m", "imgcache", "refresh", "--format", "json"]
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def settings(self) -> Settings:
        fetch: dict[str, Any] = {"allow_private": [self.origin.allow], "backoff": 0.001}
        freshness = {"default": 0, "least": 0}
        values = {"cache": {"dir": self.cache}, "fetch": fetch, "freshness": freshness}
        return Settings.model_validate(values)

    async def refresh(self) -> Report:
        """The next run, which nobody hinders."""
        return await refresh([self.folder / "articles"], self.settings())

    def assert_nothing_torn_or_claimed(self) -> None:
        """After a kill or fault: only flags differ, and under each true one is a sound file."""
        claimed = set()
        for path in self.articles:
            data = path.read_bytes()
            assert FLAG.sub(b"", data) == FLAG.sub(b"", self.text(path, flag=False)), path
            claimed |= {url for url, flag in ENTRY.findall(data.decode()) if flag == "true"}
        missing = claimed - self.held()
        assert not missing, missing

    def held(self) -> set[str]:
        """The URLs whose committed copy is there with the right bytes; nothing is touched."""
        if not (self.cache / "index.sqlite3").exists():
            return set()
        with tempfile.TemporaryDirectory() as scratch:
            for file in self.cache.glob("index.sqlite3*"):
                shutil.copy(file, scratch)
            with closing(sqlite3.connect(Path(scratch) / "index.sqlite3")) as connection:
                query = "SELECT url, sha256, format FROM urls JOIN images ON sha256 = copy"
                rows = connection.execute(query).fetchall() if _has_tables(connection) else []
        files = {path.stem: path for path in (self.cache / "images").rglob("*.jpg")}
        return {url for url, sha256, _ in rows if _is_sound(files.get(sha256), sha256)}

    async def assert_kept_state_is_true(self) -> None:
        """What the cache knows is told alike with what was derived before, and without."""
        told = await self._offline()
        with _moved_away(self.cache / CATALOG):
            assert await self._offline() == told

    async def _offline(self) -> list[EntryResult]:
        options = VerifyOptions(Depth.OFFLINE)
        report = await verify([self.folder / "articles"], self.settings(), options)
        return list(report.entries())

    async def assert_mended(self) -> None:
        """After the next run: everything as if nothing had happened, and nothing left behind."""
        for path in self.articles:
            assert path.read_bytes() == self.text(path, flag=self.wanted), path
        assert leftovers(self.folder) == []
        found = await check(self.settings(), Listener())
        assert (found.damage, found.strays.files) == ([], 0)
        assert self.held() == {self.origin.url(f"/{number}.jpg") for number in range(len(SIZES))}


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'urls'").fetchall())


def _is_sound(path: Path | None, sha256: str) -> bool:
    return path is not None and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


@contextmanager
def _moved_away(path: Path) -> Iterator[None]:
    aside = path.with_name("aside")
    there = path.exists()
    if there:
        path.rename(aside)
    try:
        yield
    finally:
        if there:
            aside.rename(path)


def leftovers(folder: Path) -> list[str]:
    """What no finished run leaves: temporary files, logs of the index, new texts of articles."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if _is_temporary(path) or is_staged_name(path.name) or path.name.endswith(("-wal", "-shm"))
    ]


def _is_temporary(path: Path) -> bool:
    """Whether it lies in a `tmp` folder, or in one of its folders, which may stay."""
    return "tmp" in (path.parent.name, path.parent.parent.name) and not path.is_dir()


def spread(seed: int, count: int, seconds: float) -> Sequence[float]:
    """So many moments within a time, the same for each seed."""
    generator = random.Random(seed)
    return [generator.uniform(0, seconds) for _ in range(count)]
