"""The search agrees with a slow one that resolves each path on its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from imgcache.edge.articles.files import Found, survey
from imgcache.edge.articles.ignored import Ignored, ignored_below
from imgcache.edge.articles.staging import is_staged_name

Row = tuple[Path, str, bool, Path]
LEFTOVER = f".{'0123456789abcdef' * 2}.imgcache"
SUFFIXES = {".md", ".mdx", ".markdown", ".html", ".htm", ".txt", ".yml", ".yaml"}


class SlowSearch:
    """What a search has to find: each path is resolved, and made relative, by itself."""

    def __init__(self, cache: str) -> None:
        self.cache = cache
        self.chosen: dict[str, Row] = {}
        self.leftovers: list[Path] = []
        self.links: list[str] = []
        self.roots: list[Path] = []
        self.listed: set[Path] = set()

    def result(self) -> tuple[list[Row], list[Path], list[str]]:
        rows = sorted(self.chosen.values(), key=lambda row: (row[1], row[0]))
        strayed = [
            slow_shown(Path(link))
            for link in sorted(self.links)
            if not any(real(Path(link)).is_relative_to(real(root)) for root in self.roots)
        ]
        return rows, self.leftovers, strayed

    def look_at(self, path: Path) -> None:
        if not path.is_dir():
            self.look_beside(path, path.parent)
            self.choose((path, slow_shown(path), True, path.parent))
            return
        self.roots.append(path)
        for file in self.walk(path, ignored_below(path)):
            self.choose((file, slow_shown(file), False, path))

    def choose(self, row: Row) -> None:
        key = os.path.realpath(row[0])
        if key not in self.chosen or rank(row) < rank(self.chosen[key]):
            self.chosen[key] = row

    def walk(self, root: Path, ignored: Ignored) -> Iterator[Path]:
        stack = [(root, "")]
        while stack:
            folder, prefix = stack.pop()
            entries = list(os.scandir(folder))
            self.leftovers += [Path(one.path) for one in entries if is_staged_name(one.name)]
            for entry in entries:
                name, is_folder = prefix + entry.name, entry.is_dir(follow_symlinks=False)
                if ignored.covers(name, is_folder=is_folder):
                    continue
                searched = not entry.name.startswith(".") and self.cache != os.path.realpath(entry)
                if is_folder and searched:
                    stack.append((Path(entry.path), f"{name}/"))
                elif suffix(entry.name) in SUFFIXES and Path(entry).is_file():
                    if entry.is_symlink():
                        self.look_beside(Path(entry), root)
                    yield Path(entry)
                elif entry.is_symlink() and Path(entry).is_dir() and searched:
                    self.links.append(entry.path)

    def look_beside(self, file: Path, root: Path) -> None:
        folder = real(file).parent
        if folder in self.listed or not folder.is_relative_to(real(root)):
            return
        self.listed.add(folder)
        self.leftovers += [Path(one) for one in os.scandir(folder) if is_staged_name(one.name)]


def suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  to pathlib `..md` has one


def real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def slow_shown(path: Path) -> str:
    text = Path(os.path.relpath(path)).as_posix()
    for escape in {text[at : at + 4] for at in range(len(text))}:
        if re.fullmatch(r"\\x[0-9a-f]{2}", escape):
            text = text.replace(escape, f"\\x5c{escape[1:]}")
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def rank(row: Row) -> tuple[bool, bool, str]:
    return (not row[2], row[0].is_symlink(), row[1])


@dataclass(frozen=True)
class Site:
    """A tree of files and links, and where in it imgcache is started with which PATHs."""

    files: list[str]
    links: list[tuple[str, str]]
    ignored: list[str] | None
    start: str
    paths: list[str]
    cache: str


FOLDERS = ["", "a", "a/b", "a/b/c", "a-b", "x.md", "a/\udcff", "a/\u00fc", ".hid", "cache", "a/..x"]
NAMES = ["a.md", "b.MD", "c.yml", ".md", "..md", "d..txt", "e.rst", "\udcfe.md", "\u00fc\n.html"]
NAMES += ["\\xfe.md", "b", "..", "x.md", "cache", LEFTOVER]
PLACES = [f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in NAMES]
folders = st.sampled_from(FOLDERS)
places = st.sampled_from(PLACES)
targets = folders | places
signs = st.sampled_from("+-")


@st.composite
def sites(draw: st.DrawFn) -> Site:
    links = draw(st.lists(st.tuples(places, targets), max_size=8))
    files = draw(st.lists(places, min_size=8, max_size=20))
    known = st.sampled_from([*files, *(link for link, _ in links)]) | folders | st.just("")
    ends = st.just("") | st.sampled_from(["/..", "/../a", "/a.md", "/."])
    return Site(
        files=files,
        links=links,
        ignored=draw(st.none() | st.lists(st.sampled_from(["a.md", "b/", "/a", "*"]), max_size=2)),
        start=draw(folders | st.sampled_from([link for link, _ in links] or [""])),
        paths=draw(st.lists(st.builds("{}{}{}".format, signs, known, ends), min_size=1)),
        cache=draw(st.sampled_from(["cache", "a/cache", "b"])),
    )


def build(site: Site, top: Path) -> None:
    for folder in FOLDERS:
        (top / folder).mkdir(parents=True, exist_ok=True)
    for name in site.files:
        with suppress(OSError):
            (top / name).touch()
    for link, target in site.links:
        with suppress(OSError):
            (top / link).symlink_to(os.path.relpath(top / target, (top / link).parent))
    if site.ignored is not None:
        subprocess.run(["git", "init", "-q"], cwd=top, check=True)
        (top / ".gitignore").write_text("".join(f"{line}\n" for line in site.ignored))


def given_paths(site: Site, top: Path) -> list[Path]:
    """Those that lead anywhere, from the working folder (`-`) or absolute (`+`)."""
    starts = {"+": top, "-": Path(os.path.relpath(top))}
    every = [Path(f"{starts[name[0]]}/{name[1:]}") for name in site.paths]
    return [path for path in every if path.exists() and real(path).is_relative_to(top)]


def row(found: Found) -> Row:
    return (found.path, found.shown, found.named, found.root)


# What chance hardly ever makes: a working folder below of what is searched; two files shown alike;
# several named links to one file; several named files beside one leftover; a link from deep in
# the PATH to a file that lies beside one; a link to a folder with a longer name.
BELOW = Site(["a/a.md", "a/b/a.md"], [], None, "a/b", ["+", "-", "-a/.."], "cache")
ALIKE = Site(["a/a.md", "x.md/a.md"], [("x.md/b", "a/b")], None, "", ["-x.md/b/..", "-x.md"], "b")
LINKS = Site(
    ["a/c.yml"],
    [("x.md/b.MD", "a/c.yml"), ("x.md/a.md", "a/c.yml")],
    None,
    "",
    ["-x.md/b.MD", "-x.md/a.md"],
    "b",
)
NAMED = Site(["a/a.md", "a/c.yml", f"a/{LEFTOVER}"], [], None, "", ["-a/a.md", "-a/c.yml"], "b")
DEEP = Site(
    [".hid/a.md", f".hid/{LEFTOVER}"], [("a/b/c.yml", ".hid/a.md")], None, "", ["-"], "cache"
)
SIBLING = Site(["a-b/a.md"], [("a/b.MD", "a-b")], None, "", ["-a"], "cache")


@settings(max_examples=100, deadline=None)
@given(site=sites())
@example(BELOW)
@example(ALIKE)
@example(LINKS)
@example(NAMED)
@example(DEEP)
@example(SIBLING)
def test_the_search_finds_what_a_slow_one_finds(
    tmp_path_factory: pytest.TempPathFactory, site: Site
) -> None:
    top = real(tmp_path_factory.mktemp("top"))
    build(site, top)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CEILING_DIRECTORIES", str(top.parent))
        patched.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        start = top / site.start
        patched.chdir(start if start.is_dir() and real(start).is_relative_to(top) else top)
        cache, paths = top / site.cache, given_paths(site, top)
        slow = SlowSearch(os.path.realpath(cache))
        for path in paths:
            slow.look_at(path)
        rows, leftovers, strayed = slow.result()
        result = survey(paths, cache_dir=cache)
    event(f"{min(len(rows), 5)} found, {bool(leftovers)}, {bool(strayed)}, {len(paths) > 1}")
    assert [row(one) for one in result.found] == rows
    assert [one.place for one in result.found] == [os.fspath(path) for path, *_ in rows]
    assert list(result.leftovers) == leftovers
    named = [note.partition(": linked")[0].partition(" and ")[0] for note in result.notes]
    assert named == ([", ".join(strayed[:5])] if strayed else [])
