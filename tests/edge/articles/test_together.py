from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from imgcache.edge.articles.files import Found
from imgcache.edge.articles.together import NewText, replace_all
from imgcache.errors import ArticleError, LocalError

OLD, NEW = b"---\nold\n---\n", b"---\nnew, and longer\n---\n"


def text(folder: Path, name: str, new: bytes = NEW) -> NewText:
    path = folder / name
    if not path.exists():
        path.write_bytes(OLD)
    return NewText(Found(str(path), name, named=False, root=folder), OLD, new)


def test_files_are_replaced_and_answered_in_their_order(tmp_path: Path) -> None:
    texts = [text(tmp_path, f"{number}.md", b"%d" % number) for number in range(40)]
    (tmp_path / "7.md").write_bytes(b"somebody else's")
    os.link(tmp_path / "9.md", tmp_path / "other")
    outcomes = replace_all(texts)
    refused = outcomes.pop(9)
    assert isinstance(refused, ArticleError)
    assert "hard links" in refused.message
    assert outcomes == [True] * 7 + [False] + [True] * 31
    for number in {*range(40)} - {7, 9}:
        assert (tmp_path / f"{number}.md").read_bytes() == b"%d" % number
    assert (tmp_path / "7.md").read_bytes() == b"somebody else's"
    assert (tmp_path / "9.md").read_bytes() == OLD
    assert len(list(tmp_path.iterdir())) == 41  # nothing is left behind


def test_a_fault_of_the_machine_is_that_of_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, fsync, lock = [True], os.fsync, threading.Lock()

    def full(file: int) -> None:
        with lock:
            failing, first[0] = first[0], False
        if failing:
            raise OSError(28, "No space left on device")
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    outcomes = replace_all([text(tmp_path, f"{number}.md") for number in range(5)])
    assert sum(isinstance(one, LocalError) for one in outcomes) == 1
    assert outcomes.count(True) == 4


@pytest.mark.parametrize("fails", [None, stat.S_ISREG, stat.S_ISDIR])
def test_no_file_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[[int], bool] | None
) -> None:
    fsync = os.fsync

    def broken(file: int) -> None:
        if fails is not None and fails(os.fstat(file).st_mode):
            raise OSError(5, "Input/output error")
        fsync(file)

    monkeypatch.setattr(os, "fsync", broken)
    before = sorted(Path("/dev/fd").iterdir())
    outcomes = replace_all([text(tmp_path, f"{number}.md") for number in range(5)])
    assert sorted(Path("/dev/fd").iterdir()) == before
    assert [outcome is True for outcome in outcomes] == [fails is None] * 5


def test_texts_for_one_file_come_one_after_the_other(tmp_path: Path) -> None:
    real = text(tmp_path, "a.md", b"first")
    (tmp_path / "b.md").symlink_to("a.md")
    linked = text(tmp_path, "b.md", b"second")
    others = [text(tmp_path, f"{number}.md") for number in range(6)]
    assert replace_all([real, *others, linked]) == [True] * 7 + [False]
    assert (tmp_path / "a.md").read_bytes() == b"first"
    assert (tmp_path / "b.md").is_symlink()
