"""Search for files that may be articles at the given PATHs (contract section 1)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from msgspec import Struct

from imgcache.core.articles.fences import Language
from imgcache.edge import safe_fs
from imgcache.edge.articles.folder import Folder, shown
from imgcache.edge.articles.ignored import Ignored, ignored_below
from imgcache.edge.articles.names import ArticleNames, Pattern, base
from imgcache.edge.articles.staging import is_staged_name
from imgcache.edge.safe_fs import Identity
from imgcache.edge.stopping import steps
from imgcache.errors import ConfigError

# As many linked folders are named in a note.
_NAMED = 5
# After so many it is heard whether to stop.
_FOLDERS, _ENTRIES = 64, 1000
_WHOLE = {
    ".yml": Language.YAML,
    ".yaml": Language.YAML,
    ".toml": Language.TOML,
    ".json": Language.JSON,
}


class Found(Struct, frozen=True):
    """A file that may be an article.

    `place` is its path; a string, for a site may have 100,000 of them. `shown` is its path for
    reports: relative to the working folder, with `/`, always printable. `named`: on the command
    line itself, so that it is an error if it is none. `root`: the PATH (for a named file its
    folder) that an edit never leaves.
    """

    place: str
    shown: str
    named: bool
    root: Path

    @property
    def path(self) -> Path:
        """Its path, to work with."""
        return Path(self.place)

    def identity(self) -> Identity | None:
        """What changes when the file does, as it is now; None where there is none to be seen."""
        return safe_fs.identity(self.place)

    @property
    def whole(self) -> bool:
        """Whether the file is data from top to bottom, by its suffix."""
        return self.path.suffix.lower() in _WHOLE

    @property
    def language(self) -> Language:
        """The language of a whole file."""
        return _WHOLE.get(self.path.suffix.lower(), Language.YAML)


class Survey(Struct, frozen=True):
    """The files at the given PATHs that may be articles, and the leftovers of killed runs.

    `notes` are sentences for the user about what was searched otherwise than one would expect.
    """

    found: tuple[Found, ...]
    leftovers: tuple[Path, ...]
    notes: tuple[str, ...]


def discover(
    paths: Sequence[Path], *, cache_dir: Path, listed: Sequence[Path] = ()
) -> tuple[Found, ...]:
    """The files to look at, in the order of `shown`, each real file once.

    Hidden folders, `cache_dir` and what git ignores are skipped, unless they are named
    themselves. Links to files are followed, links to folders are not: what they hold inside of
    PATH is found at its own place. A folder that can't be listed is found itself, so that
    reading it gives the reason. `listed`: what the configuration names as articles. Patterns
    among that stand for what they find, and only files that it names by a path or pattern with
    their suffix are found where they are TOML or JSON. Raises ConfigError for a PATH that does
    not exist.
    """
    return survey(paths, cache_dir=cache_dir, listed=listed).found


def survey(paths: Sequence[Path], *, cache_dir: Path, listed: Sequence[Path] = ()) -> Survey:
    """As `discover`; and the leftovers in all folders in which an article may be replaced.

    Notes name the linked folders that lead out of all PATHs, and patterns that find nothing.
    Raises StoppedError.
    """
    search = _Search(os.path.realpath(cache_dir), ArticleNames(listed))
    for path in paths:
        with _told_as(path, listed):
            search.look_at(path)
    notes = (*search.notes, *search.strayed())
    return Survey(search.chosen.in_order(), tuple(search.leftovers.paths), notes)


class _Leftovers:
    """Collects leftovers: in folders that are walked anyway, and beside files in other folders."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self._listed: set[str] = set()

    def among(self, entries: Iterable[os.DirEntry[str]]) -> None:
        """Add those of a folder's entries that have a leftover's name."""
        self.paths += [Path(entry.path) for entry in entries if is_staged_name(entry.name)]

    def beside(self, folder: str, root: Folder) -> None:
        """Look into the real folder of a file that was named, or that a link in `root` leads to.

        An article outside of it is never replaced.
        """
        if folder in self._listed or not root.has(folder):
            return
        self._listed.add(folder)
        with suppress(OSError), os.scandir(folder) as listing:  # reading the file gives the reason
            self.among(listing)


class _Chosen:
    """Each real file once, under the best of its names."""

    def __init__(self) -> None:
        # By real folder, then by name there: whole real paths would be as many long strings more.
        self._files: dict[str, dict[str, Found]] = {}
        self._links: set[str] = set()

    def add(self, found: Found, folder: str, name: str) -> None:
        """A name of the file `name` in the real `folder`."""
        files = self._files.setdefault(folder, {})
        earlier = files.setdefault(name, found)
        if earlier is not found and self._rank(found) < self._rank(earlier):
            files[name] = found

    def add_link(self, found: Found, folder: str, name: str) -> None:
        """The same of a symbolic link."""
        self._links.add(found.place)
        self.add(found, folder, name)

    def in_order(self) -> tuple[Found, ...]:
        """All of them, in the order of `shown`."""
        ordered = [found for files in self._files.values() for found in files.values()]
        ordered.sort(key=attrgetter("shown"))
        if any(one.shown == other.shown for one, other in pairwise(ordered)):
            ordered.sort(key=lambda found: (found.shown, found.path))
        return tuple(ordered)

    def _rank(self, found: Found) -> tuple[bool, bool, str]:
        """A named one first, then the file's own place, then by the name."""
        return (not found.named, found.place in self._links, found.shown)


