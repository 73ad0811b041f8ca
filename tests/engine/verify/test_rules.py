"""The rules of a site, against a real origin: kept and broken, however much of an image is read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from imgcache.edge.index.index import Index
from imgcache.engine.run.baseline import BaselineOptions
from imgcache.engine.run.report import Report
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.facts import UrlFacts
from imgcache.model import Breach, Failure, Severity, Source, Verdict
from imgcache.results import EntryResult
from tests.support import behaviours, pictures
from tests.support.world import World, run

DAY = 86_400.0
DEPTHS = [Depth.PROBE, Depth.FULL, Depth.OFFLINE]
COVER = pictures.jpeg(1200, 630)
PLACED = pictures.placed_jpeg(1200, 630)


def weighing(length: int, picture: bytes = COVER) -> bytes:
    """A sound picture of this length: what stands behind its end is no part of it."""
    return picture.ljust(length, b"\0")


CASES: dict[str, tuple[dict[str, Any], bytes, bytes, Breach]] = {
    "300 KB": (
        {"max_bytes": "300 kB"},
        weighing(300_000),
        weighing(300_001),
        Breach.TOO_HEAVY,
    ),
    "23.8 MB": (
        {"max_bytes": "8MiB"},
        weighing(400_000),
        weighing(23_800_000),
        Breach.TOO_HEAVY,
    ),
    "bytes a pixel": (
        {"max_bytes_per_pixel": 0.25},
        weighing(189_000),
        weighing(189_001),
        Breach.TOO_HEAVY,
    ),
    "1200 x 630": (
        {"min_width": 1200, "min_height": 630},
        COVER,
        pictures.jpeg(1200, 629),
        Breach.TOO_SMALL,
    ),
    "ten times as large as shown": (
        {"max_width": 400, "max_height": 300},
        pictures.jpeg(400, 300),
        pictures.jpeg(4000, 3000),
        Breach.TOO_BIG,
    ),
    "pixels": (
        {"max_pixels": 1_000_000},
        COVER,
        pictures.png(1001, 1000),
        Breach.TOO_BIG,
    ),
    "1.91:1": ({"aspect": "1.91:1"}, COVER, pictures.jpeg(1200, 800), Breach.WRONG_SHAPE),
    "formats": (
        {"formats": ["jpeg", "webp"]},
        pictures.webp(160, 120),
        pictures.png(160, 120),
        Breach.WRONG_FORMAT,
    ),
    "no position": ({"forbid": ["position"]}, COVER, PLACED, Breach.HAS_POSITION),
}


def rules(*wishes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"rule {number}", **one} for number, one in enumerate(wishes)]


async def look(world: World, depth: Depth, **options: Any) -> Report:
    if depth.is_offline:
        await world.refresh()
    return await verify([world.articles], world.settings(), VerifyOptions(depth, **options))


async def only(world: World, depth: Depth = Depth.PROBE, **options: Any) -> EntryResult:
    (entry,) = (await look(world, depth, **options)).entries()
    return entry


def breaches(entry: EntryResult) -> list[Breach]:
    return [one.breach for one in entry.broken]


def on_the_web(world: World, name: str, body: bytes) -> str:
    size = pictures.opened(body).size
    url = world.origin.route(f"/{name}", behaviours.ranged(body))
    return world.entry(url, *size)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", CASES)
async def test_a_rule_is_kept_by_one_image_and_broken_by_another(
    world: World, name: str, depth: Depth
) -> None:
    wishes, kept, breaking, breach = CASES[name]
    world.extra["rules"] = rules(wishes)
    world.article(on_the_web(world, "kept", kept), on_the_web(world, "broken", breaking))
    report = await look(world, depth)
    right, wrong = report.entries()
    assert [right.verdict, wrong.verdict] == [Verdict.OK, Verdict.OK]
    assert (breaches(right), breaches(wrong)) == ([], [breach])
    assert (report.summary.errors, report.summary.rules) == (1, {breach: 1})
    assert [one.url for one in report.findings()] == [wrong.url]


@pytest.mark.parametrize("depth", DEPTHS)
async def test_entries_must_have_what_is_required(world: World, depth: Depth) -> None:
    world.extra["rules"] = rules({"require": ["alt", "credit"]})
    entry = on_the_web(world, "a", COVER)
    world.article(f"{entry}, alt: A cover, credit: me", f"{entry}, alt: '', credit: me")
    right, wrong = (await look(world, depth)).entries()
    assert (breaches(right), breaches(wrong)) == ([], [Breach.MISSING_FIELD])
    assert (
        wrong.broken[0].message == "`alt` is missing or empty; write what is missing into the entry"
    )


@pytest.mark.parametrize("depth", DEPTHS)
async def test_local_images_are_held_against_rules_too(world: World, depth: Depth) -> None:
    static = world.folder / "static"
    static.mkdir()
    (static / "a.jpg").write_bytes(PLACED)
    world.extra |= {"site_root": static, "rules": rules({"max_bytes": 1, "forbid": "position"})}
    world.article(world.entry("/a.jpg", 1200, 630))
    entry = await only(world, depth)
    assert breaches(entry) == [Breach.TOO_HEAVY, Breach.HAS_POSITION]


async def test_in_a_probe_nothing_is_claimed_of_what_was_not_read(world: World) -> None:
    world.extra["rules"] = rules({"max_bytes": 300_000, "match": "*/long"}, {"forbid": "position"})
    exif = pictures.gps().removeprefix(b"Exif\0\0")
    webp = pictures.saved(pictures.photo(1600, 1200), "WEBP", exif=exif, quality=95, method=0)
    assert len(webp) > 1 << 15
    url = world.origin.route("/long", behaviours.unannounced(weighing(400_000)))
    world.article(world.entry(url, 1200, 630), on_the_web(world, "a.webp", webp))
    unannounced, at_its_end = (await look(world, Depth.PROBE)).entries()
    assert (unannounced.bytes, breaches(unannounced), breaches(at_its_end)) == (None, [], [])
    unannounced, at_its_end = (await look(world, Depth.FULL)).entries()
    assert Breach.TOO_HEAVY in breaches(unannounced)
    assert Breach.HAS_POSITION in breaches(at_its_end)


async def test_the_length_of_gzip_is_not_held_against_a_rule(world: World) -> None:
    world.extra["rules"] = rules({"max_bytes": 300_000})
    heavy = pictures.bmp(900, 600)
    url = world.origin.route("/heavy", behaviours.gzipped(heavy))
    world.article(world.entry(url, 900, 600))
    probed = await only(world)
    assert (probed.verdict, probed.bytes, breaches(probed)) == (Verdict.OK, None, [])
    read = await only(world, Depth.FULL)
    assert (read.verdict, read.bytes) == (Verdict.OK, len(heavy))
    assert breaches(read) == [Breach.TOO_HEAVY]


async def test_images_that_are_not_known_break_no_rule(world: World) -> None:
    world.extra["rules"] = rules({"max_bytes": 1, "require": ["alt"]})
    pixel = world.origin.route("/pixel", body=pictures.png(1, 1))
    gone = world.origin.route("/gone", status=404)
    page = world.origin.route("/page", body=pictures.HTML)
    world.article(world.entry(gone), world.entry(page), world.entry(pixel), world.entry("ftp://a"))
    assert [breaches(one) for one in (await look(world, Depth.FULL)).entries()] == [[], [], [], []]


async def test_the_kept_copy_stands_in_for_an_answer_that_fails(world: World) -> None:
    world.extra["rules"] = rules({"max_bytes": 1})
    world.article(on_the_web(world, "a", COVER))
    await world.refresh()
    world.origin.route("/a", status=404)
    entry = await only(world)
    assert (entry.verdict, entry.source) == (Verdict.GONE, Source.STALE)
    assert breaches(entry) == [Breach.TOO_HEAVY]


async def test_an_old_index_claims_no_position_until_the_image_is_decoded_again(
    world: World,
) -> None:
    world.extra["rules"] = rules({"forbid": ["position"]})
    world.article(on_the_web(world, "a", PLACED))
    assert breaches(await world.only()) == [Breach.HAS_POSITION]
    with Index.open(world.cache / "index.sqlite3") as index:
        (row,) = index.manifest_rows()
        index.record(images=[replace(row.image, has_position=None)])
    assert breaches(await only(world, Depth.OFFLINE)) == []
    world.extra["thumbnails"] = {"large": {"width": 640}}
    await world.refresh()
    assert breaches(await only(world, Depth.OFFLINE)) == [Breach.HAS_POSITION]


@pytest.mark.parametrize(("strict", "errors"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("depth", DEPTHS)
async def test_a_rule_can_be_a_warning_unless_it_is_strict(
    world: World, depth: Depth, errors: int, *, strict: bool
) -> None:
    world.extra["rules"] = rules({"max_bytes": 1, "severity": "warning"})
    world.article(on_the_web(world, "a", COVER))
    summary = (await look(world, depth, strict=strict)).summary
    assert (summary.errors, summary.warnings) == (errors, 1 - errors)


@pytest.mark.parametrize("depth", DEPTHS)
async def test_rules_are_narrowed_by_url_and_by_article(
    world: World, depth: Depth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.articles.parent.parent)  # rules are read from their own folder
    world.extra |= {
        "folder": world.folder,
        "rules": rules(
            {"min_width": 9000, "match": "*/hero*"},
            {"max_width": 1, "articles": "articles/blog/"},
        ),
    }
    world.article(on_the_web(world, "hero", COVER), name="a.md")
    world.article(on_the_web(world, "other", COVER), name="blog/b.md")
    first, second = (await look(world, depth)).entries()
    assert breaches(first) == [Breach.TOO_SMALL]
    assert breaches(second) == [Breach.TOO_BIG]


async def test_rules_never_change_a_flag(world: World) -> None:
    world.extra["rules"] = rules({"max_bytes": 1})
    path = world.article(on_the_web(world, "a", COVER))
    entry = await world.only()
    assert (entry.cached, breaches(entry)) == (True, [Breach.TOO_HEAVY])
    assert "isCached: true" in path.read_text()


async def test_kept_results_follow_the_rules(world: World) -> None:
    world.article(f"{on_the_web(world, 'a', COVER)}, alt: a cover")
    for _ in range(3):  # until nothing is new to what is kept
        assert breaches(await world.only()) == []
    world.extra["rules"] = rules({"max_bytes": 1})
    report = await world.refresh()
    assert report.summary.requests == 0
    assert [breaches(one) for one in report.entries()] == [[Breach.TOO_HEAVY]]
    assert (report.summary.errors, report.summary.rules) == (1, {Breach.TOO_HEAVY: 1})
    world.extra["rules"] = rules(
        {"max_bytes": 1}, {"require": ["alt", "by"], "severity": "warning"}
    )
    report = await world.refresh()
    (entry,) = report.entries()
    assert breaches(entry) == [Breach.TOO_HEAVY, Breach.MISSING_FIELD]
    assert entry.broken[1].message.startswith("`by` is missing")
    assert (report.summary.errors, report.summary.warnings) == (1, 1)


async def test_a_baseline_knows_each_breach_by_itself(world: World, tmp_path: Path) -> None:
    world.extra["rules"] = rules({"max_bytes": 1})
    world.article(on_the_web(world, "a", COVER))
    path = tmp_path / "baseline.json"
    await look(world, Depth.FULL, baseline=BaselineOptions(path, renew=True))
    assert '"breach": "too-heavy", "rule": "rule 0"' in path.read_text()
    report = await look(world, Depth.FULL, baseline=BaselineOptions(path))
    assert (report.summary.errors, report.known) == (0, 1)
    assert [one.known for entry in report.entries() for one in entry.broken] == [True]
    world.extra["rules"] = rules({"max_bytes": 1, "max_width": 1}, {"max_bytes": 2})
    report = await look(world, Depth.FULL, baseline=BaselineOptions(path))
    assert (report.summary.errors, report.known) == (2, 1)


async def test_a_broken_rule_fails_the_run(world: World) -> None:
    world.article(on_the_web(world, "a", COVER))
    (world.folder / "imgcache.toml").write_text(
        f'[fetch]\nallow_private = ["{world.origin.allow}"]\n[[rules]]\nname = "a"\nmax_bytes = 1\n'
    )
    finished = await run("verify", cwd=world.folder)
    assert finished.status == 1
    assert "too-heavy (IMG501), rule a" in finished.stdout
    (world.folder / "imgcache.toml").write_text(
        f'[fetch]\nallow_private = ["{world.origin.allow}"]\n[[rules]]\nname = "a"\n'
    )
    finished = await run("verify", cwd=world.folder)
    assert finished.status == 2
    assert "imgcache.toml:3: rules: this rule wants nothing" in finished.stderr


def fail_since(world: World, url: str, since: float) -> None:
    """The index knows that a URL fails."""
    failure = Failure(Verdict.GONE, "the server answered 404 Not Found", 404, since=since)
    with Index.open(world.cache / "index.sqlite3") as index:
        index.record([UrlFacts(url, since, failure=failure)])


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("days", "severity"), [(1, Severity.WARNING), (4, Severity.ERROR)])
async def test_a_url_that_fails_is_a_warning_until_it_has_failed_long_enough(
    world: World, depth: Depth, days: int, severity: Severity
) -> None:
    world.extra["fail_after"] = "3d"
    gone = world.origin.route("/gone", status=404)
    world.article(world.entry(gone))
    await world.refresh()
    since = time.time() - days * DAY
    fail_since(world, gone, since)
    report = await verify([world.articles], world.settings(), VerifyOptions(depth))
    (entry,) = report.entries()
    assert (entry.verdict, entry.severity) == (Verdict.GONE, severity)
    told = time.strftime("failing since %Y-%m-%d %H:%M UTC", time.gmtime(since))
    assert told in (entry.message or "")
    refreshed = await world.only()
    assert (refreshed.severity, told in (refreshed.message or "")) == (severity, True)


async def test_a_first_failure_is_a_warning_and_what_waiting_can_not_mend_is_not(
    world: World,
) -> None:
    world.extra |= {"fail_after": "3d", "site_root": world.folder}
    gone = world.origin.route("/gone", status=404)
    page = world.origin.route("/page", body=pictures.HTML)
    urls = (gone, page, "ftp://a.test/", "http://10.0.0.1/", "/missing.png")
    world.article(*map(world.entry, urls))
    weights = [one.severity for one in (await look(world, Depth.PROBE)).entries()]
    assert weights == [Severity.WARNING, *[Severity.ERROR] * 4]


async def test_a_configured_severity_beats_patience(world: World) -> None:
    world.extra |= {"fail_after": "3d", "severity": {"gone": "error"}}
    world.article(world.entry(world.origin.route("/gone", status=404)))
    assert (await only(world)).severity is Severity.ERROR


async def test_what_was_judged_is_judged_again_when_patience_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.extra["fail_after"] = "3d"
    gone = world.origin.route("/gone", status=404)
    world.article(world.entry(gone))
    await world.refresh()
    assert (await only(world, Depth.OFFLINE)).severity is Severity.WARNING
    settings = world.settings()
    now = time.time() + 3 * DAY + 60
    monkeypatch.setattr(time, "time", lambda: now)
    (entry,) = (await verify([world.articles], settings, VerifyOptions(Depth.OFFLINE))).entries()
    assert entry.severity is Severity.ERROR
