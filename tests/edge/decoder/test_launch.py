"""A decoder may start before there is a pool: the first one takes it, and nobody else has it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

import pytest

from imgcache.config import LimitSettings
from imgcache.edge.decoder import launch
from imgcache.edge.decoder.launch import Program, early
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.model import Failure, Verdict
from tests.support import pictures


def waiting() -> Program:
    (program,) = launch._early
    return program


async def test_the_first_pool_takes_the_early_one() -> None:
    with early():
        program = waiting()
        async with DecodePool(LimitSettings(), workers=2) as pool:
            await pool.warm_up()
            assert isinstance(await pool.decode(DecodeJob(pictures.jpeg())), Decoded)
            processes = [worker._program for worker in pool._alive]
            assert processes.count(program) == 1
            assert len(processes) == 2
        assert launch._early == []
    assert program.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
async def test_an_early_one_keeps_to_the_limits_of_the_pool() -> None:
    limits = LimitSettings(decode_memory=400 << 20)
    with early():
        async with DecodePool(limits, workers=1) as pool:
            result = await pool.decode(DecodeJob(pictures.webp_bomb(7000, 7000)))
    assert isinstance(result, Failure)
    assert result.verdict is Verdict.TOO_MANY_PIXELS


def test_one_that_nobody_has_taken_is_ended() -> None:
    with suppress(SystemExit), early():
        program = waiting()
        sys.exit(2)
    assert program.returncode == -signal.SIGKILL
    assert launch._early == []


async def test_one_that_has_ended_meanwhile_is_passed_over() -> None:
    with early():
        program = waiting()
        program.send_signal(signal.SIGKILL)
        ended = await asyncio.to_thread(os.waitid, os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        async with DecodePool(LimitSettings(), workers=1) as pool:
            assert isinstance(await pool.decode(DecodeJob(pictures.jpeg())), Decoded)


async def test_one_that_ends_when_it_is_taken_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = launch.taken

    def taken_and_killed() -> Program | None:
        if (program := taken()) is not None:
            program.kill()
        return program

    monkeypatch.setattr(launch, "taken", taken_and_killed)
    with early():
        async with DecodePool(LimitSettings(), workers=1) as pool:
            assert isinstance(await pool.decode(DecodeJob(pictures.jpeg())), Decoded)


def test_there_is_none_where_descriptors_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.descriptors.available", lambda: 48)
    with early():
        assert launch._early == []


async def test_where_none_can_start_early_a_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "executable", "/nowhere/python")
        opened = early()
        opened.__enter__()
    assert launch._early == []
    async with DecodePool(LimitSettings(), workers=1) as pool:
        assert isinstance(await pool.decode(DecodeJob(pictures.jpeg())), Decoded)
    opened.__exit__(None, None, None)
