"""Nothing that a stranger spells, redirects to or answers by DNS reaches a private address."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from imgcache.config import FetchSettings
from imgcache.core.http.address import Address
from imgcache.edge.http.exchange import Attempt, Body
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.behaviours import Behaviour, answer, in_turn, raw, redirect, reset
from tests.support.canary import Canary
from tests.support.fetching import MemorySink, failure, nothing_is_looked_up, settings, web
from tests.support.origin import Origin
from tests.support.spellings import PRIVATE

ADDRESSES = sorted({host.strip("[]") for host in PRIVATE.values()})


async def attempt(fetcher: Fetcher, url: str) -> Attempt:
    return await fetcher.attempt(web(url), Validators(), MemorySink())


def assert_refused(attempt: Attempt, requests: int = 0) -> None:
    failed = failure(attempt)
    assert failed.verdict is Verdict.FORBIDDEN_ADDRESS
    assert (failed.transient, failed.host_fault, attempt.requests) == (False, False, requests)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", "[::1]"])
async def test_the_canary_hears_whoever_may_come(host: str) -> None:
    async with Canary() as canary:
        fetch = FetchSettings.model_validate({"allow_private": ("127.0.0.0/8", "::1")})
        async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
            await attempt(fetcher, f"http://{host}:{canary.port}/")
        assert canary.connections == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_reaches_it(scheme: str) -> None:
    async with Canary() as canary, Fetcher(FetchSettings(), lookup=nothing_is_looked_up) as fetcher:
        for spelling in PRIVATE:
            assert_refused(await attempt(fetcher, f"{scheme}://{spelling}:{canary.port}/"))
        assert canary.connections == 0


async def test_no_redirect_reaches_it() -> None:
    async with Canary() as canary, Origin() as origin:
        async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
            for number, spelling in enumerate(PRIVATE):
                target = f"//{spelling}:{canary.port}/"
                url = origin.route(f"/{number}", redirect(target))
                assert_refused(await attempt(fetcher, url), requests=1)
        assert canary.connections == 0


@pytest.mark.parametrize("beside", [(), ("93.184.216.34", "2606:2800:220::1")], ids=["", "mixed"])
async def test_no_answer_of_dns_reaches_it(beside: Sequence[str]) -> None:
    def lookup(host: str) -> Sequence[Address]:
        number = int(host.removeprefix("n").removesuffix(".test"))
        return [ip_address(one) for one in (*beside, ADDRESSES[number])]

    async with Canary() as canary, Fetcher(FetchSettings(), lookup=lookup) as fetcher:
        for number in range(len(ADDRESSES)):
            assert_refused(await attempt(fetcher, f"http://n{number}.test:{canary.port}/"))
        assert canary.connections == 0


class Rebinding:
    """A name that leads to one address, and after that to another."""

    def __init__(self, *answers: str | OSError) -> None:
        self.answers = list(answers)

    def __call__(self, _: str) -> Sequence[Address]:
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(now, OSError):
            raise now
        return [ip_address(now)]


async def test_no_retry_reaches_it_when_dns_changes_its_answer() -> None:
    again = socket.gaierror(socket.EAI_AGAIN, "try again")
    lookup = Rebinding(again, "127.0.0.2")
    async with Canary() as canary, Fetcher(FetchSettings(), lookup=lookup) as fetcher:
        first = await attempt(fetcher, f"http://img.test:{canary.port}/")
        assert failure(first).verdict is Verdict.DNS_ERROR
        assert failure(first).transient
        assert_refused(await attempt(fetcher, f"http://img.test:{canary.port}/"))
        assert canary.connections == 0


async def rebound(origin: Origin, end: Behaviour, *, forget: bool) -> Attempt:
    """The second answer from a host whose name meanwhile leads to the same port of 127.0.0.2."""
    url = f"http://img.test:{origin.port}/a"
    origin.route("/a", in_turn(answer(b"x"), end))
    async with Fetcher(settings(origin), lookup=Rebinding("127.0.0.1", "127.0.0.2")) as fetcher:
        assert isinstance((await attempt(fetcher, url)).result, Body)
        if forget:  # what aiohttp knows of names for ten seconds
            fetcher._client._transport._connector.clear_dns_cache()  # type: ignore[attr-defined]
        return await attempt(fetcher, url)


async def test_a_kept_connection_leads_to_the_address_that_was_checked() -> None:
    async with Origin() as origin, Canary("127.0.0.2", origin.port) as canary:
        second = await rebound(origin, answer(b"y"), forget=True)
        assert isinstance(second.result, Body)
        assert (origin.connections, canary.connections) == (1, 0)


@pytest.mark.parametrize("end", [raw(), reset()], ids=["closed", "reset"])
async def test_a_stale_connections_free_retry_is_checked_anew(end: Behaviour) -> None:
    async with Origin() as origin, Canary("127.0.0.2", origin.port) as canary:
        assert_refused(await rebound(origin, end, forget=True), requests=1)
        assert (origin.connections, canary.connections) == (1, 0)


async def test_a_retry_that_needs_no_look_up_goes_where_the_first_went() -> None:
    async with Origin() as origin, Canary("127.0.0.2", origin.port) as canary:
        second = await rebound(origin, reset(), forget=False)
        assert failure(second).verdict is Verdict.CONNECT_ERROR
        assert (origin.connections, canary.connections) == (2, 0)


async def test_a_redirect_back_to_a_name_that_was_rebound_is_refused() -> None:
    async with Origin() as origin, Canary("127.0.0.2", origin.port) as canary:
        origin.route(
            "/a", raw(b"HTTP/1.1 302 x\r\nLocation: http://two.test:%d/\r\n\r\n" % origin.port)
        )
        lookup = Rebinding("127.0.0.1", "127.0.0.2")
        async with Fetcher(settings(origin), lookup=lookup) as fetcher:
            assert_refused(await attempt(fetcher, f"http://one.test:{origin.port}/a"), requests=1)
        assert canary.connections == 0
