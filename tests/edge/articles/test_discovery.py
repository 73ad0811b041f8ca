from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from imgcache.edge.articles.files import Found, discover, read, replace, survey
from imgcache.edge.safe_fs import identity
from imgcache.errors import ArticleError, ConfigError

OLD, NEW = b"---\nold\n---\n", b"---\nnew, and longer\n---\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder without a repository."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str, data: bytes = OLD) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)


def shown(*paths: str | Path) -> list[str]:
    found = discover([Path(path) for path in paths], cache_dir=Path("cache"))
    return [one.shown for one in found]


def article(name: str, data: bytes = OLD) -> Found:
    write(name, data=data)
    (found,) = (f for f in discover([Path()], cache_dir=Path("cache")) if f.shown == name)
    return found


def git(*arguments: str, cwd: Path) -> None:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


def test_folders_are_searched_for_the_suffixes_of_articles(place: Path) -> None:
    names = ["a.md", "b.mdx", "c.markdown", "d/e.html", "d/f.htm", "d/g/h.txt", "i.yml", "j.yaml"]
    write(*names, "k.MD", "l.py", "md", "m.md.orig")
    assert shown(".") == sorted([*names, "k.MD"])


def test_hidden_folders_and_the_cache_are_passed_over(place: Path) -> None:
    write("a.md", ".hidden/b.md", "x/.git/c.md", "cache/d.md", "x/cache/e.md")
    assert shown(".") == ["a.md", "x/cache/e.md"]
    Path("store").symlink_to("cache")
    assert [f.shown for f in discover([place], cache_dir=Path("store"))] == ["a.md", "x/cache/e.md"]


def test_a_hidden_folder_that_is_named_is_searched(place: Path) -> None:
    write(".hidden/b.md")
    assert shown(".hidden") == [".hidden/b.md"]


def test_a_named_file_is_found_whatever_its_suffix(place: Path) -> None:
    write("a.rst", "d/b.yml")
    one, two = discover([Path("a.rst"), Path("d")], cache_dir=Path("cache"))
    assert (one.shown, one.named, one.whole, one.root) == ("a.rst", True, False, Path())
    assert (two.shown, two.named, two.whole, two.root) == ("d/b.yml", False, True, Path("d"))


def test_a_missing_path_is_an_error_that_names_it(place: Path) -> None:
    Path("dangling.md").symlink_to("nowhere")
    for name in ("gone.md", "dangling.md", "nul\0l", "x" * 300):
        with pytest.raises(ConfigError, match=name[:3]):
            shown(name)


def test_each_real_file_is_found_once_at_its_own_place(place: Path) -> None:
    write("d/z.md")
    Path("d/a.md").symlink_to("z.md")
    assert shown(".", "d", "d/z.md", place) == ["d/z.md"]
    assert discover([Path("d"), Path("d/z.md")], cache_dir=Path("cache"))[0].named


def test_a_file_has_the_identity_of_what_it_leads_to(place: Path) -> None:
    write("d/z.md", "e.md")
    Path("a.md").symlink_to("d/z.md")
    link, other = discover([Path("a.md"), Path("e.md")], cache_dir=Path("cache"))
    before = link.identity()
    assert before is not None
    assert before == identity(Path("d/z.md")) != other.identity()
    write("d/z.md", data=NEW)
    assert link.identity() not in {before, None}
    Path("d/z.md").unlink()
    assert link.identity() is None


def test_the_names_of_a_file_are_one_string_where_they_are_equal(place: Path) -> None:
    write("a.md", "d/e/f.md")
    for path in (".", "d"):
        for found in discover([Path(path)], cache_dir=Path("cache")):
            assert found.place is found.shown


def test_loops_of_links_end_nothing(place: Path) -> None:
    write("d/a.md")
    Path("d/loop").symlink_to("..")
    Path("d/self.md").symlink_to("self.md")
    Path("d/gone.md").symlink_to("nowhere")
    assert shown(".") == ["d/a.md"]


def notes(*paths: str) -> tuple[str, ...]:
    return survey([Path(path) for path in paths], cache_dir=Path("cache")).notes


def test_linked_folders_that_lead_out_are_told_in_one_line(place: Path) -> None:
    write("site/a.md", "site/in/b.md", "shared/c.md", "store/d.md", "other/e.md")
    for link, target in {
        "site/inside": "in",
        "site/x": "../shared",
        "site/in/y.md": "../../other",
        "site/.hidden": "../shared",
        "site/loop": "loop",
        "site/gone": "../nowhere",
        "cache": "store",
        "site/cache": "../store",
    }.items():
        Path(link).symlink_to(target)
    assert shown("site") == ["site/a.md", "site/in/b.md"]
    (note,) = notes("site")
    assert note.startswith("site/in/y.md, site/x: linked folders")
    assert notes("site", "shared")[0].startswith("site/in/y.md: linked folders")
    assert notes("site", "shared", "other") == notes(".") == ()


