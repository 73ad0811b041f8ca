"""What an ingester remembers of bytes that are no image."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from imgcache.config import Settings
from imgcache.edge.cache.store import Store
from imgcache.edge.decoder.pool import DecodeJob, DecodePool
from imgcache.engine.images import ingest
from imgcache.engine.images.ingest import Ingester
from imgcache.engine.run.fetch_tools import Room
from imgcache.model import Failure, Verdict
from tests.support.facts import response


class Refusing:
    """A pool for which nothing is an image."""

    def __init__(self) -> None:
        self.bodies: list[bytes | Path] = []

    async def decode(self, job: DecodeJob) -> Failure:
        self.bodies.append(job.body)
        return Failure(Verdict.NOT_AN_IMAGE, "it is none")


async def test_the_last_bodies_met_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_REFUSED", 2)
    store, pool = Store(tmp_path / "cache"), Refusing()
    store.prepare()
    ingester = Ingester(cast("DecodePool", pool), store, Settings(), cast("Room", None))
    for body in (b"a", b"b", b"a", b"c", b"a", b"b"):
        async with store.spool() as spool:
            await spool.write(body)
            told = await ingester.keep(spool, response())
            assert told == Failure(Verdict.NOT_AN_IMAGE, "it is none", bytes=1)
    assert pool.bodies == [b"a", b"b", b"c", b"b"]
