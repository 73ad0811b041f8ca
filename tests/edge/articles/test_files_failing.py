from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.edge.articles.files import Found, discover, read, replace
from imgcache.errors import ArticleError, LocalError, NotDurableError, UnreadableError

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


@pytest.mark.parametrize(
    ("code", "error", "remedy"),
    [
        (errno.EMFILE, UnreadableError, "ulimit -n"),
        (errno.ENFILE, UnreadableError, "limit of open files"),
        (errno.EIO, UnreadableError, "the disk reports damage"),
        (errno.ENOMEM, UnreadableError, "run again"),
        (errno.EACCES, ArticleError, "Permission denied"),
    ],
)
@pytest.mark.parametrize("call", ["open", "pread"])
def test_what_can_not_be_read_is_this_machines_fault_or_the_articles(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
    error: type[Exception],
    remedy: str,
) -> None:
    found = article("a.md")

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(ArticleError, match=remedy) as raised:
        read(found)
    assert type(raised.value) is error


def test_a_folder_that_can_not_be_listed_for_want_of_descriptors_is_this_machines_fault(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    write("sub/a.md")
    monkeypatch.setattr(os, "scandir", fail)
    (found,) = discover([Path()], cache_dir=Path("cache"))
    with pytest.raises(UnreadableError, match="ulimit -n"):
        read(found)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, LocalError),
        (errno.EDQUOT, LocalError),
        (errno.EIO, LocalError),
        (errno.EMFILE, LocalError),
        (errno.EROFS, ArticleError),
        (errno.EACCES, ArticleError),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "fchmod", "rename"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, error: type[Exception]
) -> None:
    found = article("a.md")

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(error, match=os.strerror(code)):
            replace(found, OLD, NEW)
    assert Path("a.md").read_bytes() == OLD
    assert names() == ["a.md"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_a_folder_that_does_not_reach_the_disk_is_told_of_the_new_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    found, fsync = article("a.md"), os.fsync

    def fail(file: int) -> None:
        if Path(f"/proc/self/fd/{file}").is_dir():
            raise OSError(code, os.strerror(code))
        fsync(file)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(NotDurableError, match=f"was written.*power.*{os.strerror(code)}"):
        replace(found, OLD, NEW)
    assert (Path("a.md").read_bytes(), names()) == (NEW, ["a.md"])


def test_an_interruption_leaves_the_old_file_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = article("a.md")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace(found, OLD, NEW)
    assert (Path("a.md").read_bytes(), names()) == (OLD, ["a.md"])


def test_the_file_is_on_disk_before_its_name_and_the_folder_after(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = article("a.md")
    calls: list[str] = []
    fsync, rename = os.fsync, os.rename

    def note_fsync(file: int) -> None:
        is_folder = Path(f"/proc/self/fd/{file}").is_dir()
        calls.append("fsync folder" if is_folder else "fsync file")
        fsync(file)

    def note_rename(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        calls.append("rename")
        rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    assert replace(found, OLD, NEW)
    assert calls == ["fsync file", "rename", "fsync folder"]


# Forks from a process that has no threads, so that one start of the interpreter is enough.
_DYING = """
import os
from pathlib import Path
from imgcache.edge.articles.files import Found, replace

def deadly(call):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return call(*args, **kwargs)
    return wrapped

def die_at(step):
    global left
    left = step
    for name in "open write fsync fchmod fchown close rename unlink pread".split():
        setattr(os, name, deadly(getattr(os, name)))
    found = Found("a.md", "a.md", named=True, root=Path())
    os._exit(0 if replace(found, b"old", b"new" * 9) else 1)

for step in range(100):
    for name in os.listdir():
        os.unlink(name)
    Path("a.md").write_bytes(b"old")
    child = os.fork() or die_at(step)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, Path("a.md").read_text())
    if code == 0:
        break
"""


def test_a_death_at_any_call_leaves_the_old_or_the_new_file_whole(place: Path) -> None:
    command = [sys.executable, "-c", _DYING]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    *died, last = [line.split() for line in done.stdout.splitlines()]
    assert {code for code, _ in died} == {"9"}
    assert {text for _, text in died} == {"old", "new" * 9}
    assert last == ["0", "new" * 9]
    assert names() == ["a.md"]
