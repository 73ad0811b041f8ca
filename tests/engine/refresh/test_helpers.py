"""A refresh with helpers does what one without them does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

import pytest

from imgcache.config import Settings
from imgcache.engine.run.beside.article_work import Rewritten
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.processes import PickledHelpers
from tests.support.world import World

T = TypeVar("T")
R = TypeVar("R")


class _Heard(PickledHelpers):
    """Helpers; `made`: the edits that came from them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.made: list[Rewritten] = []

    def map(self, work: Callable[[Settings, T], R], items: Iterable[T]) -> Generator[R]:
        for result in super().map(work, items):
            if isinstance(result, Rewritten):
                self.made.append(result)
            yield result


@pytest.mark.parametrize("helped", [True, False])
async def test_patterns_see_passwords_which_the_catalog_hides(
    world: World, *, helped: bool
) -> None:
    """Of an article that is edited, an entry is left alone as its real URL is excluded."""
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    secret = url.replace("://", "://me:secret@")
    world.extra["exclude"] = ["*me:secret@*"]
    article = world.article(world.entry(url), world.entry(secret, 9, 9, "true"))
    beside = Beside(helpers=PickledHelpers(world.settings())) if helped else ALONE
    report = await world.refresh(beside=beside)
    assert [one.verdict for one in report.entries()] == [Verdict.OK]
    text = article.read_text()
    assert text.count("isCached: true") == 2


@pytest.mark.parametrize("fix_dimensions", [True, False])
async def test_helpers_make_the_edits(world: World, *, fix_dimensions: bool) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    article = world.article(world.entry(url), world.entry(url, 9, 120))
    helpers = _Heard(world.settings())
    await world.refresh(beside=Beside(helpers=helpers), fix_dimensions=fix_dimensions)
    assert [one.edited.data for one in helpers.made] == [article.read_bytes()]
    assert ("width: 9," in article.read_text()) != fix_dimensions
