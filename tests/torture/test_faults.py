"""Calls that fail (strace injects the error), and a disk that is really full (a small tmpfs).

Whatever fails: no traceback, no article torn, no flag without its file; and when the fault is over,
the next run makes everything as it should be.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from imgcache.edge.articles.staging import is_staged_name
from tests.support.origin import Origin
from tests.support.scene import Scene
from tests.torture.test_boundaries import Before, changed, first, flagged

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
MOST = 40


@needs_strace
async def test_an_fsync_that_fails_is_told_and_loses_nothing(tmp_path: Path) -> None:
    assert await every_fault(tmp_path, flagged, "fsync", "EIO") > 2


@needs_strace
@pytest.mark.torture
@pytest.mark.parametrize("before", [first, changed, flagged])
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("fsync", "EIO"),
        ("fdatasync", "EIO"),
        ("pwrite64", "ENOSPC"),
        ("ftruncate", "EIO"),
        ("rename", "ENOSPC"),
        ("renameat", "EDQUOT"),
        ("unlink", "EIO"),
        ("unlinkat", "EIO"),
        ("mkdirat", "ENOSPC"),
    ],
)
async def test_a_call_that_fails_is_told_and_loses_nothing(
    tmp_path: Path, call: str, error: str, before: Before
) -> None:
    await every_fault(tmp_path, before, call, error)


async def every_fault(folder: Path, before: Before, call: str, error: str) -> int:
    """How many runs were made, the n-th call of some thread failing, until none made so many."""
    async with Origin() as origin:
        for number in count(1):
            scene = Scene(folder / str(number), origin)
            scene.build()
            await before(scene)
            if not await was_hindered(scene, call, error, number) or number >= MOST:
                return number
            scene.assert_nothing_torn_or_claimed()
            scene.move_on()
            await scene.refresh()
            await scene.assert_mended()
    raise AssertionError


async def was_hindered(scene: Scene, call: str, error: str, number: int) -> bool:
    log = scene.folder.with_suffix(".strace")
    words = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}"]
    words += ["-e", f"inject={call}:error={error}:when={number}"]
    process = await scene.start(*words)
    stdout, stderr = await process.communicate()
    assert process.returncode in {0, 1, 2}, (process.returncode, stderr)
    assert b"Traceback" not in stderr, stderr.decode()
    if process.returncode == 2:
        assert stderr or b"local-error" in stdout or b"article_errors" in stdout
    return "(INJECTED)" in log.read_text()


def may_mount() -> bool:
    """Whether this user may have a small disk of their own."""
    command = ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


needs_mount = pytest.mark.skipif(not may_mount(), reason="needs a mount namespace of its own")
PROGRAM = Path(__file__).with_name("full_disk.py")


async def on_a_full_disk(scene: Scene, folder: str, kib: int) -> dict[str, Any]:
    """What full_disk.py saw; the second run of it must have made everything as it should be."""
    process = await asyncio.create_subprocess_exec(
        *("unshare", "-Urm", sys.executable, PROGRAM, folder, str(kib)),
        cwd=scene.folder,
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    told: dict[str, Any] = json.loads(stdout)
    for run in ("full", "check", "again", "fixed"):
        assert "Traceback" not in told[run]["stderr"], told[run]["stderr"]
    assert (told["again"]["status"], told["fixed"]["status"]) == (0, 0)
    for path in scene.articles:
        name = str(path.relative_to(scene.folder))
        assert told["end"][name] == scene.text(path, flag=True).decode()
    assert [name for name in told["end"] if is_leftover(name)] == []
    return told


def is_leftover(name: str) -> bool:
    path = Path(name)
    folders = (path.parent.name, path.parent.parent.name)
    return "tmp" in folders or is_staged_name(path.name)


@needs_mount
@pytest.mark.parametrize("kib", [40, 120, 200])
async def test_a_cache_on_a_full_disk_is_this_machines_fault(tmp_path: Path, kib: int) -> None:
    """Full at once, in the middle of the index, in the middle of an image."""
    async with Origin() as origin:
        scene = Scene(tmp_path, origin)
        scene.build()
        told = await on_a_full_disk(scene, "cache", kib)
    assert told["full"]["status"] == 2
    assert "make room on this disk" in told["full"]["stderr"] + told["full"]["stdout"]
    flags = "".join(told["seen"][f"articles/{name}"] for name in ("a.md", "b.md", "deep/c.md"))
    images = [name for name in told["seen"] if name.endswith(".jpg")]
    assert flags.count("isCached: true") <= 3 * len(images)
    assert [name for name in told["seen"] if is_leftover(name)] == []


@needs_mount
@pytest.mark.torture
@pytest.mark.parametrize("kib", range(8, 420, 12))
async def test_a_cache_on_a_disk_of_any_size_loses_nothing(tmp_path: Path, kib: int) -> None:
    async with Origin() as origin:
        scene = Scene(tmp_path, origin)
        scene.build()
        await on_a_full_disk(scene, "cache", kib)


@needs_mount
@pytest.mark.torture
@pytest.mark.parametrize("kib", [*range(180, 300, 20), 400, 700, 2000])
async def test_where_the_index_has_room_a_full_disk_is_reported(tmp_path: Path, kib: int) -> None:
    """What is known is told, and no more flags are true than entries that did not fail."""
    async with Origin() as origin:
        scene = Scene(tmp_path, origin)
        scene.build()
        told = await on_a_full_disk(scene, "cache", kib)
    summary = json.loads(told["full"]["stdout"])["summary"]
    failed = summary["verdicts"].get("local-error", 0)
    assert told["full"]["status"] == (2 if failed else 0)
    assert summary["entries"] == sum(summary["verdicts"].values())
    flags = "".join(told["seen"][f"articles/{name}"] for name in ("a.md", "b.md", "deep/c.md"))
    assert flags.count("isCached: true") <= summary["entries"] - failed


@needs_mount
async def test_articles_on_a_full_disk_stay_as_they_are(tmp_path: Path) -> None:
    async with Origin() as origin:
        scene = Scene(tmp_path, origin)
        scene.build()
        told = await on_a_full_disk(scene, "articles", 64)
        texts = {
            str(path.relative_to(tmp_path)): scene.text(path, flag=False).decode()
            for path in scene.articles
        }
    assert told["full"]["status"] == 2
    assert {name: told["seen"][name] for name in texts} == texts
    assert [name for name in told["seen"] if is_leftover(name)] == []
    errors = json.loads(told["full"]["stdout"])["article_errors"]
    assert len(errors) == 3
    assert all("make room on this disk" in error["message"] for error in errors)