def test_of_many_linked_folders_some_are_named(place: Path) -> None:
    write("site/a.md", "shared/b.md")
    for number in range(9):
        Path(f"site/{number}").symlink_to("../shared")
    assert "site/4 and 4 more: linked" in notes("site")[0]


def test_special_files_are_never_opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.md")
    os.mkfifo("fifo.md")
    Path("null.md").symlink_to("/dev/null")
    Path("folder.md").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.md")
        assert shown(".") == ["a.md"]
    (found,) = discover([Path("fifo.md")], cache_dir=Path("cache"))

    def refuse(*_: object) -> None:
        pytest.fail("it was opened")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ArticleError, match="no regular file"):
        read(found)


def test_names_of_any_bytes_are_found_read_and_shown(place: Path) -> None:
    for name in (b"\xff\xfe.md", b"a\nb\x1b.md", "\u00fc\U0001f600.md".encode()):
        Path(os.fsdecode(name)).write_bytes(OLD)
    found = discover([Path()], cache_dir=Path("cache"))
    assert [f.shown for f in found] == [r"\xff\xfe.md", "a\nb\x1b.md", "\u00fc\U0001f600.md"]
    assert all(replace(f, read(f), NEW) for f in found)


def test_no_two_names_are_shown_alike(place: Path) -> None:
    """A name may have in it what stands for another's odd byte."""
    names = (b"\xff", rb"\xff", rb"\x5cxff", b"\\\xff", rb"\x5c", rb"\xf", b"\xc3\xbc\xff")
    for name in names:
        Path(os.fsdecode(name + b".md")).write_bytes(OLD)
        Path(os.fsdecode(name)).mkdir()
        Path(os.fsdecode(name), "a.md").write_bytes(OLD)
    found = discover([Path()], cache_dir=Path("cache"))
    shown = {one.shown for one in found}
    assert len(shown) == len(found) == 2 * len(set(names))
    for name in names:
        text = name.replace(b"\\x", rb"\x5cx") if re.search(rb"\\x[0-9a-f]{2}", name) else name
        assert text.decode("utf-8", "backslashreplace") + ".md" in shown


def test_paths_outside_of_the_working_folder_are_shown_relative_to_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md", "w/b.md")
    monkeypatch.chdir("w")
    assert shown(place) == ["../a.md", "b.md"]


def test_a_folder_that_cannot_be_listed_is_told_when_it_is_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md", "locked/b.md")
    Path("link").symlink_to("locked")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name in {"locked", "link"}:  # permissions don't bind root
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = {f.shown: f for f in discover([Path()], cache_dir=Path("cache"))}
    assert set(found) == {"a.md", "locked"}
    with pytest.raises(ArticleError, match="listed"):
        read(found["locked"])
    assert shown("link") == ["link"]
    assert shown("link", "locked") == ["locked"]


def test_what_git_ignores_is_passed_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(".gitignore", data=b"drafts/\n*.tmp.md\n/build\n")
    write("a.md", "b.tmp.md", "drafts/c.md", "x/drafts/d.md", "x/e.md", "build/f.md", "kept.tmp.md")
    write(os.fsdecode(b"x/\xff\n.tmp.md"))
    git("init", "-q", cwd=place)
    git("add", "-f", "kept.tmp.md", cwd=place)
    # a hook's environment must not lead astray
    monkeypatch.setenv("GIT_DIR", "nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere/index")
    assert shown(".") == ["a.md", "kept.tmp.md", "x/e.md"]
    assert shown("x") == ["x/e.md"]
    assert shown("x/drafts") == ["x/drafts/d.md"]
    assert shown("build") == ["build/f.md"]
    assert shown("b.tmp.md") == ["b.tmp.md"]


def test_a_folder_of_which_all_is_ignored_holds_no_article(place: Path) -> None:
    write(".gitignore", data=b"*.tmp.md\n")
    write("x/a.tmp.md", "b.md")
    git("init", "-q", cwd=place)
    assert shown("x") == []


def test_without_git_nothing_is_ignored(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.md", ".gitignore", data=b"*.md\n")
    monkeypatch.setenv("PATH", str(place))
    assert shown(".") == ["a.md"]
