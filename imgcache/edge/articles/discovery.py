"""Search for files that may be articles at the given PATHs (contract section 1)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imgcache.edge.articles.ignored import Ignored, ignored_below
from imgcache.edge.articles.staging import is_staged_name
from imgcache.errors import ConfigError

_SUFFIXES = frozenset({".md", ".mdx", ".markdown", ".html", ".htm", ".txt", ".yml", ".yaml"})
# As many linked folders are named in a note.
_NAMED = 5
_WHOLE = frozenset({".yml", ".yaml"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be an article.

    `shown` is its path for reports: relative to the working folder, with `/`, always printable.
    `named`: on the command line itself, so that it is an error if it is none. `root`: the PATH
    (for a named file its folder) that an edit never leaves.
    """

    path: Path
    shown: str
    named: bool
    root: Path

    @property
    def whole(self) -> bool:
        """Whether the file is YAML from top to bottom, by its suffix."""
        return self.path.suffix.lower() in _WHOLE


@dataclass(frozen=True, slots=True)
class Survey:
    """The files at the given PATHs that may be articles, and the leftovers of killed runs.

    `notes` are sentences for the user about what was searched otherwise than one would expect.
    """

    found: tuple[Found, ...]
    leftovers: tuple[Path, ...]
    notes: tuple[str, ...]


def discover(paths: Sequence[Path], *, cache_dir: Path) -> tuple[Found, ...]:
    """The files to look at, in the order of `shown`, each real file once.

    Hidden folders, `cache_dir` and what git ignores are skipped, unless they are named
    themselves. Links to files are followed, links to folders are not: what they hold inside of
    PATH is found at its own place. A folder that can't be listed is found itself, so that
    reading it gives the reason. Raises ConfigError for a PATH that does not exist.
    """
    return survey(paths, cache_dir=cache_dir).found


def survey(paths: Sequence[Path], *, cache_dir: Path) -> Survey:
    """As `discover`; and the leftovers in all folders in which an article may be replaced.

    A note names the linked folders that lead out of all PATHs.
    """
    search = _Search(os.path.realpath(cache_dir))
    chosen: dict[str, Found] = {}
    for path in paths:
        for found in search.in_path(path):
            real = os.path.realpath(found.path)
            earlier = chosen.get(real)
            if earlier is None or _rank(found) < _rank(earlier):
                chosen[real] = found
    ordered = sorted(chosen.values(), key=lambda found: (found.shown, found.path))
    notes = (*search.notes, *search.strayed())
    return Survey(tuple(ordered), tuple(search.leftovers.paths), notes)


class _Leftovers:
    """Collects leftovers: in folders that are walked anyway, and beside files in other folders."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self._listed: set[Path] = set()

    def among(self, entries: Sequence[os.DirEntry[str]]) -> None:
        """Add those of a folder's entries that have a leftover's name."""
        self.paths += [Path(entry.path) for entry in entries if is_staged_name(entry.name)]

    def beside(self, file: Path, root: Path) -> None:
        """Look into the folder of a file that was named, or that a link inside of `root` leads to.

        An article outside of it is never replaced.
        """
        folder = Path(os.path.realpath(file)).parent
        if folder in self._listed or not folder.is_relative_to(os.path.realpath(root)):
            return
        self._listed.add(folder)
        with suppress(OSError), os.scandir(folder) as listing:  # reading the file gives the reason
            self.among(list(listing))


def _rank(found: Found) -> tuple[bool, bool, str]:
    """Of several names of one file: a named one first, then its own place, then by the name."""
    return (not found.named, found.path.is_symlink(), found.shown)


def check(paths: Sequence[Path]) -> None:
    """Raises ConfigError for a PATH that does not exist, without looking into any."""
    for path in paths:
        _mode(path)


class _Search:
    """One search of all PATHs: what it met beside the files."""

    def __init__(self, cache: str) -> None:
        self._cache = cache
        self.leftovers = _Leftovers()
        self.notes: dict[str, None] = {}
        self._roots: list[str] = []
        self._links: list[str] = []

    def strayed(self) -> Iterator[str]:
        """A sentence about the linked folders that lead out of all PATHs, where there are any."""
        roots = {Path(os.path.realpath(root)) for root in self._roots}
        names = [
            shown(Path(link))
            for link in sorted(self._links)
            if not any(Path(os.path.realpath(link)).is_relative_to(root) for root in roots)
        ]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield (
                f"{', '.join(names[:_NAMED])}{more}: linked folders that lead out of the given "
                "path are not searched; name them too if articles are in them"
            )

    def in_path(self, path: Path) -> Iterator[Found]:
        """The file, or the files below the folder. Raises ConfigError where there is none."""
        if not stat.S_ISDIR(_mode(path)):
            self.leftovers.beside(path, path.parent)
            yield Found(path, shown(path), named=True, root=path.parent)
            return
        self._roots.append(os.fspath(path))
        ignored = ignored_below(path)
        if ignored.note:
            self.notes[ignored.note] = None
        for file in self._walk(path, ignored):
            yield Found(file, shown(file), named=False, root=path)

    def _walk(self, root: Path, ignored: Ignored) -> Iterator[Path]:
        stack = [(root, "")]
        while stack:
            folder, prefix = stack.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = list(listing)
            except OSError:
                yield folder
                continue
            self.leftovers.among(entries)
            for entry in entries:
                name, is_folder = f"{prefix}{entry.name}", entry.is_dir(follow_symlinks=False)
                if ignored.covers(name, is_folder=is_folder):
                    continue
                if is_folder:
                    if self._is_searched(entry):
                        stack.append((Path(entry.path), f"{name}/"))
                elif _may_be_article(entry):
                    if entry.is_symlink():
                        self.leftovers.beside(Path(entry.path), root)
                    yield Path(entry.path)
                elif _is_linked_folder(entry) and self._is_searched(entry):
                    self._links.append(entry.path)

    def _is_searched(self, folder: os.DirEntry[str]) -> bool:
        return not folder.name.startswith(".") and os.path.realpath(folder.path) != self._cache


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as exc:
        reason = "does not exist" if isinstance(exc, FileNotFoundError) else exc.strerror
        raise ConfigError(f"{shown(path)}: {reason}; name an article or a folder of them") from exc
    except ValueError as exc:
        raise ConfigError(f"{shown(path)}: is no path ({exc})") from exc


def shown(path: Path) -> str:
    """A path for reports: relative to the working folder, with escapes for what is not UTF-8."""
    text = Path(os.path.relpath(path)).as_posix()
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def _is_linked_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a loop of links
        return False


def _may_be_article(entry: os.DirEntry[str]) -> bool:
    """Whether the name fits and a regular file is behind it; nothing else is ever opened."""
    if os.path.splitext(entry.name)[1].lower() not in _SUFFIXES:  # noqa: PTH122 - ten times faster
        return False
    try:
        return entry.is_file()
    except OSError:  # a loop of links has no file behind it
        return False
