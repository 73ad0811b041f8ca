"""Folder of `imgcache export`: compared with what it should hold, and replaced as a whole.

A new one is made beside it and takes its name at once, so that whoever reads it never sees half
of one, and a killed run leaves the older one. What such a run has left beside it, the next sweeps.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from imgcache.core.cache.layout import MANIFEST, is_content_path
from imgcache.edge.exports.swap import exchange
from imgcache.edge.made_folder import is_made, output_errors
from imgcache.edge.safe_fs import open_existing, open_folder, random_name
from imgcache.edge.stopping import steps
from imgcache.errors import ConfigError

_MARK = ".imgcache-export"
_TEXT = b"Made by `imgcache export`, which also replaces it: nothing else may lie here.\n"
# A folder that is being made, or was replaced; and one that is put aside to be replaced.
_NEW, _OLDER = ".new", ".older"
# After so many files it is heard whether to stop.
_HEARING = 32


class Source(Protocol):
    """Where images and thumbnails are taken from, by their paths in the cache."""

    def is_same(self, path: str, there: os.stat_result) -> bool:
        """Whether a file that is there already holds what the source has. Raises OSError."""

    def put(self, files: Iterable[tuple[str, str]]) -> None:
        """Make new files: of each its path in the cache, and its own.

        Raises OSError and LocalError.
        """


class Difference(Struct, frozen=True):
    """What another export would change: files that are put there (or anew), and that go.

    `files`: how many there will be. `manifest`: whether that says something else.
    """

    files: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    manifest: bool
    is_new: bool

    def __bool__(self) -> bool:
        return self.is_new or self.manifest or bool(self.added or self.removed)


class ExportFolder:
    """The folder at `path`: not there yet, empty, or one that an older run has made."""

    def __init__(self, path: Path, source: Source) -> None:
        """Raises ConfigError for a foreign folder or one with foreign files, LocalError."""
        self._shown = str(path)
        # A link stays one: what it leads to is replaced.
        self._path = Path(os.path.realpath(path))
        self._source = source
        self._listed: set[str] = set()
        with output_errors(self._shown):
            refusal = f"{path}: no export has made this folder; name a new or empty one"
            self._is_there = is_made(self._path, _MARK, refusal)
            self._refuse_what_stays()

    def _refuse_what_stays(self) -> None:
        if self._path.is_mount():
            raise ConfigError(
                f"{self._shown}: something is mounted there, so that it can't be replaced as a "
                "whole; name a folder in it"
            )
        self._listed = set(_files(self._path))
        for name in self._listed:
            if _is_foreign(name):
                raise ConfigError(
                    f"{self._shown}: {name} there is of no export; move it elsewhere, "
                    "as the folder is replaced as a whole"
                )

    def compare(self, wanted: Iterable[str], manifest: Iterable[bytes]) -> Difference:
        """What would change. Raises LocalError."""
        with output_errors(self._shown):
            known, added = set[str](), []
            for path in wanted:
                known.add(path)
                if not self._is_same(path):
                    added.append(path)
            removed = sorted(filter(is_content_path, self._listed - known))
            differs = not self._says(manifest)
        return Difference(len(known), tuple(added), tuple(removed), differs, not self._is_there)

    def sweep(self) -> bool:
        """Remove what killed runs have left; one that was put aside takes its place again.

        Returns whether anything was left.
        """
        with output_errors(self._shown):
            left = list(self._left())
            older = next((one for one in left if one.suffix == _OLDER), None)
            if older is not None and not self._path.exists():
                older.rename(self._path)
                left.remove(older)
                self._is_there = True
                self._listed = set(_files(self._path))
            for one in left:
                self._drop(one)
        return bool(left)

    def replace(self, wanted: Iterable[str], manifest: Iterable[bytes]) -> None:
        """Make a new folder and put it in the place of this one. Raises LocalError."""
        with output_errors(self._shown):
            new = self._beside(_NEW)
            new.mkdir(parents=True)
            try:
                self._fill(new, wanted, manifest)
                older = self._swap(new)
            except BaseException:
                with suppress(FileNotFoundError):
                    shutil.rmtree(new)
                raise
            if older is not None:
                self._drop(older)

    def _fill(self, new: Path, wanted: Iterable[str], manifest: Iterable[bytes]) -> None:
        (new / _MARK).write_bytes(_TEXT)
        self._source.put(self._lacking(new, wanted))
        with (new / MANIFEST).open("wb") as file:
            file.writelines(manifest)

    def _lacking(self, new: Path, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
        """What can't be linked from the older folder, and where it goes, in folders that exist."""
        made = set[str]()
        for path in steps(wanted, _HEARING):
            above, _, _ = path.rpartition("/")
            if above not in made:
                (new / above).mkdir(parents=True, exist_ok=True)
                made.add(above)
            target = f"{new}/{path}"
            if not (self._is_same(path) and _linked(f"{self._path}/{path}", target)):
                yield path, target

    def _swap(self, new: Path) -> Path | None:
        """Where the older folder is then, if there was one."""
        if self._path.exists():
            shutil.copymode(self._path, new)
        if not self._is_there:
            new.rename(self._path)  # also onto an empty folder
            return None
        if exchange(new, self._path):
            return new
        older = self._beside(_OLDER)
        self._path.rename(older)
        new.rename(self._path)
        return older

    def _drop(self, older: Path) -> None:
        """Remove a folder that is no longer in its place.

        What somebody has put there since it was looked at goes to the folder in its place; where
        it can't, it stays where it is, and OSError says so.
        """
        for name in list(_files(older)):
            if _is_foreign(name):
                target = self._path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (older / name).rename(target)
        shutil.rmtree(older)

    def _is_same(self, path: str) -> bool:
        try:
            return self._source.is_same(path, os.lstat(f"{self._path}/{path}"))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _says(self, manifest: Iterable[bytes]) -> bool:
        """Whether the manifest there says this."""
        if not self._is_there:
            return False
        with open_folder(self._path) as folder:
            there = open_existing(folder, MANIFEST)  # a pipe there would never answer
        if there is None:
            return False
        with open(there, "rb") as file:  # noqa: PTH123  a descriptor
            return all(file.read(len(one)) == one for one in manifest) and not file.read(1)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(f".{self._path.name[:64]}.{random_name(suffix)}")

    def _left(self) -> Iterator[Path]:
        """What runs have left beside the folder."""
        ours = re.compile(rf"\.{re.escape(self._path.name[:64])}\.[0-9a-f]{{32}}\.(?:new|older)")
        if not self._path.parent.is_dir():
            return
        for one in self._path.parent.iterdir():
            if ours.fullmatch(one.name) and one.is_dir() and not one.is_symlink():
                yield one


def _files(root: Path) -> Iterator[str]:
    """The paths of all files in a folder, and of what else is no folder; "" leads to `root`."""
    folders = [""]
    while folders:
        above = folders.pop()
        with suppress(FileNotFoundError), os.scandir(f"{root}/{above}") as listing:
            for entry in listing:
                path = f"{above}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    yield path


def _is_foreign(name: str) -> bool:
    """Whether a file there can't be of an export."""
    return name not in (_MARK, MANIFEST) and not is_content_path(name)


def _linked(source: str, target: str) -> bool:
    """Whether a file could be linked: not everywhere can it."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return False
    return True
