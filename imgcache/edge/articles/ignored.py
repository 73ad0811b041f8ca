"""What git ignores below a folder: git is asked, and where it can't answer its files are read."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from imgcache.edge.articles import git
from imgcache.edge.safe_fs import open_existing, open_folder

if TYPE_CHECKING:
    from pathspec.pattern import Pattern

_LIST = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
_NO_REPOSITORY = "not a git repository"
_FILE = ".gitignore"
_BOM = b"\xef\xbb\xbf"
# No file of patterns is that long.
_LARGEST = 1 << 20
# A pattern with more stars is left out: it would keep the matcher busy for hours on a long name.
_MOST_STARS = 3
# White space that is no blank.
_WHITE = frozenset("\t\r\v\f")
# The group by which a pattern of pathspec tells the slash behind a folder.
_BELOW = "ps_d"
# A character that is escaped, or a set without ranges and classes, which `chars` has.
_SET = re.compile(
    r"\\.|\[(?P<not>[!^]?+)(?P<chars>(?:\\.|\[(?!:)|[^\\\-\[])(?:\\.|\[(?!:)|[^\\\-\[\]])*+)\]"
)
_CLOSED = re.compile(r"\\.|\[[!^]?+\]?+(?:\\.|[^\\\]])*+\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
# In a regular expression: an escaped character, a set of ours, or one that a set of git's became.
_REGEX_SET = re.compile(r"\\.|\[\^/\]|(?P<set>\[\^?\]?(?:\\.|[^\\\]])*\])")
_STARS = re.compile(r"\*+")


class Ignored(Protocol):
    """What is ignored below a folder; `note` is a sentence for the user, where there is one."""

    @property
    def note(self) -> str | None:
        """Why the answers may differ from git's."""

    def covers(self, name: str, *, is_folder: bool) -> bool:
        """Whether this file or folder is ignored, by its path relative to the folder.

        Asked of each folder before what is in it.
        """


def ignored_below(folder: Path) -> Ignored:
    """What is ignored below a folder; nothing where there is no repository.

    A folder that is ignored itself was named on purpose: then nothing in it counts as ignored.
    """
    real = Path(os.path.realpath(folder))
    top = next((one for one in (real, *real.parents) if os.path.lexists(one / ".git")), None)
    if top is None:
        return _Listed(frozenset())
    listing = git.ask(folder, *_LIST)
    if listing.text is not None:
        return _Listed.of(folder, listing.text)
    if listing.complaint.startswith(_NO_REPOSITORY):
        return _Listed(frozenset())
    read = _Read(top, real, listing.complaint)
    return _Listed(frozenset()) if read.is_itself_ignored else read


class _Listed:
    """What git lists."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.note = None

    @classmethod
    def of(cls, folder: Path, text: str) -> _Listed:
        """By the output of `git ls-files`; there `.` means all."""
        names = frozenset(name.rstrip("/") for name in text.split("\0") if name)
        if "." in names and git.ask(folder, "check-ignore", "--quiet", ".").text is not None:
            return cls(frozenset())
        return cls(names)

    def covers(self, name: str, *, is_folder: bool) -> bool:  # noqa: ARG002  git knows what it is
        return name in self._names


class _Read:
    """What the `.gitignore` files of a repository say, and `info/exclude`.

    Files that were added to the repository all the same can't be known, nor can the user's own
    patterns for all repositories.
    """

    def __init__(self, top: Path, folder: Path, complaint: str) -> None:
        self._top = top
        self._above = folder.relative_to(top).parts
        self._patterns: dict[tuple[str, ...], Sequence[Pattern]] = {}
        self.note = (
            f"git can't tell what it ignores ({complaint}): .gitignore files are read without it"
        )

    @property
    def is_itself_ignored(self) -> bool:
        """Whether the folder, or one that it is in, is ignored."""
        above = self._above
        return any(
            self._ignores(above[:length], is_folder=True) for length in range(1, len(above) + 1)
        )

    def covers(self, name: str, *, is_folder: bool) -> bool:
        return self._ignores((*self._above, *name.split("/")), is_folder=is_folder)

    def _ignores(self, parts: tuple[str, ...], *, is_folder: bool) -> bool:
        """The nearest file with a pattern for this path decides, as in git."""
        end = "/" if is_folder else ""
        for length in reversed(range(len(parts))):
            patterns = self._patterns_of(parts[:length])
            # Most folders have no patterns of their own.
            found = _decided(patterns, "/".join(parts[length:]) + end) if patterns else None
            if found is not None:
                return found
        return bool(_decided(self._exclude, "/".join(parts) + end))

    def _patterns_of(self, folder: tuple[str, ...]) -> Sequence[Pattern]:
        if folder not in self._patterns:
            self._patterns[folder] = _patterns(self._top.joinpath(*folder), _FILE)
        return self._patterns[folder]

    @cached_property
    def _exclude(self) -> Sequence[Pattern]:
        return _patterns(_git_folder(self._top) / "info", "exclude")


def _decided(patterns: Sequence[Pattern], path: str) -> bool | None:
    """What the last pattern says that means this very path; None where there is none.

    For pathspec a pattern that means a folder means all that is in it, too. git asks of each folder
    before what is in it, and so do we: `?` ignores `a/b`, though a later `!a` means `a`.
    """
    for pattern in reversed(patterns):
        found = pattern.match_file(path) if pattern.include is not None else None
        if found is not None and _is_about(path, found.match):
            return pattern.include
    return None


def _is_about(path: str, match: re.Match[str]) -> bool:
    """Whether a pattern means this path, and not only a folder that it is in."""
    regex = match.re
    if _BELOW in regex.groupindex:
        return any(one.end(_BELOW) in (-1, len(path)) for one in regex.finditer(path))
    # `a/**`, which means all that is in `a`, and not `a`.
    return not regex.pattern.endswith("/") or match.end() < len(path)


def _git_folder(top: Path) -> Path:
    """The folder that all work trees of a repository share: `.git`, or where that file leads."""
    folder = top / ".git"
    for name, prefix in ((folder, "gitdir: "), ("commondir", "")):
        with suppress(OSError, ValueError):
            if not (folder / name).is_file():  # a pipe would be waited for
                continue
            text = (folder / name).read_text(encoding="utf-8", errors="surrogateescape")
            folder = folder.parent if prefix else folder
            folder /= text.removeprefix(prefix).strip()
    return folder


def _patterns(folder: Path, name: str) -> Sequence[Pattern]:
    """The patterns of a file; none where it can't be read, or is a link, which git refuses."""
    with suppress(OSError), open_folder(folder) as opened, warnings.catch_warnings():
        # Python may read a set such as `[[]` otherwise some day; users can't do anything about it.
        warnings.simplefilter("ignore", FutureWarning)
        file = open_existing(opened, name)
        if file is not None:
            with open(file, "rb") as stream:  # noqa: PTH123  a descriptor
                return list(_read_patterns(stream.read(_LARGEST)))
    return []


