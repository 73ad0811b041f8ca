"""Range requests are a saving, never a verdict: what they break is asked for without them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.http.dns import Lookup
from imgcache.edge.http.exchange import Fetches
from imgcache.engine.run.beside.processes import Beside
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.model import Verdict
from tests.support import fetching, pictures
from tests.support.behaviours import (
    Behaviour,
    Request,
    answer,
    cut,
    gzipped,
    head,
    in_turn,
    raw,
    redirect,
    reset,
    stall,
)
from tests.support.world import World

LARGE = pictures.png(300, 200)
PART = LARGE[:16384]
ICON = pictures.png(160, 120)
WHOLE = answer(LARGE)


def by_range(with_range: Behaviour, without: Behaviour = WHOLE) -> Behaviour:
    """One answer to requests with Range, another to those without."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        chosen = with_range if "range" in request.headers else without
        return await chosen(request, writer)

    return behave


def part(content_range: str | None, body: bytes = PART, **headers: str) -> Behaviour:
    """A 206 that says this of its range."""
    said = {} if content_range is None else {"Content-Range": content_range}
    fields = said | {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(body, status=206, headers=fields)


LAST, TOTAL = len(PART) - 1, len(LARGE)
PACKED = gzip.compress(LARGE, mtime=0)
# How origins answer a request with Range that answer one without it in order.
BROKEN_BY_RANGE: Mapping[str, Behaviour] = {
    **{str(status): answer(b"no", status=status) for status in (400, 403, 404, 406, 410, 416)},
    **{str(status): answer(b"no", status=status) for status in (429, 500, 501, 503, 201, 204)},
    "304 unasked": raw(b"HTTP/1.1 304 x\r\n\r\n", keep=True),
    "999": answer(b"", status=999),
    "a redirect to nowhere": redirect(None),
    "a page": answer(pictures.HTML, content_type="text/html"),
    "total unknown": part(f"bytes 0-{LAST}/*"),
    "no Content-Range": part(None),
    "a range that is none": part("bytes nonsense"),
    "another range": part(f"bytes 100-{LAST + 100}/{TOTAL}", LARGE[100 : LAST + 101]),
    "multipart": part(None, b"--x\r\n\r\n", Content_Type="multipart/byteranges; boundary=x"),
    "total of the part": part(f"bytes 0-{LAST}/{LAST + 1}"),
    "a smaller total": part(f"bytes 0-{LAST}/9"),
    "a total beyond the limit": part(f"bytes 0-{LAST}/{10**12}"),
    "longer than it says": part(f"bytes 0-{LAST - 9}/{TOTAL}"),
    "shorter than it says": part(f"bytes 0-{LAST + 9}/{TOTAL}"),
    "an empty part": part(f"bytes 0-{LAST}/{TOTAL}", b""),
    "an empty 200": answer(b""),
    "part of a gzip body": part(
        f"bytes 0-{LAST}/{len(PACKED)}", PACKED[:16384], Content_Encoding="gzip"
    ),
    "gzip of the part": part(
        f"bytes 0-{LAST}/{TOTAL}", gzip.compress(PART), Content_Encoding="gzip"
    ),
    "another coding": part(f"bytes 0-{LAST}/{TOTAL}", Content_Encoding="br"),
    "a 200 with the part": answer(PART),
    "a 200 with the part in gzip": gzipped(PART),
    "a 200 that is cut": cut(PART, TOTAL),
    "surplus": raw(head(200, {"Content-Length": "9"}) + PART),
    "no HTTP": raw(b"nonsense"),
    "the end": raw(),
    "a reset": reset(),
    "silence": stall(),
}
# What is wrong with Range or without it, and must be the same verdict.
BROKEN_ANYWAY: Mapping[str, tuple[Behaviour, Verdict]] = {
    "404": (answer(b"no", status=404), Verdict.GONE),
    "403": (answer(b"no", status=403), Verdict.BLOCKED),
    "418": (answer(b"no", status=418), Verdict.HTTP_ERROR),
    "500": (answer(b"no", status=500), Verdict.SERVER_ERROR),
    "a redirect to nowhere": (redirect(None), Verdict.REDIRECT_ERROR),
    "a page": (answer(pictures.HTML), Verdict.NOT_AN_IMAGE),
    "nothing": (answer(b""), Verdict.EMPTY),
    "a cut file": (answer(pictures.cut(pictures.jpeg(160, 120))), Verdict.TRUNCATED),
    "a cut answer": (cut(PART, TOTAL), Verdict.TRUNCATED),
    "another coding": (answer(LARGE, headers={"Content-Encoding": "br"}), Verdict.PROTOCOL_ERROR),
    "no HTTP": (raw(b"nonsense"), Verdict.PROTOCOL_ERROR),
    "the end": (raw(), Verdict.CONNECT_ERROR),
}


async def verdicts(world: World) -> dict[str, list[Verdict]]:
    """Of a probe, of a whole download and of a refresh."""
    found = {}
    for depth in (Depth.PROBE, Depth.FULL):
        report = await verify([world.articles], world.settings(), VerifyOptions(depth))
        found[depth.name] = [entry.verdict for entry in report.entries()]
    found["refresh"] = [entry.verdict for entry in (await world.refresh()).entries()]
    return found


@pytest.mark.parametrize("attempts", [1, 3])
async def test_what_range_breaks_is_ok_in_verify_as_in_refresh(world: World, attempts: int) -> None:
    world.extra = {"fetch": {"attempts": attempts, "idle_timeout": 0.2, "breaker_failures": 99}}
    for number, how in enumerate(BROKEN_BY_RANGE.values()):
        url = world.origin.route(f"/{number}", by_range(how))
        world.article(world.entry(url, 300, 200), name=f"{number:02}.md")
    found = await verdicts(world)
    expected = dict.fromkeys(BROKEN_BY_RANGE, Verdict.OK)
    assert {how: dict(zip(expected, those, strict=True)) for how, those in found.items()} == (
        dict.fromkeys(found, expected)
    )


@pytest.mark.parametrize("attempts", [1, 3])
async def test_what_is_broken_anyway_is_told_alike(world: World, attempts: int) -> None:
    world.extra = {"fetch": {"attempts": attempts, "breaker_failures": 99}}
    for number, (how, _) in enumerate(BROKEN_ANYWAY.values()):
        url = world.origin.route(f"/{number}", how)
        world.article(world.entry(url, 300, 200), name=f"{number:02}.md")
    found = await verdicts(world)
    expected = {name: verdict for name, (_, verdict) in BROKEN_ANYWAY.items()}
    assert {how: dict(zip(expected, those, strict=True)) for how, those in found.items()} == (
        dict.fromkeys(found, expected)
    )


async def test_what_sends_more_than_was_asked_for_is_asked_once(world: World) -> None:
    """It has ignored the Range, so that would be the same answer again."""
    page = answer(pictures.HTML + b" " * 99_999)
    world.article(world.entry(world.origin.route("/page", page)))
    report = await verify([world.articles], world.settings())
    assert [entry.verdict for entry in report.entries()] == [Verdict.NOT_AN_IMAGE]
    assert world.origin.count("/page") == 1


async def test_a_request_with_range_costs_none_of_the_tries(world: World) -> None:
    world.extra = {"fetch": {"attempts": 2}}
    busy = answer(b"", status=503)
    url = world.origin.route("/a", in_turn(busy, busy, answer(ICON)))
    world.article(world.entry(url))
    report = await verify([world.articles], world.settings())
    assert [entry.verdict for entry in report.entries()] == [Verdict.OK]
    sent = ["range" in request.headers for request in world.origin.requests]
    assert sent == [True, False, False]


async def test_a_host_that_wants_a_pause_gets_it_before_it_is_asked_without_range(
    world: World,
) -> None:
    world.extra = {"fetch": {"attempts": 1}}
    pause = answer(b"", status=429, headers={"Retry-After": "1"})
    url = world.origin.route("/a", in_turn(pause, answer(ICON)))
    world.article(world.entry(url))
    loop = asyncio.get_running_loop()
    began = loop.time()
    report = await verify([world.articles], world.settings())
    assert [entry.verdict for entry in report.entries()] == [Verdict.OK]
    assert loop.time() - began >= 1


# Its first 100,000 bytes don't tell its size.
LONG = b"\xff\xd8" + (b"\xff\xe1\xff\xff" + bytes(65533)) * 3
TELLING = pictures.png(400, 300)


@pytest.mark.parametrize("way", [fetching.here, fetching.apart])
async def test_the_second_look_takes_as_little_as_the_first(
    world: World, way: Callable[[FetchSettings, Lookup], AbstractAsyncContextManager[Fetches]]
) -> None:
    fields = {"Content-Length": "120000", "Content-Range": "bytes 0-119999/200000"}
    cut_short = raw(head(206, fields) + LONG[:100_000])
    telling = cut(TELLING[:25_000], len(TELLING))
    world.extra = {"fetch": {"attempts": 1}}
    url = world.origin.route("/a.png", by_range(cut_short, telling))
    world.article(world.entry(url, 400, 300, "true"))
    settings = world.settings()
    fetcher = way(settings.fetch, fetching.nothing_is_looked_up)
    report = await verify([world.articles], settings, beside=Beside(fetcher))
    assert report.summary.verdicts == {Verdict.OK: 1}
