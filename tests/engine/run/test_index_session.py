"""Facts that come faster than they are committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from imgcache.edge.index.index import Index
from imgcache.engine.run.index_session import IndexSession

T = TypeVar("T")


class Counting(IndexSession):
    """Counts how much is asked of the index at once."""

    now = most = 0

    async def query(self, question: Callable[[Index], T]) -> T:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super().query(question)
        finally:
            self.now -= 1


async def test_who_keeps_up_leaves_few_batches_waiting(tmp_path: Path) -> None:
    async with Counting(lambda: Index.open(tmp_path / "index.sqlite3")) as session:
        for batch in range(60):
            await session.keep_up()
            session.record(spellings={f"{batch}/{one}": "http://a/" for one in range(64)})
        await session.flush()
        assert session.most < 12
        names = ["0/0", "59/63"]
        found = await session.query(lambda index: index.spellings(names))
        assert found == dict.fromkeys(names, "http://a/")
