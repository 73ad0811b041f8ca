"""Images of the site itself: inside its root, or gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgcache.core.http.location import SitePath
from imgcache.edge import site_files
from imgcache.edge.site_files import Grounds
from imgcache.model import Failure, Verdict


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "img").mkdir(parents=True)
    (folder / "img" / "a b.png").write_bytes(b"pixels")
    (folder / "empty.png").touch()
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "site-other").mkdir()
    (tmp_path / "site-other" / "a.png").write_bytes(b"secret")
    return folder


def rooted(*roots: Path) -> Grounds:
    return Grounds(Path("/"), (), roots)


def verdict(found: bytes | Failure) -> Verdict:
    assert isinstance(found, Failure), found
    return found.verdict


@pytest.mark.parametrize(
    "path",
    ["/img/a%20b.png", "img/a%20b.png", "./img/../img/a b.png", "//img//a%20b.png",
     "none/../img/a%20b.png", "img/a%20b.png/../a%20b.png", "img/x/%2e%2E/a%20b.png",
     "/../img/a%20b.png", "img%2Fa%20b.png", "img/%61%20b.png", "img/./a%20b.png"],
)  # fmt: skip
def test_a_file_in_the_root_is_read(root: Path, path: str) -> None:
    assert site_files.read(rooted(root), SitePath(path), 100) == b"pixels"


def test_a_symlink_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link.png").symlink_to("img/a b.png")
    (root / "folder").symlink_to(root / "img")
    assert site_files.read(rooted(root), SitePath("link.png"), 100) == b"pixels"
    assert site_files.read(rooted(root), SitePath("folder/a%20b.png"), 100) == b"pixels"


@pytest.mark.parametrize(
    "path",
    ["../secret.png", "/../secret.png", "%2e%2e/secret.png", "..%2Fsecret.png", "link.png",
     "out/a.png", "../site-other/a.png", "missing.png", "img", "", "img/a%20b.png/x", "a%00.png",
     "x" * 5000, "img/a%20b.png/", "img/a%20b.png/.", "img/a%20b.png/%2E", "img/a%20b.png/x/..",
     "img/a%20b.png%2F", "img%2F..%2Fempty.png", "img/..%2Fempty.png", "img\\a%20b.png", "/", "."],
)  # fmt: skip
def test_what_is_outside_or_no_file_is_gone(root: Path, path: str) -> None:
    (root / "link.png").symlink_to(root.parent / "secret.png")
    (root / "out").symlink_to(root.parent / "site-other")
    found = site_files.read(rooted(root), SitePath(path, "content"), 100)
    assert verdict(found) is Verdict.GONE


def test_a_loop_of_symlinks_is_gone(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert verdict(site_files.read(rooted(root), SitePath("/a"), 100)) is Verdict.GONE


def test_a_fifo_is_never_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    assert verdict(site_files.read(rooted(root), SitePath("/pipe.png"), 100)) is Verdict.GONE


def test_without_a_root_a_path_of_the_site_is_not_checked() -> None:
    assert verdict(site_files.read(rooted(), SitePath("/a.png"), 100)) is Verdict.NOT_CHECKED


def test_a_relative_path_of_a_text_in_no_file_is_not_checked_unless_a_root_has_it(
    root: Path,
) -> None:
    for grounds in (rooted(), rooted(root)):
        found = site_files.read(grounds, SitePath("missing.png"), 100)
        assert verdict(found) is Verdict.NOT_CHECKED
        assert isinstance(found, Failure)
        assert found.remedy == "verify the article where it is saved"
    assert site_files.read(rooted(root), SitePath("img/a%20b.png"), 100) == b"pixels"


def test_a_missing_root_has_no_files(tmp_path: Path) -> None:
    assert verdict(site_files.read(rooted(tmp_path / "none"), SitePath("/a"), 100)) is Verdict.GONE


def test_the_limit_holds_for_files_too(root: Path) -> None:
    assert site_files.read(rooted(root), SitePath("img/a b.png"), 6) == b"pixels"
    assert verdict(site_files.read(rooted(root), SitePath("img/a b.png"), 5)) is Verdict.TOO_LARGE


def test_an_empty_file_is_empty(root: Path) -> None:
    assert verdict(site_files.read(rooted(root), SitePath("empty.png"), 5)) is Verdict.EMPTY


def test_a_relative_path_is_looked_up_beside_the_article_first(root: Path) -> None:
    posts = root.parent / "content" / "posts"
    posts.mkdir(parents=True)
    (posts / "a.png").write_bytes(b"beside")
    (root / "a.png").write_bytes(b"in the root")
    (root / "b.png").write_bytes(b"in the root")
    (posts.parent / "up.png").write_bytes(b"above")
    grounds = Grounds(root.parent, (root.parent / "content",), (root,))
    near = "content/posts"
    assert site_files.read(grounds, SitePath("a.png", near), 100) == b"beside"
    assert site_files.read(grounds, SitePath("/a.png"), 100) == b"in the root"
    assert site_files.read(grounds, SitePath("b.png", near), 100) == b"in the root"
    assert site_files.read(grounds, SitePath("../up.png", near), 100) == b"above"
    there = site_files.identity(grounds, SitePath("a.png", near))
    assert there not in {None, site_files.identity(grounds, SitePath("/a.png"))}


def test_beside_an_article_nothing_outside_of_the_path_is_read(root: Path) -> None:
    content = root.parent / "content"
    content.mkdir()
    (content / "link.png").symlink_to(root.parent / "secret.png")
    grounds = Grounds(root.parent, (content,), ())
    for path in ("../secret.png", "link.png", "%2e%2e/secret.png", "missing.png"):
        found = site_files.read(grounds, SitePath(path, "content"), 100)
        assert verdict(found) is Verdict.GONE
        assert site_files.identity(grounds, SitePath(path, "content")) is None
    elsewhere = Grounds(root.parent, (root,), ())
    (content / "a.png").write_bytes(b"pixels")
    assert verdict(site_files.read(elsewhere, SitePath("a.png", "content"), 100)) is Verdict.GONE


def test_each_root_is_looked_at_and_named(root: Path) -> None:
    other = root.parent / "site-other"
    assert site_files.read(rooted(root, other), SitePath("/a.png"), 100) == b"secret"
    assert site_files.identity(rooted(root, other), SitePath("/a.png")) is not None
    found = site_files.read(rooted(root, other), SitePath("/none.png"), 100)
    assert isinstance(found, Failure)
    assert found.detail == "there is no file none.png in site or in site-other"
