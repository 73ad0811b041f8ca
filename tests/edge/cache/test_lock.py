from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from imgcache.edge.cache.lock import CacheLock
from imgcache.errors import CacheLockedError, LocalError

HOLDER = """
import sys
from pathlib import Path
from imgcache.edge.cache.lock import CacheLock
with CacheLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_makes_the_cache_folder_and_stays_as_a_file(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "cache"
    with CacheLock(root):
        assert (root / "lock").read_text() == f"{os.getpid()}\n"
    assert [path.name for path in root.iterdir()] == ["lock"]


def test_a_second_writer_is_told_the_folder_and_the_process(tmp_path: Path) -> None:
    told = rf"{tmp_path}: another imgcache \(process {os.getpid()}\)"
    with CacheLock(tmp_path), pytest.raises(CacheLockedError, match=told), CacheLock(tmp_path):
        pass


def test_a_file_that_tells_no_process_is_no_trouble(tmp_path: Path) -> None:
    with CacheLock(tmp_path):
        (tmp_path / "lock").write_text("whoever\n")
        with pytest.raises(CacheLockedError, match="another imgcache is"), CacheLock(tmp_path):
            pass


def test_the_lock_is_free_again_when_it_ends(tmp_path: Path) -> None:
    with CacheLock(tmp_path):
        pass
    with CacheLock(tmp_path):
        pass


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        told = rf"process {holder.pid}\)"
        with pytest.raises(CacheLockedError, match=told), CacheLock(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with CacheLock(tmp_path) as lock:
            assert lock.found_unclean
        with CacheLock(tmp_path) as lock:
            assert not lock.found_unclean


ORPHAN = """
import os, subprocess, sys
from pathlib import Path
from imgcache.edge.cache.lock import CacheLock
with CacheLock(Path(sys.argv[1])) as lock:
    subprocess.Popen(["cat"], stdout=subprocess.DEVNULL, pass_fds=[lock._file])
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[IO[bytes]]:
    """A child of a killed holder has the lock, until this is closed."""
    command = [sys.executable, "-c", ORPHAN, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as holder:
        assert holder.wait() == -signal.SIGKILL
        assert holder.stdin is not None
        yield holder.stdin


def test_a_child_of_a_killed_holder_is_waited_for(
    tmp_path: Path, orphan: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = 0
    sleep = time.sleep

    def waited(seconds: float) -> None:
        nonlocal waits
        waits += 1
        orphan.close()
        sleep(seconds)

    monkeypatch.setattr("imgcache.edge.cache.lock.time.sleep", waited)
    with CacheLock(tmp_path) as lock:
        assert lock.found_unclean
    assert waits


@pytest.mark.usefixtures("orphan")
def test_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.cache.lock._PATIENCE", 0.05)
    with pytest.raises(CacheLockedError, match="another imgcache"), CacheLock(tmp_path):
        pass


def test_a_linked_lock_is_refused_and_its_target_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "lock").symlink_to(target)
    with pytest.raises(LocalError, match="remove it"), CacheLock(tmp_path / "cache"):
        pass
    assert target.read_text() == "precious"


def test_a_folder_that_can_not_be_made_is_a_local_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError), CacheLock(tmp_path / "file" / "cache"):
        pass


def fail_under_lock(root: Path) -> None:
    with CacheLock(root):
        raise LocalError("no room")


def test_who_raises_or_says_so_leaves_it_unclean(tmp_path: Path) -> None:
    with pytest.raises(LocalError):
        fail_under_lock(tmp_path)
    with CacheLock(tmp_path) as lock:
        assert lock.found_unclean
        lock.leaves_unclean = True
    for expected in (True, False):
        with CacheLock(tmp_path) as lock:
            assert lock.found_unclean is expected


def test_a_disk_that_fails_at_the_end_costs_the_next_run_a_sweep_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with CacheLock(tmp_path):
        monkeypatch.setattr(os, "ftruncate", fail)
    monkeypatch.undo()
    with CacheLock(tmp_path) as lock:
        assert lock.found_unclean
