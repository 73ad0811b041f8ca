"""A kill right before each system call that changes the disk, by fault injection with strace.

What random moments hardly ever hit: between two renames, before an fsync, before an unlink. strace
counts the calls of each thread, so that the n-th round stops whichever thread comes first to its
n-th call. (Not with --seccomp-bpf, under which strace 6.1 stops at none but the first.)
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

from tests.support.origin import Origin
from tests.support.scene import Scene

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

CALLS = ("rename", "renameat", "fsync", "fdatasync", "unlink", "unlinkat", "mkdir", "mkdirat")
WRITES = ("ftruncate", "pwrite64", "write")
# Most writes go to sockets and pipes; more rounds would only kill before more of those.
MOST = 40


async def first(_: Scene) -> None:
    """No cache yet: everything is made."""


async def changed(scene: Scene) -> None:
    """All images have changed, and no longer have the declared size."""
    await scene.refresh()
    scene.serve(1)


async def flagged(scene: Scene) -> None:
    """Nothing is to be fetched, all articles are to be written."""
    await scene.refresh()
    for path in scene.articles:
        path.write_bytes(scene.text(path, flag=False))


Before = Callable[[Scene], Awaitable[None]]


@pytest.mark.parametrize(("before", "call"), [(first, "rename"), (flagged, "renameat")])
async def test_a_kill_at_each_rename_loses_nothing(
    tmp_path: Path, before: Before, call: str
) -> None:
    assert await every_boundary(tmp_path, before, call) > 2


@pytest.mark.torture
@pytest.mark.parametrize("before", [first, changed, flagged])
@pytest.mark.parametrize("call", [*CALLS, *WRITES])
async def test_a_kill_at_each_call_loses_nothing(tmp_path: Path, before: Before, call: str) -> None:
    await every_boundary(tmp_path, before, call)


async def every_boundary(folder: Path, before: Before, call: str) -> int:
    """How many runs were made, each killed one call further, until one came to its end."""
    async with Origin() as origin:
        for number in count(1):
            scene = Scene(folder / str(number), origin)
            scene.build()
            await before(scene)
            if not await was_killed(scene, call, number) or number >= MOST:
                return number
            scene.assert_nothing_torn_or_claimed()
            scene.move_on()
            await scene.refresh()
            await scene.assert_mended()
    raise AssertionError


async def was_killed(scene: Scene, call: str, number: int) -> bool:
    """Run until some thread is about to make its n-th such call."""
    words = ["strace", "-f", "-qq", "-o", os.devnull]
    words += ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    process = await scene.start(*words)
    await process.communicate()
    return process.returncode == -signal.SIGKILL
