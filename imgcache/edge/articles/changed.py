"""List of the files that changed since a git revision, for `--changed-since`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from imgcache.edge.articles import git
from imgcache.edge.articles.names import base
from imgcache.edge.os_errors import temporary_errors
from imgcache.errors import ConfigError

_FLAG = "--changed-since"
# Renamed files count under their new name: without rename detection that is the name of an added
# one. Of submodules only the commit is compared, as looking inside would obey their own settings.
_DIFF = (
    "diff",
    "--name-only",
    "-z",
    "--no-renames",
    "--diff-filter=d",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--ignore-submodules=dirty",
    "-O/dev/null",
)
_UNTRACKED = ("ls-files", "-z", "--others", "--exclude-standard", "--full-name")


def changed_since(rev: str, paths: Iterable[Path]) -> frozenset[Path]:
    """Files that differ from commit `rev` in the repositories of `paths`: absolute, links resolved.

    In a submodule of the working folder's repository they differ from the commit that it had there.
    Committed, staged, unstaged and untracked changes count, deleted files don't. A changed
    submodule is listed as its folder; ask `is_changed`. Nothing is written, and nothing that a
    repository configures (filters, hooks, external diffs, fetches) is run. Raises ConfigError for
    a `rev` that is no commit, and where git or a repository is missing; LocalError without a
    temporary folder.
    """
    if not rev or rev.startswith("-") or "\0" in rev:
        raise ConfigError(f"{_FLAG} {rev!r}: is no revision; name a branch, tag or commit")
    bases = map(base, paths)
    folders = {path if path.is_dir() else path.parent for path in bases}
    tops = {_top(folder, rev) for folder in sorted(folders)}
    return frozenset(path.resolve() for top in tops for path in _changed(top, rev))


def is_changed(path: Path, changed: frozenset[Path]) -> bool:
    """Whether a file, or a folder that it is in, is among what `changed_since` found."""
    real = path.resolve()
    return real in changed or any(folder in changed for folder in real.parents)


def _top(folder: Path, rev: str) -> Path:
    answer = git.ask(folder, "rev-parse", "--show-toplevel")
    if answer.text is None:
        raise ConfigError(
            f"{_FLAG} {rev}: {folder}: {answer.complaint}; "
            "it needs git, and articles in a git repository that is yours"
        )
    return Path(answer.text.removesuffix("\n"))


def _changed(top: Path, rev: str) -> Iterator[Path]:
    above = _repository_above(top)
    if above is not None and _commit(above, rev) is not None:
        # That of the submodule, at that commit.
        rev = _verified(above, f"{rev}:{top.relative_to(above).as_posix()}") or ""
        if not rev:
            yield top  # it is new
            return
    commit = _commit(top, rev)
    if commit is None:
        raise ConfigError(
            f"{_FLAG} {rev}: is no commit in the repository {top}; fetch it first "
            "(CI often clones without history), or name another one"
        )
    settings = _without_filters(top)
    with _copied_index(top) as index:
        listed = [
            git.ask(top, *_DIFF, commit, "--", settings=settings, index=index),
            git.ask(top, *_UNTRACKED, index=index),
        ]
    for answer in listed:
        if answer.text is None:
            raise ConfigError(f"{_FLAG} {rev}: git can't tell the changes: {answer.complaint}")
        yield from (top / name for name in answer.text.split("\0") if name)


def _commit(top: Path, rev: str) -> str | None:
    return _verified(top, f"{rev}^{{commit}}")


def _verified(top: Path, name: str) -> str | None:
    """The hash of what is named so; None where there is no such thing."""
    answer = git.ask(top, "rev-parse", "--verify", "--quiet", name).text
    return None if answer is None else answer.strip()


def _repository_above(top: Path) -> Path | None:
    """The working folder's repository, where this one is a submodule of it."""
    above = git.ask(top, "rev-parse", "--show-superproject-working-tree").text
    if not above or above != git.ask(Path(), "rev-parse", "--show-toplevel").text:
        return None
    return Path(above.removesuffix("\n"))


def _without_filters(top: Path) -> list[str]:
    """Settings that switch off each configured filter, which git would run to compare files."""
    keys = git.ask(top, "config", "-z", "--name-only", "--get-regexp", r"^filter\.").text or ""
    names = {key.rpartition(".")[0] for key in keys.split("\0") if key}
    for name in names:
        if "=" in name:  # git takes no such name on its command line
            raise ConfigError(f"{_FLAG}: the git setting {name!r} has a name with '='; rename it")
    return [
        f"{name}.{end}" for name in sorted(names) for end in ("clean=", "process=", "required=no")
    ]


@contextmanager
def _copied_index(top: Path) -> Iterator[Path]:
    """A copy of the index, because `git diff` also writes to the index that it reads."""
    place = git.ask(top, "rev-parse", "--git-path", "index").text or ""
    with ExitStack() as stack:
        with temporary_errors(f"{_FLAG}: no temporary folder can be made for git's index"):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="imgcache-"))
        copy = Path(folder) / "index"
        try:
            shutil.copyfile(top / place.removesuffix("\n"), copy)
        except FileNotFoundError:  # nothing was ever added; to git the index is then empty
            pass
        except OSError as exc:
            raise ConfigError(f"{_FLAG}: the git index can't be copied: {exc.strerror}") from exc
        yield copy
