from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imgcache.edge.articles.files import Found, discover, read, replace
from imgcache.errors import ArticleError

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


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def article(name: str, data: bytes = OLD) -> Found:
    write(name, data=data)
    (found,) = (f for f in discover([Path()], cache_dir=Path("cache")) if f.shown == name)
    return found


def test_an_article_is_replaced_with_its_mode_owner_and_attributes(place: Path) -> None:
    found = article("a.md")
    Path("a.md").chmod(0o2640)
    has_attributes = sys.platform == "linux"
    if has_attributes:
        try:
            os.setxattr("a.md", "user.note", b"kept")
        except OSError:
            has_attributes = False
    if os.geteuid() == 0:
        os.chown("a.md", 1234, 2345)
        Path("a.md").chmod(0o2640)
    before = Path("a.md").stat()
    assert replace(found, OLD, NEW)
    after = Path("a.md").stat()
    assert Path("a.md").read_bytes() == NEW
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    if has_attributes and sys.platform == "linux":
        assert os.getxattr("a.md", "user.note") == b"kept"
    assert names() == ["a.md"]


def test_equal_bytes_are_not_written(place: Path) -> None:
    found = article("a.md")
    inode = Path("a.md").stat().st_ino
    assert replace(found, OLD, OLD)
    assert Path("a.md").stat().st_ino == inode


@pytest.mark.parametrize("now", [b"other", OLD[:-1], b""])
def test_a_file_that_no_longer_holds_the_old_bytes_is_left_alone(place: Path, now: bytes) -> None:
    found = article("a.md")
    write("a.md", data=now)
    assert not replace(found, OLD, NEW)
    assert Path("a.md").read_bytes() == now
    assert names() == ["a.md"]


def _append() -> None:
    with Path("a.md").open("ab") as file:
        file.write(b"more")


def _rewrite_in_place() -> None:
    facts = Path("a.md").stat()
    with Path("a.md").open("r+b") as file:
        file.write(b"X")
    os.utime("a.md", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _rename_over() -> None:
    write("b.tmp", data=OLD)
    Path("b.tmp").replace("a.md")


def _link_away() -> None:
    Path("a.md").unlink()
    Path("a.md").symlink_to("/dev/null")


EDITS = [_append, _rewrite_in_place, _rename_over, _link_away, lambda: Path("a.md").unlink()]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_made_while_the_new_file_is_written_survives(
    place: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[], None]
) -> None:
    found = article("a.md")
    fsync = os.fsync

    def edit_meanwhile(file: int) -> None:
        fsync(file)
        edit()

    monkeypatch.setattr(os, "fsync", edit_meanwhile)
    assert not replace(found, OLD, NEW)
    path = Path("a.md")
    assert path.is_symlink() or not path.exists() or path.read_bytes() != NEW
    assert set(names()) <= {"a.md"}


def test_an_edit_in_the_same_tick_of_the_clock_survives(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = article("a.md")
    before = Path("a.md").stat()
    fsync = os.fsync

    def edit_meanwhile(file: int) -> None:
        fsync(file)
        _rewrite_in_place()
        # What a file system with a coarse clock would answer.
        monkeypatch.setattr(os, "stat", lambda *_, **__: before)

    monkeypatch.setattr(os, "fsync", edit_meanwhile)
    is_replaced = replace(found, OLD, NEW)
    monkeypatch.undo()
    assert not is_replaced
    assert (place / "a.md").read_bytes() == b"X" + OLD[1:]


def test_a_link_inside_of_the_path_stays_and_its_target_is_edited(place: Path) -> None:
    write("d/real.txt2")
    Path("a.md").symlink_to("d/real.txt2")
    (found,) = discover([Path()], cache_dir=Path("cache"))
    assert replace(found, read(found), NEW)
    assert Path("a.md").is_symlink()
    assert Path("d/real.txt2").read_bytes() == NEW
    assert names() == ["a.md", "d"]
    assert [path.name for path in Path("d").iterdir()] == ["real.txt2"]


def test_a_link_as_path_is_where_the_path_is(place: Path) -> None:
    write("real/a.md")
    Path("link").symlink_to("real")
    (found,) = discover([Path("link")], cache_dir=Path("cache"))
    assert replace(found, read(found), NEW)
    assert Path("real/a.md").read_bytes() == NEW


@pytest.mark.parametrize("path", ["d", "d/a.md"])
def test_a_link_that_leaves_the_path_is_refused(place: Path, path: str) -> None:
    write("outside.md", "d2/x.md", "d/b.md")
    Path("d/a.md").symlink_to("../outside.md")
    found = {f.shown: f for f in discover([Path(path)], cache_dir=Path("cache"))}["d/a.md"]
    with pytest.raises(ArticleError, match="symbolic link"):
        replace(found, OLD, NEW)
    assert Path("outside.md").read_bytes() == OLD
    # a folder whose name begins as the root's does is outside as well
    Path("d/a.md").unlink()
    Path("d/a.md").symlink_to("../d2/x.md")
    with pytest.raises(ArticleError, match="symbolic link"):
        replace(found, OLD, NEW)


def test_hard_links_are_refused(place: Path) -> None:
    found = article("a.md")
    os.link("a.md", "b.other")
    with pytest.raises(ArticleError, match="2 hard links"):
        replace(found, OLD, NEW)
    assert Path("a.md").read_bytes() == Path("b.other").read_bytes() == OLD


def test_a_read_only_file_is_refused_even_to_root(place: Path) -> None:
    found = article("a.md")
    Path("a.md").chmod(0o444)
    with pytest.raises(ArticleError, match="read-only"):
        replace(found, OLD, NEW)
    assert Path("a.md").read_bytes() == OLD


def test_large_articles_are_read_and_replaced_whole(place: Path) -> None:
    data = os.urandom(3 << 20)
    found = article("a.md", data)
    assert read(found) == data
    assert replace(found, data, data[::-1])
    assert read(found) == data[::-1]


def test_a_file_of_absurd_size_is_refused_before_it_is_read(place: Path) -> None:
    found = article("a.md")
    os.truncate("a.md", 1 << 40)
    with pytest.raises(ArticleError, match="no article is that large"):
        read(found)


def test_a_file_that_is_gone_is_an_article_error(place: Path) -> None:
    found = article("a.md")
    Path("a.md").unlink()
    with pytest.raises(ArticleError, match="No such file"):
        read(found)
    assert not replace(found, OLD, NEW)


def test_a_folder_that_is_gone_is_an_article_error(place: Path) -> None:
    write("d/a.md")
    (found,) = discover([Path("d")], cache_dir=Path("cache"))
    shutil.rmtree("d")
    with pytest.raises(ArticleError, match="No such file"):
        replace(found, OLD, NEW)
