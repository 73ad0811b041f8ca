"""What killed runs leave beside articles, and how it goes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.edge.articles.files import survey, sweep
from imgcache.edge.articles.staging import is_staged_name, staged
from imgcache.edge.safe_fs import open_folder

LEFTOVER = f".{'0123456789abcdef' * 2}.imgcache"

HOLDER = """
import sys
from pathlib import Path
from imgcache.edge.safe_fs import open_folder
from imgcache.edge.articles.staging import staged
with open_folder(Path(sys.argv[1])) as folder, staged(folder) as (file, name):
    print(name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def leave(*folders: str) -> None:
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, LEFTOVER).write_bytes(b"---\nhalf")


def swept(*paths: str) -> list[str]:
    return list(sweep(survey([Path(path) for path in paths], cache_dir=Path("cache")).leftovers))


def left() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if is_staged_name(path.name))


def test_leftovers_go_from_all_folders_that_are_searched(place: Path) -> None:
    leave("a", "a/b/c", "other", "a/.hidden")
    assert swept("a") == []
    assert left() == [f"a/.hidden/{LEFTOVER}", f"other/{LEFTOVER}"]


def test_leftovers_beside_a_named_file_go(place: Path) -> None:
    leave("a", "a/b")
    Path("a/x.txt").write_bytes(b"---\n---\n")
    assert swept("a/x.txt") == []
    assert left() == [f"a/b/{LEFTOVER}"]


def test_leftovers_beside_the_target_of_a_link_go_if_it_is_inside_of_the_path(place: Path) -> None:
    leave("a/.drafts", "elsewhere")
    for number, folder in enumerate(("a/.drafts", "elsewhere")):
        Path(folder, "x.md").write_bytes(b"---\n---\n")
        Path(f"a/{number}.md").symlink_to(Path(folder, "x.md").absolute())
    assert swept("a") == []
    assert left() == [f"elsewhere/{LEFTOVER}"]


@pytest.mark.parametrize(
    "name", [".imgcache", f"{LEFTOVER[1:]}", f"{LEFTOVER}.md", f".{'0' * 31}.imgcache", ".x"]
)
def test_files_of_other_names_stay(place: Path, name: str) -> None:
    Path(name).write_bytes(b"mine")
    assert swept(".") == []
    assert Path(name).exists()


def test_what_bears_the_name_but_is_no_file_stays(place: Path) -> None:
    Path("mine").write_bytes(b"mine")
    Path(LEFTOVER).symlink_to("mine")
    Path("b", LEFTOVER).mkdir(parents=True)
    assert swept(".") == []
    assert (Path(LEFTOVER).is_symlink(), Path("b", LEFTOVER).is_dir()) == (True, True)
    assert Path("mine").read_bytes() == b"mine"


def test_a_file_that_another_run_is_writing_stays_until_that_run_is_dead(place: Path) -> None:
    command = [sys.executable, "-c", HOLDER, "."]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        name = holder.stdout.readline().decode().strip()
        assert swept(".") == []
        assert left() == [name]
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert swept(".") == []
    assert left() == []


def test_a_file_taken_for_a_leftover_before_its_lock_was_held_is_made_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run's sweep falls between the making of the file and its lock."""
    create, calls = os.open, 0

    def open_and_lose(path: str, flags: int, mode: int = 0o777, *, dir_fd: int) -> int:
        nonlocal calls
        file = create(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT and not calls:
            calls += 1
            os.unlink(path, dir_fd=dir_fd)
        return file

    with open_folder(place) as folder:
        monkeypatch.setattr(os, "open", open_and_lose)
        with staged(folder) as (file, name):
            assert calls == 1
            assert os.fstat(file).st_ino == Path(name).stat().st_ino
            assert is_staged_name(name)
    assert left() == []


def test_what_can_not_be_removed_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave("a")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "unlink", refuse)
    assert swept("a") == [
        f"a/{LEFTOVER}: left by a killed run, and can't be removed: Permission denied"
    ]
