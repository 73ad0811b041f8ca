"""What a refresh keeps for the next one: nothing that has not changed is read again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imgcache import refresh, verify
from imgcache.core.cache.layout import CATALOG, INDEX
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.model import Verdict
from imgcache.results import EntryResult
from tests.support import pictures
from tests.support.opened import names, opened_files
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)


class Heard(Listener):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
async def site(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three articles with sound flags, that were written long ago; two runs have seen them."""
    monkeypatch.setattr("imgcache.edge.safe_fs._COARSEST", 0)
    for number in range(3):
        url = world.origin.route(f"/{number}.jpg", body=pictures.jpeg(160, 120, seed=number))
        world.article(world.entry(url), name=f"{number}.md")
    await world.refresh()
    await world.refresh()
    return world


async def offline(world: World) -> list[EntryResult]:
    report = await verify([world.articles], world.settings(), VerifyOptions(Depth.OFFLINE))
    return list(report.entries())


async def test_articles_that_have_not_changed_are_not_opened(site: World) -> None:
    with opened_files() as opened:
        report = await site.refresh()
    assert names(opened, ".md") == names(opened, ".jpg") == []
    assert (report.summary.entries, report.summary.fresh) == (3, 3)
    with opened_files() as opened:
        assert [one.verdict for one in await offline(site)] == [Verdict.OK] * 3
    assert names(opened, ".md") == []


async def test_only_what_has_changed_is_read(site: World) -> None:
    path = site.articles / "1.md"
    path.write_bytes(path.read_bytes() + b"more\n")
    with opened_files() as opened:
        await site.refresh()
    assert set(names(opened, ".md")) == {"1.md"}


async def test_a_touched_article_is_read_once_and_its_results_stand(site: World) -> None:
    before = (site.cache / CATALOG).read_bytes()
    os.utime(site.articles / "1.md")
    await site.refresh()
    await site.refresh()  # if the first one began in the same tick of the clock
    with opened_files() as opened:
        await site.refresh()
    assert names(opened, ".md") == []
    assert (site.cache / CATALOG).read_bytes() != before


async def test_an_edit_with_the_old_size_and_time_is_seen(site: World) -> None:
    path = site.articles / "1.md"
    status = path.stat()
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"width: 160", b"width: 161"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [one.verdict for one in await offline(site)].count(Verdict.DIMENSIONS_SCALED) == 1


