"""A machine that can't do its part: few file descriptors, a disk that gives an article no more."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imgcache import Report, Settings, verify
from imgcache.cli.run import UNUSABLE, status
from imgcache.core.articles.entries import Article
from imgcache.core.articles.fences import NotAnArticle
from imgcache.edge.articles.files import Found
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.index.connection import sqlite_errors
from imgcache.edge.index.index import Index
from imgcache.engine.cache.check import check
from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.engine.run import articles
from imgcache.engine.run.listener import Listener
from imgcache.errors import ConfigError, LocalError
from imgcache.model import Failure, Verdict
from tests.support import behaviours, pictures
from tests.support.world import Finished, World

JPEG = pictures.jpeg(160, 120)
# Larger than what is kept in memory, so that each body is a file.
LARGE = JPEG + bytes(600_000)


async def limited(world: World, limit: str, command: str = "refresh") -> Finished:
    """Run the program with so many descriptors, on thirty articles of thirty hosts."""
    for host in range(30):
        urls = [f"http://h{host}.test:{world.origin.port}/{host}/{n}.jpg" for n in range(4)]
        for number in range(4):
            world.origin.route(f"/{host}/{number}.jpg", behaviours.answer(LARGE))
        world.article(*map(world.entry, urls), name=f"{host}.md")
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'{limit} && exec "$@"', "sh", sys.executable, "-m", "imgcache", command),
        *("articles", "--format", "json", "--resolve", f"*:{world.origin.port}:127.0.0.1"),
        cwd=world.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    return Finished(process.returncode or 0, stdout.decode(), stderr.decode())


@pytest.mark.parametrize("command", ["refresh", "verify"])
async def test_forty_eight_descriptors_are_enough(world: World, command: str) -> None:
    ran = await limited(world, "ulimit -n 48", command)
    assert (ran.status, ran.notes) == (0, "")
    assert ran.report["summary"]["verdicts"] == {"ok": 120}


async def test_a_soft_limit_is_raised(world: World) -> None:
    ran = await limited(world, "ulimit -S -n 24")
    assert (ran.status, ran.report["summary"]["verdicts"]) == (0, {"ok": 120})


async def test_too_few_descriptors_are_this_machines_fault(world: World) -> None:
    ran = await limited(world, "ulimit -n 16")
    assert ran.status == UNUSABLE
    verdicts = Counter(one["verdict"] for one in ran.report["entries"])
    assert set(verdicts) <= {"ok", "local-error"}


@pytest.mark.parametrize("command", ["refresh", "verify"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE, errno.ENFILE])
async def test_an_article_that_this_machine_can_not_read_ends_the_run_with_two(
    world: World, monkeypatch: pytest.MonkeyPatch, code: int, command: str
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url), name="good.md")
    broken, opened = world.article(world.entry(url), name="broken.md"), os.open

    def fails(path: str | Path, *args: Any, **options: Any) -> int:
        if path == broken:
            raise OSError(code, os.strerror(code))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", fails)
    report = await run(world, command)
    (problem,) = report.article_errors()
    assert problem.message.startswith(f"can't be read: {os.strerror(code)}; ")
    assert report.summary.verdicts == {Verdict.OK: 1}
    assert status(report) == UNUSABLE


async def test_an_article_that_can_not_be_read_at_first_is_no_silent_loss(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    failures, opened = [OSError(errno.EIO, os.strerror(errno.EIO))], os.open

    def fails_once(path: str | Path, *args: Any, **options: Any) -> int:
        if path == article and failures:
            raise failures.pop()
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", fails_once)
    report = await world.refresh()
    assert report.summary.verdicts == {Verdict.NOT_CHECKED: 1}
    assert status(report) == UNUSABLE


async def test_a_thumbnail_that_no_decoder_could_make_again_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    (thumbnail,) = (await world.only()).thumbnails
    (world.cache / thumbnail.path).unlink()

    async def fail(*_: object) -> Failure:
        return Failure(Verdict.LOCAL_ERROR, "a decoder could not start")

    with monkeypatch.context() as patched:
        patched.setattr(DecodePool, "decode", fail)
        report = await world.refresh()
    assert report.summary.verdicts == {Verdict.LOCAL_ERROR: 1}
    assert status(report) == UNUSABLE
    (again,) = (await world.only()).thumbnails
    assert (world.cache / again.path).exists()


async def run(world: World, command: str) -> Report:
    if command == "refresh":
        return await world.refresh()
    return await verify([world.articles], world.settings())


async def test_an_edit_that_can_not_be_noted_is_an_edit_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg())))

    def full(*_: object) -> None:
        raise LocalError("no space left")

    monkeypatch.setattr(DeclaredArticles, "put", full)
    report = await world.refresh()
    (entry,) = report.entries()
    (problem,) = report.article_errors()
    assert "was written" in problem.message
    assert "no space left" in problem.message
    assert "isCached: true" in article.read_text()
    assert (entry.cached, report.summary.articles_changed, report.local_fault) == (True, 1, True)


async def test_a_bug_of_ours_in_one_article_costs_that_one_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg())
    world.article(world.entry(url), name="a.md")
    world.article(world.entry(url), name="broken.md")
    parse = articles.parse

    def fails(found: Found, data: bytes, settings: Settings) -> Article | NotAnArticle:
        if found.path.name == "broken.md":
            raise RecursionError("too deep")
        return parse(found, data, settings)

    monkeypatch.setattr(articles, "parse", fails)
    report = await world.refresh()
    assert [entry.verdict for entry in report.entries()] == [Verdict.OK]
    (problem,) = report.article_errors()
    assert problem.article.endswith("broken.md")
    assert "RecursionError: too deep" in problem.message


async def test_facts_that_a_full_disk_refuses_are_no_ground_for_a_flag(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is there, no article is written, and the next run has all to do."""
    urls = [world.origin.route(f"/{n}.jpg", body=JPEG + bytes(n)) for n in range(3)]
    article = world.article(*map(world.entry, urls))
    before, record = article.read_bytes(), Index.record

    def fails(self: Index, *facts: Any) -> None:
        if facts[0]:
            with sqlite_errors(Path("index")):
                raise sqlite3.OperationalError("database or disk is full")
        record(self, *facts)

    monkeypatch.setattr(Index, "record", fails)
    report = await world.refresh()
    assert report.summary.verdicts == {Verdict.LOCAL_ERROR: 3}
    assert (status(report), report.summary.failed) == (UNUSABLE, 3)
    assert article.read_bytes() == before
    monkeypatch.setattr(Index, "record", record)
    for number in range(3):
        world.origin.route(f"/{number}.jpg", body=JPEG + b"new" + bytes(number))
    assert (await world.refresh()).summary.verdicts == {Verdict.OK: 3}
    assert article.read_text().count("isCached: true") == 3
    # The images of the first run, which no index knows, are gone.
    assert (await check(world.settings(), Listener())).strays.files == 0


@pytest.mark.parametrize("there", ['{"name": "My app", "icons": []}', "no JSON", "[]"])
async def test_a_manifest_of_somebody_else_is_not_replaced(world: World, there: str) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    world.cache.mkdir()
    manifest = world.cache / "manifest.json"
    manifest.write_text(there)
    with pytest.raises(ConfigError, match=r"manifest\.json is no manifest of imgcache"):
        await world.refresh()
    assert [one.name for one in world.cache.iterdir()] == ["manifest.json"]
    assert manifest.read_text() == there
    assert world.origin.requests == []


@pytest.mark.parametrize("lost", ["index.sqlite3", "manifest.json"])
async def test_its_own_cache_is_taken_whatever_is_lost(world: World, lost: str) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    (world.cache / lost).unlink()
    assert (await world.only()).verdict is Verdict.OK