def _with_its_end(line: str) -> str:
    """The same pattern for pathspec, which takes any white space from its end; git, blanks only."""
    text = line.rstrip(" ")
    if not text or text[-1] not in _WHITE or text.startswith("#"):
        return line
    before = text[:-1]
    is_escaped = (len(before) - len(before.rstrip("\\"))) % 2
    return f"{before[:-1] if is_escaped else before}[{text[-1]}]"


def _with_plain_sets(line: str) -> str:
    """The same pattern for pathspec, which takes slash and backslash in a set for what they are.

    For git the backslash escapes, there too; and by the slash a pattern means paths from the folder
    of its file, though a set never matches one. Raises ValueError for a pattern that means nothing.
    """
    if line.rstrip(" ") == "!/":  # pathspec would take it for any path with a slash
        raise ValueError("no path is like this")
    if "[" in _CLOSED.sub("", line):
        raise ValueError("a set has no end")
    text = _SET.sub(_plain, line)
    if not any("/" in (one["chars"] or "") for one in _SET.finditer(line)):
        return text
    bare = text.removeprefix("!")
    return text if "/" in bare.rstrip("/") else f"{text[: len(text) - len(bare)]}/{bare}"


def _plain(found: re.Match[str]) -> str:
    if found["chars"] is not None:
        return _set_of(found)
    if found[0] != "\\/":
        return found[0]
    # It is a slash, but no path begins with one, and none ends with a backslash.
    if found.string[: found.start()] in {"", "!"} or found.end() == len(found.string.rstrip(" ")):
        raise ValueError("no path is like this")
    return "/"


def _set_of(found: re.Match[str]) -> str:
    chars = dict.fromkeys(_ESCAPED.sub(r"\1", found["chars"]).replace("/", ""))
    if not chars:
        if not found["not"]:
            raise ValueError("no character is in this set")
        return "?"
    if len(chars) == 1 and not found["not"]:
        return f"\\{next(iter(chars))}"
    # Where they mean nothing else: `]` first, `!` and `^` not first, `-` last.
    ordered = sorted(chars, key=lambda one: (one != "]", one in "!^", one == "-"))
    return f"[{found['not'] and '!'}{''.join(ordered)}]"


def _read_patterns(data: bytes) -> Iterator[Pattern]:
    """The patterns of a file as git reads them; what is none is left out."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  hardly ever needed, and costs start-up

    for ended in os.fsdecode(data.removeprefix(_BOM)).split("\n"):
        with suppress(ValueError):
            line = _with_its_end(_with_plain_sets(ended.removesuffix("\r")))
            if len(_STARS.findall(line)) <= _MOST_STARS:
                yield from map(_within_names, GitIgnoreSpec.from_lines([line]).patterns)


def _within_names(pattern: Pattern) -> Pattern:
    """The same pattern, whose sets match no slash: `a[!b]` would mean the folder `a`, too."""
    from pathspec.pattern import RegexPattern  # noqa: PLC0415  see above

    if not isinstance(pattern, RegexPattern) or pattern.regex is None:
        return pattern
    regex = pattern.regex.pattern
    sets = _REGEX_SET.sub(lambda one: f"(?!/){one[0]}" if one["set"] else one[0], regex)
    return RegexPattern(re.compile(sets), pattern.include)
