"""An index on a disk that can't be written: read as it is, or the reason why not is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.edge.index.connection import open_writer

_READ = """
import sys
from pathlib import Path
from imgcache.edge.index.connection import damage, open_reader, reading_mode
from imgcache.errors import LocalError
for look in (open_reader, lambda path: damage(path, reading_mode(path))):
    try:
        look(Path(sys.argv[1]))
        print("read")
    except LocalError as exc:
        print(exc)
"""
_MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


def read_only(folder: Path, *command: str) -> list[str]:
    """The lines that a program prints which sees the folder on a read-only disk."""
    words = ["unshare", "-Urm", "sh", "-c", _MOUNT, "sh", str(folder), *command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("needs a mount namespace of its own")
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index as it is copied from a run that goes on: with its log, without the rest."""
    (tmp_path / "live").mkdir()
    writer = open_writer(tmp_path / "live" / "index.sqlite3")
    (tmp_path / "cache").mkdir()
    for name in ("index.sqlite3", "index.sqlite3-wal"):
        shutil.copy(tmp_path / "live" / name, tmp_path / "cache")
    writer.close()
    return tmp_path / "cache" / "index.sqlite3"


def test_a_log_without_its_shared_memory_is_told_for_what_it_is(index: Path) -> None:
    lines = read_only(index.parent, sys.executable, "-c", _READ, str(index))
    assert len(lines) == 2
    assert all("-wal was left by a run that did not end" in line for line in lines)
    assert all("run imgcache refresh there once" in line for line in lines)


def test_without_a_log_it_is_read(index: Path) -> None:
    writer = open_writer(index)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.close()
    assert read_only(index.parent, sys.executable, "-c", _READ, str(index)) == ["read"] * 2
