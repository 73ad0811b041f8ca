"""Search for files that may be articles at the given PATHs (contract section 1)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imgcache.edge.articles import git
from imgcache.edge.articles.staging import is_staged_name
from imgcache.errors import ConfigError

_SUFFIXES = frozenset({".md", ".mdx", ".markdown", ".html", ".htm", ".txt", ".yml", ".yaml"})
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
    """The files at the given PATHs that may be articles, and the leftovers of killed runs."""

    found: tuple[Found, ...]
    leftovers: tuple[Path, ...]


def discover(paths: Sequence[Path], *, cache_dir: Path) -> tuple[Found, ...]:
    """The files to look at, in the order of `shown`, each real file once.

    Hidden folders, `cache_dir` and what git ignores are skipped, unless they are named
    themselves. Links to files are followed, links to folders are not: what they hold inside of
    PATH is found at its own place. A folder that can't be listed is found itself, so that
    reading it gives the reason. Raises ConfigError for a PATH that does not exist.
    """
    return survey(paths, cache_dir=cache_dir).found


def survey(paths: Sequence[Path], *, cache_dir: Path) -> Survey:
    """As `discover`; and the leftovers in all folders in which an article may be replaced."""
    leftovers = _Leftovers()
    cache = os.path.realpath(cache_dir)
    chosen: dict[str, Found] = {}
    for path in paths:
        for found in _in_path(path, cache, leftovers):
            real = os.path.realpath(found.path)
            earlier = chosen.get(real)
            if earlier is None or _rank(found) < _rank(earlier):
                chosen[real] = found
    ordered = sorted(chosen.values(), key=lambda found: (found.shown, found.path))
    return Survey(tuple(ordered), tuple(leftovers.paths))


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


def _in_path(path: Path, cache: str, leftovers: _Leftovers) -> Iterator[Found]:
    if not stat.S_ISDIR(_mode(path)):
        leftovers.beside(path, path.parent)
        yield Found(path, shown(path), named=True, root=path.parent)
        return
    for file in _walk(path, cache, _ignored(path), leftovers):
        yield Found(file, shown(file), named=False, root=path)


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


def _walk(root: Path, cache: str, ignored: frozenset[str], leftovers: _Leftovers) -> Iterator[Path]:
    stack = [(root, "")]
    while stack:
        folder, prefix = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError:
            yield folder
            continue
        leftovers.among(entries)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if name in ignored:
                continue
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and os.path.realpath(entry.path) != cache:
                    stack.append((Path(entry.path), f"{name}/"))
            elif _may_be_article(entry):
                if entry.is_symlink():
                    leftovers.beside(Path(entry.path), root)
                yield Path(entry.path)


def _may_be_article(entry: os.DirEntry[str]) -> bool:
    """Whether the name fits and a regular file is behind it; nothing else is ever opened."""
    if os.path.splitext(entry.name)[1].lower() not in _SUFFIXES:  # noqa: PTH122 - ten times faster
        return False
    try:
        return entry.is_file()
    except OSError:  # a loop of links has no file behind it
        return False


def _ignored(folder: Path) -> frozenset[str]:
    """What git ignores below a folder, relative to it; `.` for all. Nothing without git or repo.

    A folder that is ignored itself was named on purpose: then nothing in it counts as ignored.
    """
    listing = git.ask(
        folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
    )
    names = frozenset(name.rstrip("/") for name in (listing.text or "").split("\0") if name)
    if "." in names and git.ask(folder, "check-ignore", "--quiet", ".").text is not None:
        return frozenset()
    return names
