"""`kill -9` at random moments: no article torn or lost, no flag true without its file, and nothing
left behind after the next run. 20 rounds in every test run, 200 in `make torture`.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.support.origin import Origin
from tests.support.scene import Scene, spread

ROUNDS = 5
# What asyncio tells of a process that ended just before it was to be killed.
_ENDED_BEFORE = 255


@pytest.mark.parametrize("seed", range(4))
async def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path, seed: int) -> None:
    await torture(tmp_path, seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 140))
async def test_a_kill_at_any_moment_loses_nothing_ever(tmp_path: Path, seed: int) -> None:
    await torture(tmp_path, seed)


async def torture(folder: Path, seed: int) -> None:
    """Some rounds, each with a new version of the site: killed, looked at, run again."""
    async with Origin() as origin:
        scene = Scene(folder, origin)
        scene.build()
        seconds = await measured(scene)
        for moment in spread(seed, ROUNDS, seconds * 1.1):
            scene.serve(scene.version + 1)
            died = await killed(scene, moment)
            scene.assert_nothing_torn_or_claimed()
            await scene.assert_kept_state_is_true()
            scene.move_on()
            await scene.refresh()
            await scene.assert_mended()
            await scene.assert_kept_state_is_true()
            assert died in {-signal.SIGKILL, 0, 1, _ENDED_BEFORE}


async def measured(scene: Scene) -> float:
    """How long a run takes from its first request to its end, here and now."""
    process = await scene.start()
    await scene.origin.asked("/0.jpg")
    began = asyncio.get_running_loop().time()
    await process.communicate()
    await scene.assert_mended()
    return asyncio.get_running_loop().time() - began


async def killed(scene: Scene, moment: float) -> int:
    """Kill a run that many seconds after its first request; ends when its workers have ended."""
    asked = scene.origin.count("/0.jpg")
    process = await scene.start()
    await scene.origin.asked("/0.jpg", asked + 1)
    with_end = asyncio.ensure_future(process.communicate())
    await asyncio.wait({with_end}, timeout=moment)
    if process.returncode is None:
        process.kill()
    async with asyncio.timeout(60):
        await with_end
    return process.returncode or 0
