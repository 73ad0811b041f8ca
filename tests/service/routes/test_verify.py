"""Verdicts on request: the engine of `verify`, its guards and limits, for whoever asks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from imgcache.service import state
from imgcache.service.documents import VerifyAnswer
from imgcache.service.routes import verify
from tests.engine.verify.test_verify import everything
from tests.support import behaviours, pictures
from tests.support.behaviours import after, answer
from tests.support.service import service
from tests.support.world import World, run

JPEG = pictures.jpeg(160, 120)
LARGE = pictures.jpeg(1200, 800)


def verdicts(document: dict[str, object]) -> list[tuple[str, str]]:
    entries = document["entries"]
    assert isinstance(entries, list)
    return [(one["pointer"], one["verdict"]) for one in entries]


async def test_entries_are_judged_as_verify_would(world: World) -> None:
    good = world.origin.route("/good.jpg", behaviours.ranged(LARGE))
    gone = world.origin.route("/gone.jpg", status=404)
    asked = [
        {"url": good, "width": 1200, "height": 800},
        {"url": good, "width": 800, "height": 1200},
        {"url": good},
        {"url": gone, "width": 1, "height": 1},
        {"url": "http://10.0.0.1/", "width": 1, "height": 1},
        {"url": "http://"},
        {"url": "img/a.png"},
    ]
    async with service(world) as served:
        before = everything(world.folder)
        document = (await served.verify({"entries": asked})).json()
        assert everything(world.folder) == before
    VerifyAnswer.model_validate(document)
    assert verdicts(document) == [
        ("/entries/0", "ok"),
        ("/entries/1", "dimensions-swapped"),
        ("/entries/2", "dimensions-missing"),
        ("/entries/3", "gone"),
        ("/entries/4", "forbidden-address"),
        ("/entries/5", "unsupported-url"),
        ("/entries/6", "not-checked"),
    ]
    last = document["entries"][6]["message"]
    assert last.endswith("to look it up; verify the article where it is saved")
    assert world.origin.count("/good.jpg") == 1
    assert world.origin.requests[0].headers["range"] == "bytes=0-16383"
    assert "10.0.0.1" not in document["entries"][4]["message"]
    assert all("--fix-dimensions" not in (one["message"] or "") for one in document["entries"])
    first = document["entries"][0]
    assert (first["article"], first["line"], first["column"]) == (None, None, None)
    assert document["summary"]["requests"] == 3  # what is gone is asked for without Range, too


async def test_an_articles_text_is_judged_like_its_file(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    path = world.article(world.entry(url), world.entry(url, 120, 160), world.entry("ftp://x/"))
    words = ["verify", "--allow-private", world.origin.allow, "--format", "json"]
    told = (await run(*words, cwd=world.folder)).report
    async with service(world) as served:
        document = (await served.verify({"article": path.read_text()})).json()
    VerifyAnswer.model_validate(document)
    assert document["entries"] == [one | {"article": None} for one in told["entries"]]
    assert document["article_errors"] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [("no article", 1), ("---\nimages: [\n---\n", 2), ("---\n- a: &b [*b]\n---\n", 2), ("", 1)],
)
async def test_a_text_that_is_no_article_is_told_why(world: World, text: str, line: int) -> None:
    async with service(world) as served:
        asked = await served.verify({"article": text})
    document = asked.json()
    assert asked.status_code == 200, document
    VerifyAnswer.model_validate(document)
    assert [one["line"] for one in document["article_errors"]] == [line]
    assert document["summary"]["articles_failed"] == 1


async def test_what_the_cache_holds_is_asked_for_conditionally(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"1"')
    world.article(world.entry(url))
    await world.refresh()
    async with service(world) as served:
        asked = {"url": url, "width": 160, "height": 120}
        (entry,) = (await served.verify({"entries": [asked]})).json()["entries"]
        assert (entry["verdict"], entry["source"], entry["cached"]) == ("ok", "revalidated", True)
        world.origin.route("/a.jpg", status=500)
        (entry,) = (await served.verify({"entries": [asked]})).json()["entries"]
    assert (entry["verdict"], entry["severity"]) == ("server-error", "warning")
    assert entry["path"] is not None


async def test_the_limits_hold_over_all_who_ask(world: World) -> None:
    world.extra = {"fetch": {"per_host": 2}}
    freed = asyncio.Event()
    for number in range(12):
        world.origin.route(f"/{number}.jpg", after(freed, answer(JPEG)))
    async with service(world) as served:
        questions = [
            {"entries": [{"url": world.origin.url(f"/{one}.jpg")} for one in range(at, at + 3)]}
            for at in range(0, 12, 3)
        ]
        asking = [asyncio.create_task(served.verify(question)) for question in questions]
        async with asyncio.timeout(30):
            while len(world.origin.requests) < 2:  # noqa: ASYNC110  nobody tells of all paths
                await asyncio.sleep(0.01)
        for _ in range(20):  # time enough for a third one to go out, if it may
            await served.get("/healthz")
        freed.set()
        answers = await asyncio.gather(*asking)
    found = [one["verdict"] for answer in answers for one in answer.json()["entries"]]
    assert found == ["dimensions-missing"] * 12
    assert world.origin.most_at_once == 2


async def test_waiting_for_a_place_is_not_held_against_the_host(world: World) -> None:
    """All of them together take longer than one attempt may: each has its own deadline."""
    world.extra = {"fetch": {"per_host": 1, "attempts": 1, "deadline": "2s"}}

    async def slow(request: behaviours.Request, writer: asyncio.StreamWriter) -> bool | None:
        await asyncio.sleep(0.5)
        return await answer(JPEG)(request, writer)

    async with service(world) as served:
        urls = [world.origin.route(f"/{number}.jpg", slow) for number in range(6)]
        asking = [served.verify({"entries": [{"url": url}]}) for url in urls]
        answers = await asyncio.gather(*asking)
    found = [one.json()["entries"][0]["verdict"] for one in answers]
    assert found == ["dimensions-missing"] * 6
    assert world.origin.most_at_once == 1


async def test_whoever_goes_away_is_not_asked_for(world: World) -> None:
    never = asyncio.Event()
    world.extra = {"fetch": {"per_host": 1}}
    for number in range(3):
        world.origin.route(f"/{number}.jpg", after(never, answer(JPEG)))
    question = {"entries": [{"url": world.origin.url(f"/{one}.jpg")} for one in range(3)]}
    async with service(world) as served:
        asking = asyncio.create_task(served.verify(question))
        await world.origin.asked("/0.jpg")
        asking.cancel()
        # Only when the place of whoever left is free can another one's request go out.
        world.origin.route("/other.jpg", body=JPEG)
        other = {"entries": [{"url": world.origin.url("/other.jpg")}]}
        (entry,) = (await served.verify(other)).json()["entries"]
        assert entry["verdict"] == "dimensions-missing"
    assert world.origin.count("/1.jpg") == 0
    assert ("POST", "/api/verify", 499) in served.heard.requests


async def test_too_many_questions_are_asked_to_come_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MOST_QUESTIONS", 1)
    freed = asyncio.Event()
    world.origin.route("/slow.jpg", after(freed, answer(JPEG)))
    question = {"entries": [{"url": world.origin.url("/slow.jpg")}]}
    async with service(world) as served:
        asking = asyncio.create_task(served.verify(question))
        await world.origin.asked("/slow.jpg")
        refused = await served.verify(question)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        freed.set()
        assert (await asking).status_code == 200
        assert (await served.verify(question)).status_code == 200


async def test_a_question_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "LONGEST", 0.0)
    world.origin.route("/slow.jpg", after(asyncio.Event(), answer(JPEG)))
    async with service(world) as served, asyncio.timeout(20):
        asked = await served.verify({"entries": [{"url": world.origin.url("/slow.jpg")}]})
    document = asked.json()
    assert document["interrupted"] is True
    assert [one["verdict"] for one in document["entries"]] == ["not-checked"]


async def test_a_bomb_of_an_article_costs_one_answer(world: World) -> None:
    deep = "---\n" + "[" * 1_000_000 + "\n---\n"
    aliases = "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    bomb = f"---\na0: &a0 [x]\n{aliases}---\n"
    async with service(world) as served:
        for text in (deep, bomb, "---\nx: " + "y" * (2 << 20) + "\n---\n"):
            asked = await served.verify({"article": text})
            assert asked.status_code == 200
            assert len(asked.json()["article_errors"]) == 1


async def test_nothing_of_the_site_leaks_through_a_path(world: World, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (site / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (site / "own.jpg").write_bytes(JPEG)
    world.extra = {"site_root": site}
    urls = ["/own.jpg", "/../secret.jpg", "/%2e%2e/secret.jpg", "/link.jpg", "file:///etc/passwd"]
    async with service(world) as served:
        asked = await served.verify({"entries": [{"url": one} for one in urls]})
    found = [one["verdict"] for one in asked.json()["entries"]]
    assert found == ["dimensions-missing", "gone", "gone", "gone", "unsupported-url"]
    assert str(tmp_path) not in json.dumps(asked.json())


async def test_the_rules_of_the_site_are_told_to_whoever_asks(world: World) -> None:
    world.extra["rules"] = [
        {"name": "light", "max_bytes": "1kB"},
        {"name": "described", "require": ["alt"]},
        {"name": "of the blog", "max_width": 1, "articles": "*"},
    ]
    url = world.origin.route("/a.jpg", behaviours.ranged(LARGE))
    article = f"---\nimages:\n  - {{url: '{url}', width: 1200, height: 800}}\n---\n"
    async with service(world) as served:
        asked = {"entries": [{"url": url, "width": 1200, "height": 800}]}
        as_entry = (await served.verify(asked)).json()
        as_article = (await served.verify({"article": article})).json()
    VerifyAnswer.model_validate(as_article)
    (entry,) = as_entry["entries"]
    assert entry["verdict"] == "ok"
    assert [(one["rule"], one["code"]) for one in entry["rules"]] == [("light", "IMG501")]
    assert (as_entry["summary"]["errors"], as_entry["summary"]["rules"]) == (1, {"too-heavy": 1})
    (entry,) = as_article["entries"]
    assert [one["breach"] for one in entry["rules"]] == ["too-heavy", "missing-field"]
