"""Redirects by hand: each hop checked as the first URL was."""

from __future__ import annotations

import asyncio

import pytest

from imgcache.edge.http.exchange import Attempt, Body
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.behaviours import after, raw, redirect, stall
from tests.support.fetching import (
    MemorySink,
    ask,
    failure,
    nothing_is_looked_up,
    settings,
    ways,
    web,
)
from tests.support.origin import Origin
from tests.support.spellings import LOCATIONS

pytestmark = pytest.mark.usefixtures("both_ways")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("known", ["/folder/a", "/b%2Cc?d=e|f", "/elsewhere"])
async def test_validators_go_to_the_url_whose_they_are(status: int, known: str) -> None:
    """Another one may have an equal ETag, or an older date, for another picture."""
    async with Origin() as origin:
        origin.route("/folder/a", redirect("../b%2Cc?d=e|f", status))
        origin.route("/b%2Cc?d=e|f", body=b"x")
        sink = MemorySink()
        url = origin.url("/folder/a")
        validators = Validators('"1"', url=None if known == "/folder/a" else origin.url(known))
        attempt = await ask(settings(origin), url, validators=validators, sink=sink)
        targets = ["/folder/a", "/b%2Cc?d=e|f"]
        assert [request.target for request in origin.requests] == targets
        asked = ["if-none-match" in request.headers for request in origin.requests]
        assert asked == [target == known for target in targets]
    assert isinstance(attempt.result, Body)
    assert attempt.result.response.validators.url == origin.url("/b%2Cc?d=e|f")
    assert sink.data == b"x"
    assert attempt.requests == 2


@pytest.mark.parametrize(
    ("first", "second", "lasts"),
    [
        ((301, None), (308, None), None),
        ((302, None), (301, None), 0),
        ((301, "max-age=60"), (308, "max-age=50"), 50),
        ((302, "max-age=60"), (307, None), 0),
        ((301, "no-store"), (301, "max-age=60"), 0),
    ],
)
async def test_the_redirect_that_ends_first_counts(
    first: tuple[int, str | None], second: tuple[int, str | None], lasts: float | None
) -> None:
    async with Origin() as origin:
        for number, (status, said) in enumerate((first, second)):
            headers = {"Cache-Control": said} if said else {}
            origin.route(f"/{number}", redirect(f"/{number + 1}", status, headers))
        origin.route("/2", body=b"x", headers={"Cache-Control": "max-age=3600"})
        result = (await ask(settings(origin), origin.url("/0"))).result
    assert isinstance(result, Body)
    told = result.response.redirected
    assert told == lasts or (lasts and told is not None and lasts - 5 < told <= lasts)


async def test_five_redirects_are_followed_and_the_sixth_is_not() -> None:
    async with Origin() as origin:
        for number in range(6):
            origin.route(f"/{number}", redirect(f"/{number + 1}"))
        origin.route("/6", body=b"x")
        fetch = settings(origin)
        assert isinstance((await ask(fetch, origin.url("/1"))).result, Body)
        attempt = await ask(fetch, origin.url("/0"))
    assert failure(attempt).verdict is Verdict.REDIRECT_ERROR
    assert attempt.requests == 6


@pytest.mark.parametrize(
    ("location", "word"),
    [
        (None, "no Location"),
        ("", "empty"),
        ("/a", "circle"),
        ("#here", "circle"),
        ("http://[", "parsed"),
        ("http://user:secret@img.test/", "user:password"),
        ("http://img.test:25/", "port 25"),
        ("//user:secret@img.test\\a", "user:password"),
        ("http://im g.test/", "parsed"),
        ("ftp://img.test/a.jpg", "ftp"),
        ("data:image/gif;base64,R0lGODlh", "data"),
        ("file:///etc/passwd", "file"),
    ],
)
async def test_a_redirect_that_can_not_be_followed_is_a_redirect_error(
    location: str | None, word: str
) -> None:
    async with Origin() as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", redirect(location))))
        assert len(origin.requests) == 1
    assert (failed.verdict, failed.status) == (Verdict.REDIRECT_ERROR, 302)
    assert word in failed.detail
    assert not failed.transient


