"""Wrong sizes: which of them one command can correct, and that each correction is told."""

from __future__ import annotations

import pytest

from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.model import Size
from imgcache.render import text
from tests.support import pictures
from tests.support.processes import PickledHelpers
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
TRUE = Size(160, 120)


async def test_each_corrected_size_is_told(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(
        world.entry(url, 400, 300), world.entry(url), f'url: "{url}", height: 9, isCached: true'
    )
    before = article.read_bytes()
    dry = await world.refresh(write=False, fix_dimensions=True)
    assert article.read_bytes() == before
    report = await world.refresh(fix_dimensions=True)
    told = [(one.line, one.before.width, one.before.height, one.after) for one in dry.corrections()]
    assert told == [(3, 400, 300, TRUE), (5, None, 9, TRUE)]
    done = list(report.corrections())
    assert [(one.before, one.after) for one in done] == [
        (one.before, one.after) for one in dry.corrections()
    ]
    shown = "".join(text.render(report))
    place = f"{done[0].article}:3:{done[0].column}"
    assert f"2 sizes corrected\n         {place} 400 x 300 -> 160 x 120 {url}\n" in shown
    assert "height 9 -> 160 x 120" in shown
    assert "2 sizes would be corrected\n" in "".join(text.render(dry))
    again = await world.refresh(fix_dimensions=True)
    assert list(again.corrections()) == []


@pytest.mark.parametrize("size", ["width: 400, height: 300", "alt: x"])
async def test_a_size_that_entries_share_is_one_size(world: World, size: str) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.articles.mkdir(exist_ok=True)
    (world.articles / "a.md").write_text(
        f"---\nimages:\n  - &it {{url: {url}, {size}}}\n"
        f"  - {{<<: *it, alt: again}}\n  - {{url: {url}, {size}}}\n---\n"
    )
    told = "".join(text.render(await world.refresh()))
    assert "; 2 sizes can be fixed" in told
    dry = await world.refresh(write=False, fix_dimensions=True)
    report = await world.refresh(fix_dimensions=True)
    for one in (dry, report):
        assert [found.line for found in one.corrections()] == [3, 5]
    assert "2 sizes corrected\n" in "".join(text.render(report))


async def test_only_sizes_that_can_be_written_count_as_fixable(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url, 400, 300), world.entry(world.origin.url("/never.jpg")))
    toml = f'+++\n[[images]]\nurl = "{url}"\nwidth = 1\nheight = 1\n+++\n'
    (world.articles / "b.md").write_text(toml)
    for _ in range(2):  # the second run is told by what the first one has kept
        report = await world.refresh()
        found = list(report.findings())
        assert [one.fixable for one in found] == [True, False, False]
        places = [[(side.name, side.line) for side in one.sides] for one in found]
        assert places == [[("width", 3), ("height", 3)], [], [("width", 4), ("height", 5)]]
        assert "; 1 size can be fixed by `imgcache refresh" in "".join(text.render(report))


async def test_a_wrong_size_in_a_body_is_quoted_and_never_corrected(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.extra = {"body": {"images": True}}
    line = f'text <img src="{url}" width="320" height="240">'
    world.articles.mkdir(exist_ok=True)
    (world.articles / "a.md").write_text(f"---\ntitle: x\n---\n{line}\n")
    for _ in range(2):
        report = await world.refresh(fix_dimensions=True)
        (entry,) = report.findings()
        assert entry.fixable is False
        assert "declare width: 160, height: 120" in str(entry.message)
        assert "--fix-dimensions" not in str(entry.message)
        shown = "".join(text.render(report)).splitlines()
        assert shown[3] == f"             4 | {line}"
        assert shown[4].split("|")[1].split() == ["^^^", "160", "^^^", "120"]
        assert shown[-1] == "1 error, 0 warnings"


@pytest.mark.parametrize("helped", [True, False])
async def test_a_rule_that_requires_what_is_written_is_kept_in_that_run(
    world: World, *, helped: bool
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.extra["rules"] = [
        {"name": "sized", "require": ["width", "height", "isCached"]},
        {"name": "described", "require": ["alt"]},
    ]
    article = world.article(f'url: "{url}"')
    before = article.read_bytes()
    beside = Beside(helpers=PickledHelpers(world.settings())) if helped else ALONE
    dry = await world.refresh(beside=beside, write=False, fix_dimensions=True)
    assert article.read_bytes() == before
    done = await world.refresh(beside=beside, fix_dimensions=True)
    assert b"width: 160, height: 120, isCached: true" in article.read_bytes()
    again = await world.refresh(fix_dimensions=True)
    for report in (dry, done, again):
        assert not list(report.article_errors())
        (entry,) = report.entries()
        assert [one.rule for one in entry.broken] == ["described"]
    assert again.summary.articles_changed == 0
    unwritten = await verify([world.articles], world.settings(), VerifyOptions(Depth.OFFLINE))
    (entry,) = unwritten.entries()
    assert [one.rule for one in entry.broken] == ["described"]


@pytest.mark.parametrize(
    ("says", "told"), [("w: 9", "width 9 -> width 160"), ("alt: x", "no size -> width 160")]
)
async def test_of_a_place_that_names_one_side_that_one_is_told(
    world: World, says: str, told: str
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.extra["images"] = ({"at": "images[]", "width": "w"},)
    article = world.article(f'url: "{url}", {says}')
    report = await world.refresh(fix_dimensions=True)
    (one,) = report.corrections()
    assert f"{one.article}:3:{one.column} {told} {url}\n" in "".join(text.render(report))
    assert "w: 160" in article.read_text()
