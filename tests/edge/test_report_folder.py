from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.edge.report_folder import ReportFolder, write_page
from imgcache.errors import ConfigError, LocalError


def prepared(path: Path) -> ReportFolder:
    folder = ReportFolder(path)
    folder.prepare()
    return folder


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "a" / "report")
    folder.write("index.html", "é")
    folder.write("articles/b.html", b"\xff")
    assert (folder.path / "index.html").read_bytes() == "é".encode()
    assert (folder.path / "articles" / "b.html").read_bytes() == b"\xff"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert (prepared(tmp_path).path / "thumbs").is_dir()


def test_an_older_report_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    old = prepared(tmp_path)
    ours = ("index.html", "page-2.html", "gone.html", "gone-12.html", "articles-2.html")
    theirs = ("CNAME", "404.html", "coverage.html", "site.css", "page-x.html", "logo.svg")
    for name in (*ours, "gallery.css", "articles/old.html", "thumbs/old.webp", *theirs):
        old.write(name, "old")
    prepared(tmp_path)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {".imgcache-report", *theirs}


@pytest.mark.parametrize("name", ["articles/story.md", "index.html"])
def test_a_foreign_folder_is_never_touched(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(ConfigError, match="no report's folder; name a new or empty one"):
        ReportFolder(tmp_path)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with pytest.raises(ConfigError, match="no report's folder"):
        ReportFolder(tmp_path / "report")


def test_a_thumbnail_is_copied(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "thumbs").mkdir(parents=True)
    (cache / "thumbs" / "a.webp").write_bytes(b"webp")
    folder = prepared(tmp_path / "report")
    assert folder.copy(cache, {"thumbs/b.webp": "thumbs/a.webp"}) == {"thumbs/b.webp"}
    assert (folder.path / "thumbs" / "b.webp").read_bytes() == b"webp"


def test_what_is_no_file_of_the_cache_is_not_copied(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "thumbs" / "folder.webp").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (cache / "thumbs" / "link.webp").symlink_to(tmp_path / "secret")
    (cache / "elsewhere").symlink_to(tmp_path)
    folder = prepared(tmp_path / "report")
    for path in (
        "thumbs/none.webp",
        "thumbs/folder.webp",
        "thumbs/link.webp",
        "none/a.webp",
        "elsewhere/secret",
    ):
        assert folder.copy(cache, {"thumbs/b.webp": path}) == set()
    assert not (folder.path / "thumbs" / "b.webp").exists()


def test_a_disk_that_refuses_is_told_with_a_remedy(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    with pytest.raises(LocalError, match=r"--output .*: can't be written: .*; make room there"):
        folder.write("none/index.html", "")


def test_a_link_in_the_place_of_an_own_file_or_folder_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "mine.html").write_text("mine")
    old = prepared(tmp_path / "report")
    (old.path / "articles").rmdir()
    (old.path / "articles").symlink_to(victim)
    prepared(old.path)
    assert (victim / "mine.html").read_text() == "mine"
    assert (old.path / "articles").is_dir()
    assert not (old.path / "articles").is_symlink()
    (old.path / ".imgcache-report").unlink()
    (old.path / ".imgcache-report").symlink_to(victim / "mine.html")
    with pytest.raises(ConfigError, match="no report's folder"):
        ReportFolder(old.path)


def test_a_single_page_replaces_its_like(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    for text in ("<!doctype html>\nfirst\n", "<!doctype html>\nsecond\n"):
        write_page(page, text)
        assert page.read_text().splitlines()[0::2] == text.splitlines()


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "folder"])
def test_a_single_page_replaces_nothing_else(tmp_path: Path, kind: str) -> None:
    mine, page = tmp_path / "mine", tmp_path / "report.html"
    mine.write_text("mine")
    if kind == "file":
        page.write_text("<!doctype html>\nmine\n")
    elif kind == "folder":
        page.mkdir()
    else:
        page.symlink_to(mine if kind == "link" else tmp_path / "nothing")
    with pytest.raises(ConfigError, match="no page of a report; name a new file"):
        write_page(page, "<!doctype html>\nnew\n")
    assert mine.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()