async def test_a_location_is_followed_byte_by_byte_as_browsers_do() -> None:
    async with Origin() as origin:
        port = str(origin.port).encode()
        fetch = settings(origin, resolve=(f"*:{origin.port}:127.0.0.1:{origin.port}",))
        for location, target in LOCATIONS.items():
            named = location.replace(b"HOST", b"img.test:PORT").replace(b"PORT", port)
            head = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % named
            url = origin.route("/from/", raw(head))
            await ask(fetch, url.replace("127.0.0.1", "img.test"))
            assert origin.requests[-1].target == target, location
        assert len(origin.requests) == 2 * len(LOCATIONS)


async def test_two_different_locations_are_a_redirect_error_and_two_equal_ones_are_one() -> None:
    two = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
    async with Origin() as origin:
        origin.route("/two", raw(two % b"/c"))
        origin.route("/one", raw(two % b"/b"))
        origin.route("/b", body=b"x")
        split = await ask(settings(origin), origin.url("/two"))
        same = await ask(settings(origin), origin.url("/one"))
    assert failure(split).verdict is Verdict.REDIRECT_ERROR
    assert isinstance(same.result, Body)


async def test_a_loop_over_two_urls_is_a_redirect_error() -> None:
    async with Origin() as origin:
        origin.route("/a", redirect("/b"))
        origin.route("/b", redirect("/a"))
        attempt = await ask(settings(origin), origin.url("/a"))
    assert failure(attempt).verdict is Verdict.REDIRECT_ERROR
    assert attempt.requests == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.1:80/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "//10.0.0.1/",
    ],
)
async def test_a_redirect_to_a_forbidden_address_is_refused(location: str) -> None:
    async with Origin() as origin:
        url = origin.route("/a", redirect(location))
        attempt = await ask(settings(origin), url)
    failed = failure(attempt)
    assert failed.verdict is Verdict.FORBIDDEN_ADDRESS
    assert attempt.requests == 1
    assert not any(digit in failed.detail for digit in "0123456789")


async def test_headers_for_a_host_go_to_that_host_only() -> None:
    async with Origin() as origin:
        fetch = settings(
            origin,
            resolve=(origin.resolve("one.test"), origin.resolve("two.test")),
            headers={"One.test": {"Authorization": "Bearer secret"}},
        )
        origin.route("/a", redirect("http://two.test/b"))
        origin.route("/b", redirect("http://one.test/c"))
        origin.route("/c", body=b"x")
        await ask(fetch, "http://one.test/a")
        sent = [request.headers.get("authorization") for request in origin.requests]
    assert sent == ["Bearer secret", None, "Bearer secret"]


async def test_a_wait_for_our_own_connections_is_none_of_the_deadline() -> None:
    """Redirects of many hosts lead to one, which is slow: each of them gets its whole time."""
    async with Origin() as origin:
        slow = f"http://slow.example:{origin.port}"
        is_taken = asyncio.Event()
        origin.route("/stalls", stall())
        origin.route("/image", body=b"x")
        origin.route("/to-image", after(is_taken, redirect(f"{slow}/image")))
        fetch = settings(origin, per_host=1, deadline="2s", resolve=[f"*:{origin.port}:127.0.0.1"])
        async with ways.opened(fetch, nothing_is_looked_up) as fetcher:

            def attempt(url: str) -> asyncio.Task[Attempt]:
                return asyncio.create_task(fetcher.attempt(web(url), Validators(), MemorySink()))

            older = attempt(origin.url("/to-image"))
            await origin.asked("/to-image")
            stalling = attempt(f"{slow}/stalls")
            await origin.asked("/stalls")
            is_taken.set()
            assert failure(await stalling).verdict is Verdict.TIMEOUT
            assert isinstance((await older).result, Body)
