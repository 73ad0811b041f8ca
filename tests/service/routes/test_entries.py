"""The catalogue over HTTP: pages, filters, one URL, entity tags."""

from __future__ import annotations

import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from imgcache.core.cache.plan import Scope
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.render.json import entry_document
from imgcache.service.app import create_app
from imgcache.service.documents import ArticlesPage, EntriesPage, UrlDocument
from tests.support import pictures
from tests.support.service import Service, service
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
OFFLINE = VerifyOptions(Depth.OFFLINE)


def pointers(page: dict[str, object]) -> list[str]:
    entries = page["entries"]
    assert isinstance(entries, list)
    return [f"{one['article'][-4]}{one['pointer'][-2:]}" for one in entries]


async def test_entries_are_in_the_words_of_the_report(shared_world: World, served: Service) -> None:
    page = await served.document("/api/entries", order="as-written")
    report = await verify([shared_world.articles], shared_world.settings(), OFFLINE)
    wanted = [entry_document(one) for one in report.entries()]
    assert page["entries"] == wanted
    assert EntriesPage.model_validate(page).total == 4


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["a/2", "a/1", "a/0", "b/0"]),
        ({"order": "as-written"}, ["a/0", "a/1", "a/2", "b/0"]),
        ({"verdict": "gone"}, ["a/2"]),
        ({"verdict": ["gone", "ok"]}, ["a/2", "a/0", "b/0"]),
        ({"severity": "warning"}, ["a/1"]),
        ({"text": "GONE"}, ["a/2"]),
        ({"host": "127.0.0.1"}, ["a/2", "a/1", "a/0", "b/0"]),
        ({"host": "other.test"}, []),
        ({"per_page": 3, "page": 2}, ["b/0"]),
        ({"page": 9}, []),
    ],
)
async def test_entries_are_filtered_sorted_and_paged(
    served: Service, params: dict[str, str], expected: list[str]
) -> None:
    page = await served.document("/api/entries", **params)
    assert pointers(page) == expected


async def test_the_neighbouring_pages_are_linked(served: Service) -> None:
    path = "/api/entries?per_page=1&page=2&text=.jpg"
    links = (await served.get(path)).links
    assert links["next"]["url"] == "?per_page=1&text=.jpg&page=3"
    assert links["prev"]["url"] == "?per_page=1&text=.jpg&page=1"
    first = await served.document(links["prev"]["url"].replace("?", "/api/entries?"))
    assert (first["page"], first["pages"], pointers(first)) == (1, 4, ["a/2"])


async def test_articles_with_errors_come_first(served: Service) -> None:
    page = await served.document("/api/articles")
    ArticlesPage.model_validate(page)
    rows = [(one["article"][-4:], one["errors"], one["warnings"]) for one in page["articles"]]
    assert rows == [("a.md", 1, 1), ("c.md", 0, 0), ("b.md", 0, 0)]
    assert page["articles"][1]["problems"][0]["line"] is not None
    assert (await served.document("/api/articles", text="B.MD"))["total"] == 1


async def test_one_url_is_told_with_its_past_and_its_users(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url), world.entry(f"{url}#x"))
    await world.refresh()
    world.origin.route("/a.jpg", status=410)
    await world.refresh(scope=Scope.EVERYTHING)
    async with service(world) as served:
        found = await served.document("/api/url", url=f"{url}#y")
        UrlDocument.model_validate(found)
        assert found["failure"]["verdict"] == "gone"
        assert found["failure"]["status"] == 410
        assert found["failure"]["since"] == found["asked_at"]
        assert found["copy"]["width"] == 160
        assert found["succeeded_at"] < found["asked_at"]
        assert pointers(found) == ["a/0", "a/1"]
        assert (await served.get("/api/url", params={"url": "http://a.test/"})).status_code == 404


async def test_what_is_known_already_is_not_sent_again(served: Service) -> None:
    first = await served.get("/api/entries")
    tag = first.headers["etag"]
    again = await served.get("/api/entries", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await served.get("/api/entries", headers={"If-None-Match": '"x"'})).status_code == 200


@pytest.mark.parametrize(
    "query", ["verdict=bad", "page=0", "per_page=501", "page=x", "order=up", f"text={'x' * 501}"]
)
async def test_a_query_with_a_flaw_is_told_which(served: Service, query: str) -> None:
    answer = await served.get(f"/api/entries?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["errors"][0]["pointer"].split(".")[0] == query.partition("=")[0]
    assert query.partition("=")[2] not in answer.text.replace("order", "") or query == "page=0"


async def test_metrics_tell_of_the_cache_and_of_the_service(world: World) -> None:
    good = world.origin.route("/good.jpg", body=JPEG)
    world.article(world.entry(good), world.entry(world.origin.url("/gone.jpg")))
    (world.articles / "c.md").write_text("---\nimages: [\n---\n")
    await world.refresh()
    async with service(world) as served:
        await served.get("/nowhere")
        await served.client.request("BREW", "/healthz")
        await served.verify({"entries": [{"url": good}, {"url": world.origin.url("/gone.jpg")}]})
        answer = await served.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    found = {(s.name, *s.labels.values()): s.value for one in families for s in one.samples}
    assert found["imgcache_entries", "ok"] == 1
    assert found["imgcache_entries", "gone"] == 1
    assert found["imgcache_entries", "timeout"] == 0
    assert found[("imgcache_articles",)] == 2
    assert found[("imgcache_articles_failed",)] == 1
    assert found[("imgcache_cache_bytes",)] > len(JPEG)
    assert found["imgcache_fetches_total", "probed"] == 1
    assert found["imgcache_fetches_total", "gone"] == 1
    assert found[("imgcache_fetched_bytes_total",)] >= len(JPEG)
    assert found["imgcache_http_requests_total", "GET", "none", "404"] == 1
    assert found["imgcache_http_requests_total", "other", "/healthz", "405"] == 1
    assert found["imgcache_http_requests_total", "POST", "/api/verify", "200"] == 1
    assert found["imgcache_http_request_duration_seconds_count", "/api/verify"] == 1
    assert 0 < found[("imgcache_last_answer_timestamp_seconds",)] <= time.time()
    assert 0 < found[("imgcache_catalogue_timestamp_seconds",)] <= time.time()


async def test_before_the_first_catalogue_it_is_alive_but_not_ready(world: World) -> None:
    """The lifespan alone: nothing was looked at yet, as nobody gave the curator time."""
    app = create_app(world.settings().model_copy(update={"articles": (str(world.articles),)}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        app.state.service.watcher.catalog = None
        assert (await client.get("/healthz")).status_code == 200
        refused = await client.get("/readyz")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert (await client.get("/api/entries")).status_code == 503
        assert "imgcache_entries" not in (await client.get("/metrics")).text
        await app.state.service.watcher.ready.wait()
        assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_two_files_of_one_relative_path_are_two_images(world: World) -> None:
    for name in ("one", "two"):
        (world.folder / "articles" / name).mkdir(parents=True)
        entry = "  - url: pic.jpg\n    width: 160\n    height: 120\n"
        (world.folder / "articles" / name / "a.md").write_text(f"---\nimages:\n{entry}---\n")
    (world.folder / "articles" / "one" / "pic.jpg").write_bytes(JPEG)
    async with service(world) as served:
        found = (await served.document("/api/images"))["images"]
        places = [[one["article"].split("/")[-2] for one in image["places"]] for image in found]
        assert sorted(places) == [["one"], ["two"]]
