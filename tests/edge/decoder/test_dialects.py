"""Every dialect decoded whole, and thousands of damaged ones: a verdict each, and nothing worse."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from imgcache.config import LimitSettings, ThumbnailSettings
from imgcache.core.images.label import Label
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.model import CONTENT_VERDICTS, Failure, Verdict
from tests.dialects.every import ALL, BY_FORMAT
from tests.support.mutations import mutated

SMALL = (("small", ThumbnailSettings(width=32, height=32)),)
FILES = [dialect.data for dialect in ALL.values()]
ROUND = 500
LIMITS = LimitSettings(decode_memory=700 << 20, decode_time=5)


async def decoded(kind: str) -> dict[str, Decoded | Failure]:
    """All dialects of a format, decoded whole."""
    async with DecodePool(LimitSettings(), workers=1) as pool:
        return {
            name: await pool.decode(DecodeJob(one.data, Label(one.media_type), SMALL))
            for name, one in BY_FORMAT[kind].items()
        }


@pytest.mark.parametrize("kind", BY_FORMAT)
async def test_decoding_tells_the_size_and_verdict_of_the_table(kind: str) -> None:
    told = {
        name: (result.size, result.verdict if isinstance(result, Failure) else Verdict.OK)
        for name, result in (await decoded(kind)).items()
    }
    assert told == {name: (one.told, one.verdict) for name, one in BY_FORMAT[kind].items()}


@pytest.mark.parametrize("kind", BY_FORMAT)
async def test_a_thumbnail_lies_as_browsers_show_the_image(kind: str) -> None:
    for name, result in (await decoded(kind)).items():
        if isinstance(result, Decoded) and result.thumbnails:
            (made,) = result.thumbnails
            width, height = result.size
            assert (made.width > made.height) is (width > height), name
            assert (made.width < made.height) is (width < height), name


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n * ROUND, marks=pytest.mark.torture) for n in range(1, 20))]
)
async def test_damaged_images_get_a_verdict_and_nothing_grows(first: int) -> None:
    before = resident(os.getpid())
    async with DecodePool(LIMITS, workers=2) as pool:
        await asyncio.gather(*(check(pool, seed) for seed in range(first, first + ROUND)))
        for worker in pool._alive:
            assert resident(worker._program.pid) < LIMITS.decode_memory
    assert resident(os.getpid()) - before < 64 << 20


async def check(pool: DecodePool, seed: int) -> None:
    """One damaged image: its seed is in the message of whatever fails."""
    label = Label("image/svg+xml" if seed % 4 == 0 else None)
    job = DecodeJob(mutated(FILES, seed), label, SMALL)
    result = await pool.decode(job)
    if isinstance(result, Decoded):
        assert min(result.size) >= 0, seed
        return
    assert result.verdict in CONTENT_VERDICTS, (seed, result)
    # What a walker stumbles over is caught in the worker; still it is a mistake of ours.
    assert "makes no sense" not in result.detail, (seed, result)
    assert min(result.size or (0,)) >= 0, (seed, result)


def resident(process: int) -> int:
    """The bytes that a process has in memory now; 0 where nobody tells."""
    statm = Path(f"/proc/{process}/statm")
    return int(statm.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0
