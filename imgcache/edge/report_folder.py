"""Output folder of `imgcache report`: its pages, and thumbnails copied from the cache."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgcache.edge.safe_fs import open_existing, open_folder
from imgcache.errors import ConfigError, LocalError
from imgcache.model import Verdict

_MARK = ".imgcache-report"
_PAGES = "|".join(("index", "page", "articles", *Verdict))
_OURS = re.compile(rf"(?:{_PAGES})(?:-[0-9]+)?\.html|gallery\.css|gallery\.js|icon\.svg")
_FOLDERS = ("articles", "thumbs")


class ReportFolder:
    """One report on disk. An older report there is replaced, anything else is never touched."""

    def __init__(self, path: Path) -> None:
        """Check `path`. Raises ConfigError for a foreign folder, LocalError as below."""
        self.path = path
        with self._errors():
            self._is_older = (path / _MARK).is_file()
            is_free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
        if not self._is_older and not is_free:
            raise ConfigError(
                f"--output {path}: this is no report's folder; name a new or empty one"
            )

    def prepare(self) -> None:
        """Make the folder, or clear it of an older report. Raises LocalError."""
        with self._errors():
            if self._is_older:
                self._clear()
            for name in _FOLDERS:
                (self.path / name).mkdir(parents=True, exist_ok=True)
            (self.path / _MARK).write_text("Made by `imgcache report`, which also replaces it.\n")

    def write(self, name: str, text: str | bytes) -> None:
        """One file; text as UTF-8. Raises LocalError when it can't be written."""
        data = text.encode() if isinstance(text, str) else text
        with self._errors():
            (self.path / name).write_bytes(data)

    def copy(self, cache: Path, path: str, name: str) -> bool:
        """Copy a cached file; False where there is no regular file. Raises LocalError."""
        *above, last = path.split("/")
        with self._errors():
            try:
                with open_folder(cache, *above) as folder:
                    file = open_existing(folder, last)
            except (FileNotFoundError, NotADirectoryError):
                return False
            if file is None:
                return False
            with os.fdopen(file, "rb") as source, (self.path / name).open("wb") as target:
                shutil.copyfileobj(source, target)
        return True

    def _clear(self) -> None:
        """Remove the pages and pictures of an older report; other files stay."""
        for file in self.path.iterdir():
            if _OURS.fullmatch(file.name):
                file.unlink()
        for name in _FOLDERS:
            if (self.path / name).exists():
                shutil.rmtree(self.path / name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            raise LocalError(
                f"--output {self.path}: can't be written: {reason}; make room there, "
                "or name a folder that this user may write"
            ) from exc
