"""A small world for tests of the whole program: an origin, a folder of articles, a cache."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imgcache import RefreshOptions, Report, Settings, refresh
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.run.listener import Listener
from imgcache.results import EntryResult
from tests.support.origin import Origin
from tests.support.programs import forge

SAMPLE = (Path(__file__).parents[2] / "imgcache" / "cli" / "sample.md").read_bytes()


@dataclass
class World:
    """`folder` holds `articles/` and `cache/`; the settings let the origin through."""

    folder: Path
    origin: Origin
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def articles(self) -> Path:
        return self.folder / "articles"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def article(self, *entries: str, name: str = "a.md") -> Path:
        """Write an article whose images are the given flow mappings' insides."""
        lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
        path = self.articles / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nimages:\n{lines}---\nBody.\n")
        return path

    def entry(self, url: str, width: int = 160, height: int = 120, cached: str = "false") -> str:
        return f'url: "{url}", width: {width}, height: {height}, isCached: {cached}'

    def settings(self) -> Settings:
        fetch = {"allow_private": [self.origin.allow], "backoff": 0.001}
        cache = {"dir": self.cache} | self.extra.get("cache", {})
        values = {"cache": cache, "fetch": fetch | self.extra.get("fetch", {})}
        return Settings.model_validate(self.extra | values)

    async def refresh(
        self, listener: Listener | None = None, beside: Beside = ALONE, **options: Any
    ) -> Report:
        wanted = RefreshOptions(**options)
        return await refresh([self.articles], self.settings(), wanted, listener, beside=beside)

    async def only(self, **options: Any) -> EntryResult:
        """Refresh, and the only entry there is."""
        (entry,) = (await self.refresh(**options)).entries()
        return entry

    def state(self) -> dict[str, tuple[str, int]]:
        """Hash and mtime of every file but index, catalog and lock: what a run has touched."""
        return {
            path.relative_to(self.folder).as_posix(): (
                hashlib.sha256(path.read_bytes()).hexdigest(),
                path.stat().st_mtime_ns,
            )
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and path.name not in {"index.sqlite3", "index.sqlite3-catalog", "lock"}
        }


@dataclass
class Finished:
    """A finished process."""

    status: int
    stdout: str
    stderr: str

    @property
    def notes(self) -> str:
        """What stderr says besides that a cache folder was made."""
        return "".join(
            line for line in self.stderr.splitlines(keepends=True) if "a .gitignore" not in line
        )

    @property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document


async def start(*words: str | Path, cwd: Path) -> asyncio.subprocess.Process:
    """Start the program as a user would."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "imgcache",
        *map(str, words),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*words: str | Path, cwd: Path) -> Finished:
    """Run the program to its end."""
    if forge.suits():
        status, told, noted = await forge.run([*map(str, words)], cwd)
        return Finished(status, told.decode(), noted.decode())
    process = await start(*words, cwd=cwd)
    stdout, stderr = await process.communicate()
    return Finished(process.returncode or 0, stdout.decode(), stderr.decode())


def flags(entries: Sequence[EntryResult]) -> list[bool | None]:
    return [entry.cached for entry in entries]


def take_temporary_folders_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container of which nothing can be written."""
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/proc/nowhere"])
