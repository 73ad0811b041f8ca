"""Images behind redirects: what is known of one URL says nothing of another."""

from __future__ import annotations

import pytest

from imgcache.core.cache.plan import Scope
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.model import Size, Source, Verdict
from tests.support import pictures
from tests.support.behaviours import conditional, redirect
from tests.support.world import World

OLD, NEW = pictures.jpeg(160, 120), pictures.jpeg(30, 90)
DATE = "Mon, 02 Jan 2023 03:04:05 GMT"


@pytest.fixture
def url(world: World) -> str:
    url = world.origin.route("/latest", redirect("/old.jpg"))
    world.article(world.entry(url))
    return url


@pytest.mark.parametrize(("etag", "date"), [('"1"', None), (None, DATE)])
async def test_a_redirect_that_leads_to_another_image_is_seen(
    world: World, url: str, etag: str | None, date: str | None
) -> None:
    for name, body in (("old", OLD), ("new", NEW)):
        world.origin.route(f"/{name}.jpg", conditional(body, etag=etag, last_modified=date))
    assert (await world.only()).verdict is Verdict.OK
    world.origin.route("/latest", redirect("/new.jpg"))
    for depth in (Depth.PROBE, Depth.FULL):
        report = await verify([world.articles], world.settings(), VerifyOptions(depth))
        (entry,) = report.entries()
        assert (entry.actual, entry.source) == (Size(30, 90), Source.PROBED)
    entry = await world.only(scope=Scope.EVERYTHING)
    assert (entry.actual, entry.source) == (Size(30, 90), Source.DOWNLOADED)


async def test_an_image_behind_a_redirect_is_revalidated(world: World, url: str) -> None:
    world.origin.route("/old.jpg", conditional(OLD, etag='"1"'))
    await world.only()
    for _ in range(2):
        assert (await world.only(scope=Scope.EVERYTHING)).source is Source.REVALIDATED


@pytest.mark.parametrize("headers", [{}, {"Cache-Control": "no-store"}])
async def test_a_redirect_is_asked_again_however_long_its_image_lasts(
    world: World, url: str, headers: dict[str, str]
) -> None:
    world.extra["freshness"] = {"least": "0s"}
    forever = {"Cache-Control": "max-age=31536000, immutable"}
    for name, body in (("old", OLD), ("new", NEW)):
        world.origin.route(f"/{name}.jpg", body=body, headers=forever)
    world.origin.route("/latest", redirect("/old.jpg", headers=headers))
    await world.only()
    world.origin.route("/latest", redirect("/new.jpg", headers=headers))
    assert (await world.only()).actual == Size(30, 90)
