"""Facts that come faster than they are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from imgcache.edge.index.index import Index
from imgcache.engine.run.index_session import IndexSession
from imgcache.errors import LocalError
from imgcache.facts import UrlFacts

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
        assert session.most == 1
        names = ["0/0", "59/63"]
        found = await session.query(lambda index: index.spellings(names))
        assert found == dict.fromkeys(names, "http://a/")


class Slow(IndexSession):
    """An index whose commits wait until they may; it counts them."""

    commits = 0

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: Index.open(path))
        self.may_go_on = asyncio.Event()

    async def query(self, question: Callable[[Index], T]) -> T:
        self.commits += 1
        await self.may_go_on.wait()
        return await super().query(question)


async def test_what_comes_during_a_commit_is_one_more(tmp_path: Path) -> None:
    async with Slow(tmp_path / "index.sqlite3") as session:
        session.record(spellings={f"0/{one}": "http://a/" for one in range(64)})
        await asyncio.sleep(0)  # the first commit begins
        for batch in range(1, 9):
            session.record(spellings={f"{batch}/{one}": "http://a/" for one in range(64)})
        session.record(spellings={"last": "http://b/"})
        session.may_go_on.set()
        await session.flush()
        assert session.commits == 2
        found = await session.query(lambda index: index.spellings(["0/0", "8/63", "last"]))
        assert found == {"0/0": "http://a/", "8/63": "http://a/", "last": "http://b/"}


async def test_a_mistake_in_a_commit_that_nobody_waited_for_is_raised_by_the_flush(
    tmp_path: Path,
) -> None:
    """Else articles would be written that claim what was never committed."""
    session = Counting(lambda: Index.open(tmp_path / "index.sqlite3"))
    await session.__aenter__()
    session.record(spellings={f"\ud800{one}": "http://a/" for one in range(64)})
    await asyncio.sleep(0)  # the commit begins
    await session.query(lambda _: None)  # and ends before this
    await asyncio.sleep(0)
    with pytest.raises(UnicodeEncodeError):
        await session.flush()
    with pytest.raises(UnicodeEncodeError):
        await session.__aexit__()


async def test_what_is_not_committed_is_told_once_and_holds_up_nothing(tmp_path: Path) -> None:
    class Broken(Slow):
        """The first commit fails."""

        async def query(self, question: Callable[[Index], T]) -> T:
            if self.commits == 0:
                self.commits += 1
                raise LocalError("no room")
            return await super().query(question)

    async with Broken(tmp_path / "index.sqlite3") as session:
        session.may_go_on.set()
        session.record(urls=[UrlFacts("http://lost/", 1.0)])
        with pytest.raises(LocalError, match="no room"):
            await session.flush()
        assert session.lost == {"http://lost/"}
        session.record(urls=[UrlFacts("http://kept/", 1.0)])
        await session.flush()
        assert set(await session.query(lambda index: index.urls(["http://kept/"]))) == {
            "http://kept/"
        }
