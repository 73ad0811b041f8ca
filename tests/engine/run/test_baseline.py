"""Runs against a baseline: what is listed does not fail them, what is new or past is told."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from imgcache import ImgcacheError, RefreshOptions, Report, refresh, verify
from imgcache.engine.run.baseline import BaselineOptions
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.errors import ConfigError
from imgcache.model import Severity, Verdict
from tests.support import behaviours, pictures
from tests.support.world import World

LONG_AGO, FAR = "2020-01-31", "2999-12-31"


class Notes(Listener):
    def __init__(self) -> None:
        self.told: list[str] = []

    def warned(self, message: str) -> None:
        self.told.append(message)


def write(world: World, *findings: dict[str, Any], name: str = "known.json") -> Path:
    path = world.folder / name
    path.write_text(json.dumps({"schema": 1, "findings": findings}))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["findings"]
    return found


async def look(
    world: World, path: Path, *articles: Path, renew: bool = False, depth: Depth = Depth.PROBE
) -> tuple[Report, list[str]]:
    notes = Notes()
    inquiry = VerifyOptions(depth, baseline=BaselineOptions(path, renew))
    report = await verify(articles or [world.articles], world.settings(), inquiry, notes)
    return report, notes.told


@pytest.fixture
def gone(world: World) -> str:
    return world.origin.route("/gone.jpg", status=404)


@pytest.fixture
def good(world: World) -> str:
    return world.origin.route("/good.jpg", behaviours.ranged(pictures.jpeg(160, 120)))


def listed(url: str, verdict: str = "gone", **more: Any) -> dict[str, Any]:
    return {"article": "articles/a.md", "verdict": verdict, "url": url} | more


async def test_a_listed_finding_weighs_nothing_wherever_its_line_has_moved(
    world: World, gone: str, good: str
) -> None:
    world.article(world.entry(good), world.entry(gone))
    report, told = await look(world, write(world, listed(gone)))
    ok, known = report.entries()
    assert (ok.verdict, ok.severity) == (Verdict.OK, None)
    assert (known.verdict, known.severity, known.known) == (
        Verdict.GONE,
        Severity.IGNORE,
        True,
    )
    assert known.message is not None
    assert list(report.findings()) == []
    assert (report.summary.errors, report.summary.verdicts[Verdict.GONE]) == (0, 1)
    assert (report.known, told) == (1, [])


@pytest.mark.parametrize(
    "line",
    [
        {"verdict": "blocked"},
        {"url": "https://other.test/x.jpg"},
        {"article": "articles/b.md"},
        {"expires": LONG_AGO},
    ],
)
async def test_another_finding_is_not_covered(
    world: World, gone: str, line: dict[str, Any]
) -> None:
    world.article(world.entry(gone))
    report, _ = await look(world, write(world, listed(gone) | line))
    assert (report.summary.errors, report.known) == (1, 0)


async def test_an_entry_more_than_listed_is_new(world: World, gone: str) -> None:
    world.article(*[world.entry(gone)] * 3)
    report, _ = await look(world, write(world, listed(gone, count=2)))
    assert [one.severity for one in report.entries()] == [
        Severity.IGNORE,
        Severity.IGNORE,
        Severity.ERROR,
    ]


async def test_one_days_timeout_is_another_days_refusal(world: World) -> None:
    url = world.origin.route("/down.jpg", status=503)
    world.article(world.entry(url))
    report, told = await look(world, write(world, listed(url, "timeout")))
    assert (report.summary.errors, report.known, told) == (0, 1, [])


async def test_what_no_longer_occurs_is_told(world: World, gone: str, good: str) -> None:
    world.article(world.entry(good), world.entry(gone))
    path = write(
        world,
        listed(good, "dimensions-swapped"),
        listed(gone, count=2),
        {"article": "articles/removed.md", "verdict": "gone", "url": gone},
    )
    report, (told,) = await look(world, path)
    assert report.summary.errors == 0
    assert "3 entries no longer occur" in told
    assert f"articles/a.md dimensions-swapped {good}" in told
    assert "articles/removed.md" in told
    assert "--update-baseline" in told


async def test_what_this_run_could_not_see_has_not_vanished(
    world: World, gone: str, good: str
) -> None:
    world.article(world.entry(good))
    world.article(world.entry(gone), name="b.md")
    path = write(
        world, listed(good, "corrupt"), {"article": "articles/b.md", "verdict": "gone", "url": gone}
    )
    _, told = await look(world, path, world.articles / "a.md")
    assert told == []
    _, (told_now,) = await look(world, path, world.articles / "a.md", depth=Depth.FULL)
    assert "1 entry no longer occurs" in told_now
    (world.articles / "b.md").write_text("---\nimages: [\n---\n")
    _, told = await look(world, path)
    assert told == []


async def test_what_was_not_reached_keeps_its_line(world: World, gone: str) -> None:
    world.article(world.entry(gone))
    path = write(world, listed(gone, reason="known"))
    interrupt = asyncio.Event()
    interrupt.set()
    for renew in (False, True):
        notes, inquiry = Notes(), VerifyOptions(baseline=BaselineOptions(path, renew))
        report = await verify([world.articles], world.settings(), inquiry, notes, interrupt)
        assert report.summary.verdicts == {Verdict.NOT_CHECKED: 1}
        assert (lines(path), notes.told) == ([listed(gone, reason="known")], [])


async def test_an_expired_line_that_still_occurs_is_told(world: World, gone: str) -> None:
    world.article(world.entry(gone))
    _, (told,) = await look(world, write(world, listed(gone, expires=LONG_AGO)))
    assert "1 entry has expired and occurs still" in told


async def test_an_update_lists_what_is_found_and_the_next_run_is_clean(
    world: World, gone: str, good: str
) -> None:
    world.article(world.entry(good, 1, 2), world.entry(gone), world.entry(gone))
    path = world.folder / "known.json"
    report, told = await look(world, path, renew=True)
    assert (report.summary.errors, report.known, told) == (0, 3, [])
    assert lines(path) == [
        listed(gone, count=2),
        listed(good, "dimensions-mismatch"),
    ]
    report, told = await look(world, path)
    assert (report.summary.errors, report.known, told) == (0, 3, [])


async def test_an_update_keeps_reasons_and_what_it_did_not_look_at(
    world: World, gone: str, good: str
) -> None:
    world.article(world.entry(good), world.entry(gone), world.entry("ftp://a.test/"))
    world.article(world.entry(gone), name="b.md")
    other = {"article": "articles/b.md", "verdict": "gone", "url": gone, "reason": "b"}
    path = write(
        world,
        listed(gone, expires=FAR, reason="asked the owner"),
        listed("ftp://a.test/", "unsupported-url", reason="old"),
        listed(good, "dimensions-swapped"),
        listed(good, "corrupt"),
        other,
    )
    await look(world, path, world.articles / "a.md", renew=True)
    assert lines(path) == [
        listed("ftp://a.test/", "unsupported-url", reason="old"),
        listed(gone, expires=FAR, reason="asked the owner"),
        listed(good, "corrupt"),
        other,
    ]


async def test_a_host_that_is_down_hides_what_is_listed_of_its_images(
    world: World, good: str
) -> None:
    world.article(world.entry(good, 1, 2))
    path = write(world, listed(good, "dimensions-mismatch", reason="known"))
    world.origin.route("/good.jpg", status=503)
    report, told = await look(world, path)
    assert (report.summary.errors, told) == (1, [])
    await look(world, path, renew=True)
    world.origin.route("/good.jpg", behaviours.ranged(pictures.jpeg(160, 120)))
    report, (told_now,) = await look(world, path)
    assert (report.summary.errors, report.known) == (0, 1)
    assert "1 entry no longer occurs: articles/a.md server-error" in told_now


@pytest.mark.parametrize(
    "settings", [{"severity": {"gone": "ignore"}}, {"exclude": ["*/gone.jpg"]}]
)
async def test_what_is_ignored_or_excluded_keeps_its_line(
    world: World, gone: str, settings: dict[str, Any]
) -> None:
    world.article(world.entry(gone))
    world.extra = settings
    path = write(world, listed(gone))
    for renew in (False, True):
        report, told = await look(world, path, renew=renew)
        assert (report.summary.errors, told, lines(path)) == (0, [], [listed(gone)])


async def test_several_lines_of_one_finding_are_held_against_their_sum(
    world: World, gone: str
) -> None:
    world.article(world.entry(gone))
    world.article(name="b.md")
    other = {"article": "articles/b.md", "url": gone}
    kept = [
        other | {"verdict": "server-error", "reason": "two"},
        other | {"verdict": "timeout", "reason": "one", "expires": FAR},
    ]
    path = write(world, *kept, listed(gone, reason="a"), listed(gone, reason="b"))
    _, (told,) = await look(world, path, world.articles / "a.md")
    assert "1 entry no longer occurs" in told
    await look(world, path, world.articles / "a.md", renew=True)
    assert lines(path) == [listed(gone, reason="a"), *kept]


async def test_an_update_does_not_take_up_what_has_expired(world: World, gone: str) -> None:
    world.article(world.entry(gone))
    path = write(world, listed(gone, expires=LONG_AGO))
    report, (told,) = await look(world, path, renew=True)
    assert report.summary.errors == 1
    assert "has expired and occurs still" in told
    assert lines(path) == [listed(gone, expires=LONG_AGO)]


async def test_one_more_of_a_finding_is_taken_up_in_its_line(world: World, gone: str) -> None:
    world.article(world.entry(gone), world.entry(gone))
    path = write(world, listed(gone, reason="a"))
    await look(world, path, renew=True)
    assert lines(path) == [listed(gone, count=2, reason="a")]


async def test_links_lead_to_the_same_lines(world: World, gone: str) -> None:
    world.article(world.entry(gone))
    write(world, listed(gone))
    (world.folder / "link").symlink_to(world.folder)
    (world.folder / "content").symlink_to(world.articles)
    for path, articles in (("link/known.json", "articles"), ("known.json", "content")):
        report, told = await look(world, world.folder / path, world.folder / articles)
        assert (report.summary.errors, report.known, told) == (0, 1, [])


async def test_paths_are_those_seen_from_the_baselines_folder(
    world: World, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.article(world.entry(gone))
    (world.folder / "ci").mkdir()
    write(world, listed(gone) | {"article": "../articles/a.md"}, name="ci/known.json")
    seen_from = {".": "ci/known.json", "ci": "known.json", "articles": "../ci/known.json"}
    for folder, path in seen_from.items():
        monkeypatch.chdir(world.folder / folder)
        report, told = await look(world, Path(path))
        assert (report.summary.errors, report.known, told) == (0, 1, [])


async def test_a_refresh_heeds_it_and_writes_the_same_flag(world: World, gone: str) -> None:
    article = world.article(world.entry(gone, cached="true"))
    notes = Notes()
    path = write(world, listed(gone), listed("https://a.test/past.jpg"))
    options = RefreshOptions(baseline=BaselineOptions(path))
    report = await refresh([world.articles], world.settings(), options, notes)
    assert (report.summary.errors, report.known) == (0, 1)
    assert "isCached: false" in article.read_text()
    assert "1 entry no longer occurs" in notes.told[0]
    assert len(lines(path)) == 2


@pytest.mark.parametrize("renew", [False, True])
async def test_a_file_that_is_no_baseline_is_never_overwritten(world: World, renew: bool) -> None:
    path = world.folder / "known.json"
    path.write_text('{"scripts": {}}')
    with pytest.raises(ImgcacheError, match=r"known\.json"):
        await look(world, path, renew=renew)
    assert path.read_text() == '{"scripts": {}}'


async def test_a_missing_file_is_an_error_that_tells_how_to_make_one(world: World) -> None:
    with pytest.raises(ImgcacheError, match="--update-baseline makes it"):
        await look(world, world.folder / "none.json")
    with pytest.raises(ImgcacheError, match="no such folder"):
        await look(world, world.folder / "no" / "none.json", renew=True)


async def test_a_new_file_that_could_not_be_written_is_refused_before_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = world.folder / "link.json"
    link.symlink_to("no/none.json")
    with pytest.raises(ConfigError, match="no such folder"):
        await look(world, link, renew=True)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != world.folder)
    with pytest.raises(ConfigError, match=r"none\.json: can't be written; name a place"):
        await look(world, world.folder / "none.json", renew=True)


async def test_a_disk_that_refuses_is_told_and_the_report_stays(
    world: World, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loud(Notes):
        def failed(self, message: str) -> None:
            self.told.append(message)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.article(world.entry(gone))
    path, notes = write(world), Loud()
    monkeypatch.setattr(os, "fsync", full)
    inquiry = VerifyOptions(baseline=BaselineOptions(path, renew=True))
    report = await verify([world.articles], world.settings(), inquiry, notes)
    assert (report.summary.verdicts, report.local_fault) == ({Verdict.GONE: 1}, True)
    assert notes.told == [f"--baseline {path}: can't be written: No space left on device"]
    assert lines(path) == []
    assert sorted(one.name for one in world.folder.iterdir()) == ["articles", "known.json"]


async def test_a_device_without_end_is_no_baseline(world: World) -> None:
    with pytest.raises(ImgcacheError, match="/dev/zero: is a device; name a file"):
        await look(world, Path("/dev/zero"))
