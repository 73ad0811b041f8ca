"""Refreshes of a machine without network: they ask, hear nothing, and leave the articles alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imgcache import RefreshOptions, refresh
from imgcache.cli.run import UNUSABLE, status
from imgcache.core.cache.plan import Scope
from imgcache.edge.index.index import Index
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.model import Failure, Source, Verdict
from tests.support import behaviours, pictures
from tests.support.origin import Origin
from tests.support.world import World, flags, run

JPEG = pictures.jpeg(160, 120)


class Errors(Listener):
    """Keeps what went wrong on this machine."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def failed(self, message: str) -> None:
        self.heard.append(message)


async def alone(world: World, **options: object) -> tuple[Report, list[str]]:
    """A refresh, and what it told of this machine."""
    errors = Errors()
    chosen = RefreshOptions(**options)  # type: ignore[arg-type]
    return await refresh([world.articles], world.settings(), chosen, errors), errors.heard


async def silent_url(path: str = "/a.jpg") -> str:
    """A URL of this machine on which nothing listens."""
    async with Origin() as gone:
        return gone.url(path)


def let_through(world: World) -> None:
    world.extra = {"fetch": {"allow_private": ["127.0.0.1"]}}


def failures(world: World) -> list[str]:
    with Index.open_readonly(world.cache / "index.sqlite3") as index:
        hrefs = [f"http://127.0.0.1:{world.origin.port}/a.jpg"]
        return [str(one.failure) for one in index.urls(hrefs).values() if one.failure]


async def test_a_fresh_clone_without_network_keeps_its_flags(world: World) -> None:
    let_through(world)
    paths = [
        world.article(world.entry(await silent_url(), cached="true"), name=f"{number}.md")
        for number in range(3)
    ]
    before = [path.read_bytes() for path in paths]
    report, heard = await alone(world)
    assert [path.read_bytes() for path in paths] == before
    assert not (world.cache / "manifest.json").exists()
    assert status(report) == UNUSABLE
    (line,) = heard
    assert "offline" in line
    assert "no article" in line


async def test_the_report_lists_what_would_be_written(world: World) -> None:
    let_through(world)
    world.article(world.entry(await silent_url(), cached="true"))
    report, _ = await alone(world, diff=True)
    entries = list(report.entries())
    assert [entry.verdict for entry in entries] == [Verdict.CONNECT_ERROR]
    assert flags(entries) == [False]
    assert (report.dry_run, report.summary.articles_changed) == (True, 1)
    assert "+" in next(report.diffs()).diff


@pytest.mark.parametrize("scope", [Scope.DUE, Scope.EVERYTHING])
async def test_copies_that_need_no_request_are_no_answer(world: World, scope: Scope) -> None:
    let_through(world)
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url))
    await world.refresh()
    article.write_text(article.read_text().replace("true", "false"))
    text = article.read_text()
    if scope is Scope.DUE:
        world.article(world.entry(await silent_url("/b.jpg")), name="b.md")
    await world.origin.__aexit__()
    report, heard = await alone(world, scope=scope)
    assert article.read_text() == text
    assert len(heard) == 1
    source = next(report.entries()).source
    assert source is (Source.FRESH if scope is Scope.DUE else Source.STALE)


async def test_a_run_that_asks_nobody_writes_as_ever(world: World) -> None:
    let_through(world)
    article = world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    article.write_text(article.read_text().replace("true", "false"))
    await world.origin.__aexit__()
    report, heard = await alone(world)
    assert "isCached: true" in article.read_text()
    assert (status(report), heard) == (0, [])


@pytest.mark.parametrize("code", [200, 404, 503])
async def test_one_answer_of_one_host_is_enough(world: World, code: int) -> None:
    let_through(world)
    answered = world.origin.route("/a.jpg", body=JPEG, status=code)
    article = world.article(
        world.entry(await silent_url(), cached="true"), world.entry(answered, cached="true")
    )
    report, heard = await alone(world)
    assert article.read_text().count("isCached: false") == (1 if code == 200 else 2)
    assert (report.local_fault, heard) == (False, [])


async def test_a_redirect_to_a_dead_host_is_an_answer(world: World) -> None:
    let_through(world)
    url = world.origin.route("/a.jpg", behaviours.redirect(await silent_url()))
    article = world.article(world.entry(url, cached="true"))
    _, heard = await alone(world)
    assert "isCached: false" in article.read_text()
    assert heard == []


async def test_failures_of_such_a_run_are_not_remembered(world: World) -> None:
    let_through(world)
    url = world.origin.url("/a.jpg")
    world.article(world.entry(url))
    await world.origin.__aexit__()
    await alone(world)
    assert failures(world) == []
    async with Origin() as other:
        other.route("/b.jpg", body=JPEG)
        world.article(world.entry(url), world.entry(other.url("/b.jpg")))
        await alone(world)
    assert len(failures(world)) == 1


async def test_a_host_that_is_given_up_does_not_hide_the_silence(world: World) -> None:
    let_through(world)
    world.extra["fetch"] |= {"attempts": 1, "breaker_failures": 2}
    base = await silent_url("")
    world.article(*(world.entry(f"{base}/{number}.jpg", cached="true") for number in range(6)))
    report, heard = await alone(world, write=False)
    assert (len(heard), status(report)) == (1, UNUSABLE)
    assert {entry.verdict for entry in report.entries()} == {Verdict.CONNECT_ERROR}
    report, heard = await alone(world, scope=Scope.FAILED)
    assert heard == []


async def test_an_interrupted_run_without_an_answer_writes_nothing_either(world: World) -> None:
    let_through(world)
    waiting = world.origin.route("/a.jpg", behaviours.stall())
    refused = await silent_url("/b.jpg")
    refused = refused.replace("127.0.0.1", "localhost")
    article = world.article(*(world.entry(url, cached="true") for url in (waiting, refused)))
    interrupt = asyncio.Event()

    class Interrupting(Errors):
        def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
            assert (url, source, failure is None) == (refused, None, False)
            interrupt.set()

    await refresh([world.articles], world.settings(), None, Interrupting(), interrupt)
    assert article.read_text().count("isCached: true") == 2


async def test_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    world = World(tmp_path, Origin())
    article = world.article(world.entry("https://img.invalid/a.jpg", cached="true"))
    words = ("--quiet", "--resolve", "img.invalid:443:127.0.0.1:9")
    ended = await run("refresh", *words, cwd=tmp_path)
    assert ended.status == UNUSABLE
    assert len(ended.stderr.splitlines()) == 1
    assert "1 host was asked" in ended.stderr
    assert "1 article would change" in ended.stdout
    assert "isCached: true" in article.read_text()


async def test_a_host_that_was_dead_before_is_no_missing_network(world: World) -> None:
    let_through(world)
    dead, url = await silent_url(), world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(dead, cached="true"), world.entry(url))
    await alone(world)
    late = world.article(world.entry(url), name="late.md")
    report, heard = await alone(world)
    assert heard == []
    assert (report.local_fault, report.dry_run) == (False, False)
    assert "isCached: true" in late.read_text()
