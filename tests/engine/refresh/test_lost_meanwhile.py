"""Copies that somebody deletes while the run that stored them is still under way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable

import pytest

from imgcache import refresh
from imgcache.engine.refresh import pipeline
from imgcache.engine.refresh.planner import check_new_copies
from imgcache.engine.run.listener import Lane, Listener
from imgcache.model import Source, Verdict
from tests.support import pictures
from tests.support.world import World, flags


async def test_what_was_deleted_before_the_end_of_its_run_is_fetched_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))

    async def deleted(*given: object) -> None:
        shutil.rmtree(world.cache / "images")
        await check_new_copies(*given)  # type: ignore[arg-type]  # as they came

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "check_new_copies", deleted)
        first = list((await world.refresh()).entries())
    assert ([entry.verdict for entry in first], flags(first)) == ([Verdict.NOT_CHECKED], [False])
    second = list((await world.refresh()).entries())
    assert [(entry.verdict, entry.source) for entry in second] == [(Verdict.OK, Source.DOWNLOADED)]
    assert flags(second) == [True]


async def test_a_url_that_an_article_names_only_meanwhile_is_not_taken_for_fresh(
    world: World,
) -> None:
    """Another article names it, which is not in the run: nobody has looked whether it is there."""
    asked, other = (
        world.entry(world.origin.route(f"/{name}.jpg", body=pictures.jpeg(160, 120, seed=seed)))
        for seed, name in enumerate("ab")
    )
    chosen = world.article(asked, name="a.md")
    world.article(other, name="b.md")
    await world.refresh()
    shutil.rmtree(world.cache / "images")

    class Author(Listener):
        def fetching(self, lanes: Callable[[], Iterable[Lane]]) -> None:  # noqa: ARG002
            world.article(asked, other, name="a.md")

    found = list((await refresh([chosen], world.settings(), None, Author())).entries())
    assert [entry.verdict for entry in found] == [Verdict.OK, Verdict.NOT_CHECKED]
    assert flags(found) == [True, False]
