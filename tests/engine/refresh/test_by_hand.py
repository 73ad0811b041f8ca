"""Sizes that have no place to be written: told, while all others of the article are written."""

from __future__ import annotations

import pytest

from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.processes import PickledHelpers
from tests.support.world import World

_PLACE = {"at": "photos[]", "url": "src", "width": "size.w", "height": "size.h", "cached": "kept"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("helped", [True, False])
async def test_a_size_without_a_place_keeps_no_other_one_from_being_written(
    world: World, *, first: bool, helped: bool
) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.extra["images"] = (_PLACE,)
    world.articles.mkdir(parents=True, exist_ok=True)
    placed = f"- src: {url}\n  size: {{w: 9, h: 120}}\n  kept: false\n"
    placeless = f"- src: {url}?b\n  kept: false\n"
    world.origin.route("/a.jpg?b", body=pictures.jpeg(160, 120))
    lines = placeless + placed if first else placed + placeless
    article = world.articles / "a.md"
    article.write_text(f"---\nphotos:\n{lines}---\n")
    beside = Beside(helpers=PickledHelpers(world.settings())) if helped else ALONE
    report = await world.refresh(beside=beside, fix_dimensions=True)
    assert not list(report.article_errors())
    one, other = sorted(report.entries(), key=lambda entry: entry.verdict)
    assert (one.verdict, other.verdict) == (Verdict.DIMENSIONS_MISSING, Verdict.OK)
    assert (one.message or "").endswith("by hand, for imgcache never writes it there")
    written = lines.replace("w: 9", "w: 160").replace("kept: false", "kept: true")
    assert article.read_text() == f"---\nphotos:\n{written}---\n"
    assert (await world.refresh(fix_dimensions=True)).summary.articles_changed == 0


@pytest.mark.parametrize("helped", [True, False])
async def test_of_a_place_that_names_one_side_that_one_is_written(
    world: World, *, helped: bool
) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.extra["images"] = ({"at": "cover", "width": "w"}, {"at": "other"})
    world.articles.mkdir(parents=True, exist_ok=True)
    article = world.articles / "a.md"
    article.write_text(f"---\ncover: {{url: {url}, w: 7}}\nother: {url}\n---\n")
    beside = Beside(helpers=PickledHelpers(world.settings())) if helped else ALONE
    report = await world.refresh(beside=beside, fix_dimensions=True)
    assert [one.verdict for one in report.entries()] == [Verdict.OK, Verdict.OK]
    assert article.read_text() == f"---\ncover: {{url: {url}, w: 160}}\nother: {url}\n---\n"


@pytest.mark.parametrize("helped", [True, False])
async def test_a_size_in_a_body_is_told_and_left(world: World, *, helped: bool) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.extra["body"] = {"images": True}
    front = f"---\nimages:\n  - {{url: '{url}', width: 9, height: 120, isCached: false}}\n---\n"
    body = f'<img src="{url}" width="9" height="120">\n'
    world.articles.mkdir(parents=True, exist_ok=True)
    article = world.articles / "a.md"
    article.write_text(front + body)
    beside = Beside(helpers=PickledHelpers(world.settings())) if helped else ALONE
    report = await world.refresh(beside=beside, fix_dimensions=True)
    assert [one.verdict for one in report.entries()] == [Verdict.OK, Verdict.DIMENSIONS_MISMATCH]
    written = front.replace("width: 9", "width: 160").replace("false", "true")
    assert article.read_text() == written + body