def check(paths: Sequence[Path]) -> None:
    """Raises ConfigError for a configured PATH that does not exist, without looking into any."""
    for path in paths:
        with _told_as(path, paths):
            _mode(base(path))


@contextmanager
def _told_as(path: Path, listed: Sequence[Path]) -> Iterator[None]:
    """Name the setting where a PATH that can't be used is a configured one."""
    try:
        yield
    except ConfigError as exc:
        if path not in listed:
            raise
        raise ConfigError(f"`articles`: {exc}") from exc


class _Search:
    """One search of all PATHs: what it met."""

    def __init__(self, cache: str, names: ArticleNames) -> None:
        self._cache = cache
        self._article_names = names
        self.chosen = _Chosen()
        self.leftovers = _Leftovers()
        self.notes: dict[str, None] = {}
        self._roots: list[Folder] = []
        self._parents: dict[Path, Folder] = {}
        self._links: list[str] = []

    def strayed(self) -> Iterator[str]:
        """A sentence about the linked folders that lead out of all PATHs, where there are any."""
        names = [
            shown(link)
            for link in sorted(self._links)
            if not any(root.has(os.path.realpath(link)) for root in self._roots)
        ]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield (
                f"{', '.join(names[:_NAMED])}{more}: linked folders that lead out of the given "
                "path are not searched; name them too if articles are in them"
            )

    def look_at(self, path: Path) -> None:
        """Find the file, or the files below the folder. Raises ConfigError where there is none."""
        pattern = self._article_names.patterns.get(path)
        if pattern is not None:
            path = pattern.folder
        elif not stat.S_ISDIR(_mode(path)):
            self._find_named(path)
            return
        root = Folder.at(path)
        self._roots.append(root)
        ignored = ignored_below(path)
        if ignored.note:
            self.notes[ignored.note] = None
        is_any = self._walk(root, ignored, pattern)
        if pattern is not None and not is_any:
            name = "/".join(pattern.names)
            self.notes[f"`articles`: no file in {shown(path)} fits {name}"] = None

    def _find_named(self, path: Path) -> None:
        folder = self._parents.get(path.parent)
        if folder is None:
            folder = self._parents[path.parent] = Folder.at(path.parent)
        found = Found(*folder.names_of(path.name), named=True, root=folder.root)
        if path.is_symlink():
            self._find_link(found, folder)
        else:
            self.leftovers.beside(folder.real, folder)
            self.chosen.add(found, folder.real, path.name)

    def _walk(self, root: Folder, ignored: Ignored, pattern: Pattern | None) -> bool:
        """Find what fits the pattern, or all articles; whether there was any."""
        stack, is_any = [root], False
        for folder in steps(_popped(stack), _FOLDERS):
            try:
                with os.scandir(folder.place) as listing:
                    entries = list(listing)
            except OSError:
                self._find_unlisted(folder)
                continue
            self.leftovers.among(entries)
            for entry in steps(entries, _ENTRIES):
                name, is_folder = entry.name, entry.is_dir(follow_symlinks=False)
                if ignored.covers(folder.below + name, is_folder=is_folder):
                    continue
                if is_folder:
                    if self._is_searched(name, folder.real_of(name)):
                        stack.append(folder.inner(name))
                elif pattern is None or pattern.fits(folder.below + name):
                    is_any |= self._look_at_file(entry, folder, root)
        return is_any

    def _look_at_file(self, entry: os.DirEntry[str], folder: Folder, root: Folder) -> bool:
        """Find a file that may be an article; whether it may."""
        if self._article_names.fit(entry.name, folder) and _is_regular(entry):
            found = Found(*folder.names_of(entry.name), named=False, root=folder.root)
            if entry.is_symlink():
                self._find_link(found, root)
            else:
                self.chosen.add(found, folder.real, entry.name)
            return True
        if _is_linked_folder(entry) and self._is_searched(entry.name, os.path.realpath(entry.path)):
            self._links.append(entry.path)
        return False

    def _find_link(self, found: Found, root: Folder) -> None:
        folder, name = os.path.split(os.path.realpath(found.place))
        self.leftovers.beside(folder, root)
        self.chosen.add_link(found, folder, name)

    def _find_unlisted(self, folder: Folder) -> None:
        """Reading it will give the reason."""
        found = Found(folder.place, shown(folder.place), named=False, root=folder.root)
        add = self.chosen.add_link if found.path.is_symlink() else self.chosen.add
        add(found, *os.path.split(folder.real))

    def _is_searched(self, name: str, real: str) -> bool:
        return not name.startswith(".") and real != self._cache


def _popped(stack: list[Folder]) -> Iterator[Folder]:
    """Each folder from the end, also of those that are added meanwhile."""
    while stack:
        yield stack.pop()


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as exc:
        reason = "does not exist" if isinstance(exc, FileNotFoundError) else exc.strerror
        raise ConfigError(f"{shown(path)}: {reason}; name an article or a folder of them") from exc
    except ValueError as exc:
        raise ConfigError(f"{shown(path)}: is no path ({exc})") from exc


def _is_linked_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a loop of links
        return False


def _is_regular(entry: os.DirEntry[str]) -> bool:
    """Whether a regular file is behind a name; nothing else is ever opened."""
    try:
        return entry.is_file()
    except OSError:  # a loop of links has no file behind it
        return False