async def test_an_article_is_not_trusted_as_long_as_its_next_change_might_not_show(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgcache.edge.safe_fs._COARSEST", 10**15)
    path = site.articles / "1.md"
    path.write_bytes(path.read_bytes() + b"more\n")
    await site.refresh()
    with opened_files() as opened:
        await site.refresh()
    assert names(opened, ".md") == ["1.md"]


async def test_a_verdict_follows_the_facts(site: World) -> None:
    (copy,) = [one.path for one in await offline(site) if one.article.endswith("1.md")]
    assert copy is not None
    (site.cache / copy).unlink()
    verdicts = [one.verdict for one in await offline(site)]
    assert verdicts == [Verdict.OK, Verdict.NOT_CACHED, Verdict.OK]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def _text(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


@pytest.mark.parametrize("damage", [_flip, _cut, _text])
async def test_a_damaged_catalog_is_made_again_and_told_in_one_line(
    site: World, damage: Callable[[Path], None]
) -> None:
    damage(site.cache / CATALOG)
    assert [one.verdict for one in await offline(site)] == [Verdict.OK] * 3
    heard = Heard()
    report = await site.refresh(listener=heard)
    assert heard.warnings == ["the kept catalog was damaged, and is made again"]
    assert [one.verdict for one in report.entries()] == [Verdict.OK] * 3
    again = Heard()
    await site.refresh(listener=again)
    assert again.warnings == []


async def test_a_catalog_of_another_version_is_made_again(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgcache.edge.catalog.kept.code", lambda: "another version")
    heard = Heard()
    await site.refresh(listener=heard)
    assert heard.warnings == ["the kept catalog is of another version, and is made again"]


async def test_a_catalog_that_is_gone_is_made_again_without_a_word(site: World) -> None:
    (site.cache / CATALOG).unlink()
    heard = Heard()
    await site.refresh(listener=heard)
    assert heard.warnings == []
    assert (site.cache / CATALOG).exists()


async def test_an_old_index_is_migrated_and_keeps_its_facts(site: World) -> None:
    with closing(sqlite3.connect(site.cache / INDEX, isolation_level=None)) as connection:
        connection.executescript(
            "DROP INDEX urls_by_change; ALTER TABLE urls DROP COLUMN changed;"
            "DROP TABLE sessions; DROP TABLE catalog;"
            "ALTER TABLE images DROP COLUMN hashed; ALTER TABLE images DROP COLUMN has_position;"
            "ALTER TABLE images DROP COLUMN animated; ALTER TABLE images DROP COLUMN alpha;"
            "ALTER TABLE images DROP COLUMN placeholder; ALTER TABLE images DROP COLUMN dhash;"
            "DROP INDEX urls_with_earlier; ALTER TABLE urls DROP COLUMN earlier;"
            "ALTER TABLE urls DROP COLUMN answered_by; ALTER TABLE urls DROP COLUMN redirected;"
            "PRAGMA user_version = 2"
        )
    asked = len(site.origin.requests)
    report = await site.refresh()
    assert (report.summary.fresh, len(site.origin.requests)) == (3, asked)
    assert [one.verdict for one in await offline(site)] == [Verdict.OK] * 3


@pytest.mark.parametrize("settings", [{}, {"thumbnails": {}}])
async def test_what_older_versions_did_not_ask_of_the_pixels_is_told_by_the_kept_copies(
    site: World, settings: dict[str, Any]
) -> None:
    site.extra |= settings
    await site.refresh()
    looks = seen(site)
    assert all(animated == 0 and alpha == 0 for animated, alpha, *_ in looks)
    assert all(placeholder and dhash for *_, placeholder, dhash in looks)
    with closing(sqlite3.connect(site.cache / INDEX, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE images SET animated = NULL, alpha = NULL, placeholder = '', dhash = ''"
        )
    asked = len(site.origin.requests)
    await site.refresh()
    assert (seen(site), len(site.origin.requests)) == (looks, asked)


def seen(site: World) -> list[tuple[Any, ...]]:
    """What the index has from the pixels of each image."""
    with closing(sqlite3.connect(site.cache / INDEX)) as connection:
        query = "SELECT animated, alpha, placeholder, dhash FROM images ORDER BY sha256"
        return connection.execute(query).fetchall()


async def test_what_is_a_placeholder_depends_on_the_articles_of_the_run(world: World) -> None:
    urls = [world.origin.route(f"/{number}.jpg", body=JPEG) for number in range(3)]
    for number, url in enumerate(urls):
        world.article(world.entry(url, 300 + number, 100), name=f"{number}.md")
    for _ in range(2):
        report = await world.refresh()
        assert [one.verdict for one in report.entries()] == [Verdict.PLACEHOLDER] * 3
    (alone,) = (await refresh([world.articles / "1.md"], world.settings())).entries()
    assert alone.verdict is Verdict.DIMENSIONS_MISMATCH
    report = await world.refresh()
    assert [one.verdict for one in report.entries()] == [Verdict.PLACEHOLDER] * 3


@pytest.mark.parametrize(
    "names",
    [
        ["m", *(f"{900 - number}" for number in range(40))],
        ["a", "z", "p-1", "p-2", *(f"p-1{number:02}" for number in range(40))],
        ["a", "z", *(f"n{number:02}" for number in range(40, 0, -1))],
    ],
)
async def test_there_is_always_room_for_one_more_article(
    world: World, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.setattr("imgcache.edge.catalog.articles._GAP", 1 << 6)
    monkeypatch.setattr("imgcache.edge.catalog.articles._STEP", 1 << 2)
    url = world.origin.route("/a.jpg", body=JPEG)
    for count, name in enumerate(names, start=1):
        world.article(world.entry(url), name=f"{name}.md")
        report = await world.refresh()
        articles = [one.article for one in report.entries()]
        assert len(articles) == count
        assert articles == sorted(articles)
    assert len(await offline(world)) == len(names)


async def test_a_run_of_one_article_keeps_the_others(site: World) -> None:
    for number in range(3, 12):
        url = site.origin.route(f"/{number}.jpg", body=pictures.jpeg(160, 120, seed=number))
        site.article(site.entry(url), name=f"{number}.md")
    await site.refresh()
    await site.refresh()
    path = site.articles / "1.md"
    path.write_bytes(path.read_bytes() + b"more\n")
    report = await refresh([path], site.settings())
    assert report.summary.entries == 1
    with opened_files() as opened:
        report = await site.refresh()
    assert set(names(opened, ".md")) <= {"1.md"}
    assert report.summary.entries == 12
