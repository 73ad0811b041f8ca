"""Output folder of `imgcache report`: its pages, and thumbnails copied from the cache."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

from imgcache.edge import atomic_file
from imgcache.edge.made_folder import is_made, output_errors
from imgcache.edge.safe_fs import local_errors, open_existing, open_folder, write_all
from imgcache.errors import ConfigError
from imgcache.model import Verdict

_MARK = ".imgcache-report"
# The second line of a single page.
_PAGE_MARK = b"<!-- Made by `imgcache report --single-file`, which also replaces it. -->"
_HEAD = 256
_PAGES = "|".join(("index", "page", "articles", "hosts", *Verdict))
_OURS = re.compile(rf"(?:{_PAGES})(?:-[0-9]+)?\.html|gallery\.css|gallery\.js|search\.js|icon\.svg")
_FOLDERS = ("articles", "thumbs")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_BLOCK = 1 << 16


class ReportFolder:
    """One report on disk. An older report there is replaced, anything else is never touched."""

    def __init__(self, path: Path) -> None:
        """Check `path`. Raises ConfigError for a foreign folder, LocalError as below."""
        self.path = path
        refusal = f"--output {path}: this is no report's folder; name a new or empty one"
        with _output_errors(path):
            self._is_older = is_made(path, _MARK, refusal)

    def prepare(self) -> None:
        """Make the folder, or clear it of an older report. Raises LocalError."""
        with _output_errors(self.path):
            if self._is_older:
                self._clear()
            for name in _FOLDERS:
                (self.path / name).mkdir(parents=True, exist_ok=True)
            self._put(_MARK, b"Made by `imgcache report`, which also replaces it.\n")

    def write(self, name: str, text: str | bytes) -> None:
        """One file; text as UTF-8. Raises LocalError when it can't be written."""
        data = text.encode() if isinstance(text, str) else text
        with _output_errors(self.path):
            self._put(name, data)

    def _put(self, name: str, data: bytes) -> None:
        # There are many: with pathlib it takes longer.
        file = os.open(f"{self.path}/{name}", _NEW_FILE, 0o666)
        try:
            write_all(file, data)
        finally:
            os.close(file)

    def copy(self, cache: Path, wanted: Mapping[str, str]) -> set[str]:
        """Copy cached files, paths in the cache by name here; the names that were copied.

        What is no regular file there is left out. Raises LocalError.
        """
        copied: set[str] = set()
        by_path = sorted((path.rpartition("/"), name) for name, path in wanted.items())
        for above, files in groupby(by_path, lambda one: one[0][0]):
            with _output_errors(self.path), _opened(cache, above) as folder:
                if folder is not None:
                    copied.update(
                        name for (*_, last), name in files if self._copy(folder, last, name)
                    )
        return copied

    def put(self, pictures: Iterable[tuple[str, bytes | None]]) -> set[str]:
        """Write the bytes of cached files by their names here; as `copy`."""
        written: set[str] = set()
        for name, data in pictures:
            if data is not None:
                self.write(name, data)
                written.add(name)
        return written

    def _copy(self, folder: int, last: str, name: str) -> bool:
        source = open_existing(folder, last)
        if source is None:
            return False
        # Thumbnails are small and many: with the layers of `open` a copy takes twice as long.
        with ExitStack() as stack:
            stack.callback(os.close, source)
            target = os.open(f"{self.path}/{name}", _NEW_FILE, 0o666)
            stack.callback(os.close, target)
            while block := os.read(source, _BLOCK):
                write_all(target, block)
        return True

    def _clear(self) -> None:
        """Remove the pages and pictures of an older report; other files stay."""
        for folder in (self.path / name for name in _FOLDERS):
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
        for file in self.path.iterdir():
            if _OURS.fullmatch(file.name):
                file.unlink()


def _output_errors(path: Path) -> AbstractContextManager[None]:
    return output_errors(f"--output {path}")


def read_pictures(cache: Path, wanted: Mapping[str, str], most: int) -> dict[str, bytes]:
    """Cached files by the names they have in `wanted`, in its order, `most` bytes in all at most.

    What is no regular file there is left out. Raises LocalError.
    """
    found: dict[str, bytes] = {}
    left = most
    with local_errors("the cached thumbnails"):
        for name, path in wanted.items():
            above, _, last = path.rpartition("/")
            data = _bytes(cache, above, last, left)
            if data is not None:
                found[name] = data
                left -= len(data)
    return found


def _bytes(cache: Path, above: str, last: str, most: int) -> bytes | None:
    """A file's bytes; None where there is none, or it has more than `most`."""
    with _opened(cache, above) as folder:
        file = None if folder is None else open_existing(folder, last)
        if file is None:
            return None
        with os.fdopen(file, "rb") as source:
            data = source.read(most + 1)
    return data if len(data) <= most else None


def check_page(path: Path) -> None:
    """Refuse to replace anything but the single page of an older report.

    Raises ConfigError for what is something else and where there is no folder for it, LocalError
    where that can't be seen.
    """
    with _output_errors(path):
        if not os.path.lexists(path):
            if not path.absolute().parent.is_dir():
                raise ConfigError(f"--output {path}: there is no such folder; make it first")
            return
        is_older = path.is_file() and not path.is_symlink() and _begins_as_page(path)
    if not is_older:
        raise ConfigError(f"--output {path}: this is no page of a report; name a new file")


def _begins_as_page(path: Path) -> bool:
    with path.open("rb") as file:
        return _PAGE_MARK in file.read(_HEAD)


def write_page(path: Path, text: str) -> None:
    """Put a page in the place of an older one. Raises as `check_page`."""
    check_page(path)
    first, _, rest = text.encode().partition(b"\n")
    with _output_errors(path):
        atomic_file.replace(path, b"\n".join((first, _PAGE_MARK, rest)))


@contextmanager
def _opened(cache: Path, path: str) -> Iterator[int | None]:
    """A descriptor of a folder in the cache; None where there is none."""
    with ExitStack() as stack:
        try:
            folder: int | None = stack.enter_context(open_folder(cache, *path.split("/")))
        except (FileNotFoundError, NotADirectoryError):
            folder = None
        yield folder
