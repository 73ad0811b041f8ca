"""Another picture at a URL is told for a while; the flag stays, and so does the earlier copy."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from imgcache import verify
from imgcache.cache_results import Explanation
from imgcache.core.cache.layout import INDEX, image_path
from imgcache.core.cache.plan import Scope
from imgcache.engine.cache.gc import collect_garbage
from imgcache.engine.explain import explain
from imgcache.engine.known_url import known_url
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.model import Format, Severity, Verdict
from imgcache.render.explain import as_json, as_text
from imgcache.results import EntryResult
from tests.support import pictures
from tests.support.world import World

BEFORE = pictures.jpeg(160, 120, seed=1)
SAME = pictures.jpeg(160, 120, seed=1, quality=40)
OTHER = pictures.jpeg(160, 120, seed=2)
FORCED: dict[str, Any] = {"scope": Scope.EVERYTHING}
DAY = 86_400


@pytest.fixture
async def url(world: World) -> str:
    """Of a picture that was fetched once."""
    url = world.origin.route("/a.jpg", body=BEFORE)
    world.article(world.entry(url))
    assert (await world.only()).verdict is Verdict.OK
    return url


async def checked(world: World, depth: Depth) -> EntryResult:
    report = await verify([world.articles], world.settings(), VerifyOptions(depth))
    (entry,) = report.entries()
    return entry


def years_pass(world: World, seconds: float) -> None:
    """All of the history is so much older."""
    with closing(sqlite3.connect(world.cache / INDEX, isolation_level=None)) as connection:
        for href, text in connection.execute("SELECT url, earlier FROM urls").fetchall():
            older = [(sha256, dhash, at - seconds) for sha256, dhash, at in json.loads(text)]
            query = "UPDATE urls SET earlier = ?, changed = changed + 1 WHERE url = ?"
            connection.execute(query, (json.dumps(older), href))
        connection.execute("UPDATE sessions SET changed = changed + 1")


async def test_the_same_picture_in_other_bytes_is_well(world: World, url: str) -> None:
    world.origin.route("/a.jpg", body=SAME)
    assert (await world.only(**FORCED)).verdict is Verdict.OK


async def test_another_picture_is_a_warning_and_blocks_nothing(world: World, url: str) -> None:
    world.origin.route("/a.jpg", body=OTHER)
    entry = await world.only(**FORCED)
    assert (entry.verdict, entry.severity, entry.cached) == (
        Verdict.REPLACED,
        Severity.WARNING,
        True,
    )
    assert "isCached: true" in (world.articles / "a.md").read_text()
    for later in (
        await world.only(),
        await checked(world, Depth.OFFLINE),
        await checked(world, Depth.FULL),
    ):
        assert (later.verdict, later.message) == (Verdict.REPLACED, entry.message)


async def test_a_full_look_compares_and_a_probe_of_the_beginning_does_not(
    world: World, url: str
) -> None:
    world.origin.route("/a.jpg", body=pictures.saved(pictures.photo(160, 120, seed=2), "BMP"))
    assert (await checked(world, Depth.FULL)).verdict is Verdict.REPLACED
    assert (await checked(world, Depth.PROBE)).verdict is Verdict.OK
    assert (await checked(world, Depth.OFFLINE)).verdict is Verdict.OK


async def test_after_a_while_it_is_well_again(world: World, url: str) -> None:
    world.origin.route("/a.jpg", body=OTHER)
    await world.only(**FORCED)
    years_pass(world, 8 * DAY)
    assert (await checked(world, Depth.OFFLINE)).verdict is Verdict.OK
    assert (await world.only()).verdict is Verdict.OK


async def test_a_kept_result_ends_with_its_time(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.extra["drift"] = {"remember": "1h"}
    world.origin.route("/a.jpg", body=OTHER)
    assert (await world.only(**FORCED)).verdict is Verdict.REPLACED
    assert (await world.only()).verdict is Verdict.REPLACED
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert (await checked(world, Depth.OFFLINE)).verdict is Verdict.OK


async def test_settings_judge_again_what_is_kept(world: World, url: str) -> None:
    world.origin.route("/a.jpg", body=OTHER)
    assert (await world.only(**FORCED)).verdict is Verdict.REPLACED
    world.extra["drift"] = {"distance": 64}
    assert (await checked(world, Depth.OFFLINE)).verdict is Verdict.OK
    assert (await world.only()).verdict is Verdict.OK
    world.extra["drift"] = {"distance": 0}
    world.origin.route("/a.jpg", body=pictures.jpeg(160, 120, seed=3))
    assert (await world.only(**FORCED)).verdict is Verdict.REPLACED


async def test_failures_and_confirmations_forget_nothing(world: World, url: str) -> None:
    world.origin.route("/a.jpg", body=OTHER)
    told = (await world.only(**FORCED)).message
    world.origin.route("/a.jpg", status=404)
    assert (await world.only(**FORCED)).verdict is Verdict.GONE
    world.origin.route("/a.jpg", body=OTHER)
    entry = await world.only(**FORCED)
    assert (entry.verdict, entry.message) == (Verdict.REPLACED, told)


async def test_the_earlier_copy_stays_as_long_as_it_is_told(world: World, url: str) -> None:
    earlier = (await world.only()).path or ""
    world.origin.route("/a.jpg", body=OTHER)
    await world.only(**FORCED)
    world.extra["articles"] = [str(world.articles)]
    await collect_garbage(world.settings(), Listener())
    assert (world.cache / earlier).exists()
    years_pass(world, 8 * DAY)
    await collect_garbage(world.settings(), Listener(), age=9 * DAY)
    assert (world.cache / earlier).exists()
    os.utime(world.cache / earlier, (0, 0))
    await collect_garbage(world.settings(), Listener(), age=8.5 * DAY)
    assert (world.cache / earlier).exists()
    await collect_garbage(world.settings(), Listener())
    assert not (world.cache / earlier).exists()
    assert (await checked(world, Depth.OFFLINE)).verdict is Verdict.OK


async def test_explain_tells_of_the_earlier_copy(world: World, url: str) -> None:
    before = await world.only()
    world.origin.route("/a.jpg", body=SAME)
    await world.only(**FORCED)
    world.origin.route("/a.jpg", body=OTHER)
    await world.only(**FORCED)
    known = await known_url(url, world.settings())
    assert known is not None
    assert [one.is_another for one in known.earlier] == [True, False]
    told = "".join(as_text(Explanation(url, known=known)))
    assert " another picture (" in told
    assert " the same picture in other bytes (" in told
    assert image_path(before.sha256 or "", Format.JPEG) in told


async def test_the_last_word_of_explain_is_that_of_an_offline_run(world: World, url: str) -> None:
    """One answer does not tell that it is another picture than before."""
    world.origin.route("/a.jpg", body=OTHER)
    found = await world.only(**FORCED)
    assert found.verdict is Verdict.REPLACED
    world.extra["articles"] = [str(world.articles)]
    explanation = await explain(url, world.settings())
    explanation.known = await known_url(url, world.settings())
    last = "".join(as_text(explanation)).splitlines()[-1]
    assert last == f"imgcache verify --offline says: replaced (IMG309): {found.message}"
    worst = json.loads("".join(as_json(explanation)))["known"]["worst"]
    assert (worst["article"], worst["line"], worst["column"]) == (
        found.article,
        found.line,
        found.column,
    )
    assert (worst["verdict"], worst["severity"]) == ("replaced", "warning")
