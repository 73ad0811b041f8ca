"""A refresh with helpers does what one without them does."""

from __future__ import annotations

import pytest

from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.processes import PickledHelpers
from tests.support.world import World


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
