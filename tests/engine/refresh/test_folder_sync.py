"""File systems that can't fsync a folder (CIFS, FUSE, shared folders): the run goes on."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from imgcache.edge.cache.store import Store
from imgcache.edge.index.recovery import open_index
from imgcache.engine.run.listener import Listener
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.world import World


class Heard(Listener):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, message: str) -> None:
        self.warnings.append(message)

    failed = warned


def fail_for_folders(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    fsync = os.fsync

    def fail(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(file)

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
async def test_the_run_goes_on_and_says_so_once(
    world: World, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    entries = [
        world.entry(world.origin.route(f"/{number}.jpg", body=pictures.jpeg(160, 120, seed=number)))
        for number in range(3)
    ]
    for number, entry in enumerate(entries):
        world.article(entry, name=f"{number}/a.md")
    fail_for_folders(monkeypatch, code)
    heard = Heard()
    report = await world.refresh(listener=heard)
    assert [one.verdict for one in report.entries()] == [Verdict.OK] * 3
    assert (report.summary.articles_changed, list(report.article_errors())) == (3, [])
    assert not report.local_fault
    assert [one for one in heard.warnings if "fsync" in one] == heard.warnings
    assert len(heard.warnings) == 1
    again = Heard()
    report = await world.refresh(listener=again)
    assert (report.summary.fresh, report.summary.articles_changed) == (3, 0)
    assert again.warnings == []


async def test_a_lost_index_is_made_again_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    await world.refresh()
    for path in world.cache.glob("index.sqlite3*"):
        path.unlink()
    fail_for_folders(monkeypatch, errno.EINVAL)
    index, recovery = open_index(Store(world.cache))
    index.close()
    assert recovery is not None
    assert (recovery.listed, recovery.kept) == (1, 1)


async def test_another_failure_of_a_folder_is_this_machines_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    await world.refresh()
    world.article(world.entry(url))
    fail_for_folders(monkeypatch, errno.EIO)
    heard = Heard()
    assert (await world.refresh(listener=heard)).local_fault
    assert heard.warnings == []


async def test_an_article_that_was_written_is_told_as_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rename is done: an error after it says only what a power cut may undo."""
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    article, fsync = world.article(world.entry(url)), os.fsync

    def fail(file: int) -> None:
        if os.path.samestat(os.fstat(file), world.articles.stat()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(file)

    monkeypatch.setattr(os, "fsync", fail)
    report = await world.refresh(diff=True)
    (entry,) = report.entries()
    (problem,) = report.article_errors()
    assert "isCached: true" in article.read_text()
    assert (entry.verdict, entry.cached, report.summary.articles_changed) == (Verdict.OK, True, 1)
    assert problem.message.startswith("was written, but may not survive a power cut (Input/output")
    assert report.local_fault
    assert len(list(report.diffs())) == 1
