"""Placeholders in articles (`placeholder` of a place): written where asked for, and told."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support import pictures
from tests.support.world import World, run

PLACE = {"at": "**.images[]", "cached": "isCached", "placeholder": "lqip"}


def article(world: World, *entries: str) -> Path:
    world.extra |= {"images": [PLACE]}
    return world.article(*entries)


def tiny(world: World, url: str) -> str:
    shown = json.loads((world.cache / "manifest.json").read_text())["images"][url]["placeholder"]
    assert shown.startswith("data:image/webp;base64,")
    return str(shown)


async def test_a_refresh_writes_it_and_a_second_one_changes_nothing(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    path = article(world, f'url: "{url}"', f"url: '{url}', isCached: true, lqip: \"old\"")
    report = await world.refresh()
    new = tiny(world, url)
    assert path.read_text() == (
        f'---\nimages:\n  - {{url: "{url}", isCached: true, lqip: "{new}"}}\n'
        f"  - {{url: '{url}', isCached: true, lqip: \"{new}\"}}\n---\nBody.\n"
    )
    assert (report.summary.placeholders, report.summary.articles_changed) == (2, 1)
    assert json.loads(report.to_json())["summary"]["placeholders"] == 2
    before = world.state()
    report = await world.refresh()
    assert (world.state(), report.summary.placeholders) == (before, 0)


async def test_another_picture_replaces_it(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    path = article(world, f'url: "{url}"')
    await world.refresh()
    old = tiny(world, url)
    world.origin.route("/a.jpg", body=pictures.jpeg(160, 120, seed=7))
    world.extra |= {"freshness": {"default": 0, "least": 0}}
    await world.refresh()
    assert old not in path.read_text()
    assert tiny(world, url) in path.read_text()


async def test_what_is_not_sound_or_has_none_is_left_alone(world: World) -> None:
    gone = world.origin.route("/gone.jpg", status=404)
    half = world.origin.route("/half.jpg", body=pictures.cut(pictures.jpeg(160, 120)))
    logo = world.origin.route("/a.svg", body=pictures.svg(), content_type="image/svg+xml")
    entries = [f'url: "{url}", isCached: false, lqip: "mine"' for url in (gone, half)]
    path = article(world, *entries, f'url: "{logo}", isCached: true')
    before = path.read_bytes()
    assert (await world.refresh()).summary.placeholders == 0
    assert path.read_bytes() == before


async def test_of_a_stand_in_none_is_written(world: World) -> None:
    body = pictures.jpeg(160, 120)
    urls = [world.origin.route(f"/{n}.jpg", body=body) for n in range(3)]
    place = PLACE | {"width": "width", "height": "height"}
    world.extra |= {"images": [place]}
    path = world.article(*(f'url: "{url}", width: 300, height: 300' for url in urls))
    assert (await world.refresh()).summary.placeholders == 0
    assert "lqip" not in path.read_text()


async def test_a_dry_run_tells_and_the_next_run_writes(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    path = article(world, f'url: "{url}", isCached: true')
    before = path.read_bytes()
    report = await world.refresh(write=False, diff=True)
    assert (report.summary.placeholders, path.read_bytes()) == (1, before)
    (shown,) = report.diffs()
    assert '+  - {url: "' in shown.diff
    assert 'lqip: "data:image/webp;base64,' in shown.diff
    assert (await world.refresh()).summary.placeholders == 1
    assert tiny(world, url) in path.read_text()


async def test_a_place_that_asks_for_one_later_on_gets_it(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    place = {"at": "**.images[]", "cached": "isCached"}
    world.extra |= {"images": [place]}
    path = world.article(f'url: "{url}"')
    await world.refresh()
    assert "lqip" not in path.read_text()
    world.extra |= {"images": [PLACE]}
    assert (await world.refresh()).summary.placeholders == 1
    assert tiny(world, url) in path.read_text()


async def test_the_text_report_counts_them_and_toml_is_told(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    place = '[[images]]\nat = "**.images[]"\nplaceholder = "lqip"\n'
    (world.folder / "imgcache.toml").write_text(place)
    world.article(f'url: "{url}"')
    toml = world.articles / "b.md"
    toml.write_text(f'+++\n[[images]]\nurl = "{url}"\n+++\n')
    words = ["refresh", "--allow-private", world.origin.allow]
    done = await run(*words, "--dry-run", cwd=world.folder)
    assert "1 article would change, none was written, 1 placeholder would be written" in done.stdout
    before = toml.read_bytes()
    done = await run(*words, cwd=world.folder)
    assert "1 article changed, 1 placeholder was written" in done.stdout
    assert "articles/b.md:3 (placeholder: data:image/webp;base64," in done.stderr
    assert toml.read_bytes() == before
