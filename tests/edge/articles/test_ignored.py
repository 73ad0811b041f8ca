from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgcache.edge.articles.files import survey
from imgcache.edge.articles.ignored import ignored_below

FILES = {
    ".gitignore": "drafts/\n*.tmp.md\n/build\n!kept.tmp.md\nnode_modules\n# x.md\n\\#y.md\nblank\n",
    "a/.gitignore": "/here.md\n!odd.tmp.md\n!/drafts/\nsub/*.md\n!\n\\\n",
    "a/sub/.gitignore": "\ufeff!back.md\r\n",
    ".git/info/exclude": "private.md\n/a/excluded/\n",
}
NAMES = [
    *("a.md", "b.tmp.md", "kept.tmp.md", "drafts/c.md", "build/d.md", "x/build/e.md", "private.md"),
    *("a/here.md", "a/b/here.md", "a/odd.tmp.md", "a/drafts/f.md", "a/sub/g.md", "a/sub/back.md"),
    *("a/excluded/h.md", "x/private.md", "x/node_modules/y/i.md", "x.md", "#y.md", "blank/j.md"),
    *("node_modules.md", "x/drafts", "ü/k.md"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with ignored files and others; no settings of its user count."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    top = tmp_path / "top"
    top.mkdir()
    monkeypatch.chdir(top)
    subprocess.run(["git", "init", "-q"], check=True)
    for name in NAMES:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    for name, text in FILES.items():
        Path(name).write_text(text)
    return top


@pytest.fixture(params=["not installed", "dubious ownership"])
def without_git(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Git can't be asked, for this reason."""
    reason = str(request.param)
    take_git_away(monkeypatch, reason)
    return reason


def take_git_away(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    if reason == "not installed":
        monkeypatch.setenv("PATH", "/nowhere")
    else:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")


def shown(*paths: str) -> list[str]:
    found = survey([Path(path) for path in paths], cache_dir=Path("cache")).found
    return [one.shown for one in found]


def notes(*paths: str) -> tuple[str, ...]:
    return survey([Path(path) for path in paths], cache_dir=Path("cache")).notes


PATHS = [
    (".",),
    ("a",),
    ("a/sub",),
    ("drafts", "a"),
    ("x/node_modules/y",),
    ("a/excluded",),
    ("x",),
]


@pytest.mark.parametrize("reason", ["not installed", "dubious ownership"])
@pytest.mark.parametrize("paths", PATHS)
def test_without_git_the_same_is_ignored(
    place: Path, paths: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, told = shown(*paths), notes(*paths)
    assert (bool(expected), told) == (True, ())
    take_git_away(monkeypatch, reason)
    assert shown(*paths) == expected
    (note,) = notes(*paths, place.as_posix())
    assert reason in note
    assert ".gitignore" in note


def test_a_work_tree_of_its_own_has_the_same_patterns(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run(["git", "worktree", "add", "-q", "../other"], check=True, capture_output=True)
    monkeypatch.chdir(place.parent)
    Path("link").symlink_to("other")
    for name in ("a.md", "private.md"):
        Path("other", name).touch()
    assert shown("link") == ["link/a.md"]
    take_git_away(monkeypatch, "dubious ownership")
    assert (shown("link"), len(notes("link"))) == (["link/a.md"], 1)


def test_where_no_repository_is_nothing_is_ignored_or_told(
    tmp_path: Path, without_git: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    Path(".gitignore").write_text("*.md\n")
    Path("a.md").touch()
    assert (shown("."), notes(".")) == (["a.md"], ())


def test_git_is_asked_once_in_a_repository_and_else_never(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, log = tmp_path / "programs", tmp_path / "log"
    programs.mkdir()
    git = shutil.which("git")
    (programs / "git").write_text(f'#!/bin/sh\necho asked >> {log}\nexec {git} "$@"\n')
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    assert "a.md" in shown(".")
    assert log.read_text() == "asked\n"
    (place / "a.md").rename(tmp_path / "a.md")
    assert shown(str(tmp_path / "a.md"), str(programs)) == ["../a.md"]
    assert log.read_text() == "asked\n"


def test_a_pattern_of_many_stars_keeps_nothing_busy(place: Path, without_git: str) -> None:
    Path(".gitignore").write_text("*a" * 20 + "b\n" + "**/a/" * 20 + "b\nx.md\n")
    name = "a" * 252 + ".md"
    Path(name).touch()
    assert name in shown(".")
    assert "x.md" not in shown(".")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_a_regular_file_is_read(place: Path, without_git: str, kind: str) -> None:
    Path(".gitignore").rename("patterns")
    if kind == "link":
        Path(".gitignore").symlink_to("patterns")
    elif kind == "pipe":
        os.mkfifo(".gitignore")
    else:
        Path(".gitignore").mkdir()
    assert "b.tmp.md" in shown(".")


ALPHABET = "ab/*!?[]\\ #.\r"


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.text(ALPHABET, max_size=5), max_size=4))
@example(lines=["[[]", "a[[a]]"])
@example(lines=["?\r "])
@example(lines=["?", "!a"])
@example(lines=["a/**", "!b"])
@example(lines=["b/", "!a/b"])
@example(lines=["*", "!#\r "])
@example(lines=["[!/]"])
@example(lines=["[/!a]"])
@example(lines=["a", "![/]"])
@example(lines=["[/a]", "!b"])
@example(lines=["a/[/b]"])
@example(lines=["[]/]"])
@example(lines=["[a\\]]", "[b\\]"])
@example(lines=["[#\r ", "![a"])
@example(lines=["a[!b]"])
@example(lines=["?[!b]", "*[!b]b"])
@example(lines=["a[!b]b"])
@example(lines=["[[a]*[!]]"])
@example(lines=["?", "!/"])
@example(lines=["?", "!/ "])
def test_any_patterns_mean_what_git_says(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    top = tmp_path_factory.mktemp("top")
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    for folder in ("b/a", "a/b", "ab"):
        (top / folder).mkdir(parents=True)
        for name in ("aa", "b", "ab.b", "[a]", "a b", "#"):
            (top / folder / name).touch()
    (top / ".gitignore").write_bytes("\n".join(lines).encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        expected = everything(top)
        patched.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        assert everything(top) == expected, repr(lines)


def everything(top: Path) -> set[str]:
    ignored, kept = ignored_below(top), set()
    stack = [""]
    while stack:
        folder = stack.pop()
        for entry in os.scandir(top / folder):
            name = f"{folder}{entry.name}"
            if entry.name != ".git" and not ignored.covers(name, is_folder=entry.is_dir()):
                kept.add(name)
                if entry.is_dir():
                    stack.append(f"{name}/")
    return {name for name in kept if not (top / name).is_dir()}
