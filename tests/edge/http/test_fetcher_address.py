"""The address rule at every door, and what the operator's words open."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.http.dns import Lookup
from imgcache.edge.http.exchange import Attempt, Body
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.canary import Canary
from tests.support.fetching import (
    MemorySink,
    ask,
    failure,
    names,
    nothing_is_looked_up,
    settings,
    web,
)
from tests.support.origin import Origin

pytestmark = pytest.mark.usefixtures("both_ways")


async def ask_by_name(fetch: FetchSettings, url: str, lookup: Lookup) -> Attempt:
    async with Fetcher(fetch, lookup=lookup) as fetcher:
        return await fetcher.attempt(web(url), Validators(), MemorySink())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a",
        "http://2130706433:{port}/a",
        "http://[::1]:{port}/a",
        "http://[::ffff:7f00:1]:{port}/a",
        "http://169.254.169.254/a",
        "http://0.0.0.0:{port}/a",
    ],
)
async def test_a_forbidden_literal_is_refused_without_a_look_up(url: str) -> None:
    async with Origin() as origin:
        attempt = await ask(FetchSettings(), url.format(port=origin.port))
        assert origin.connections == 0
    failed = failure(attempt)
    assert failed.verdict is Verdict.FORBIDDEN_ADDRESS
    assert not any(digit in failed.detail for digit in "0123456789")
    assert (failed.transient, failed.host_fault, attempt.requests) == (False, False, 0)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"]])
async def test_one_forbidden_answer_of_dns_refuses_the_name(answers: list[str]) -> None:
    async with Origin() as origin:
        attempt = await ask_by_name(
            FetchSettings(), f"http://img.test:{origin.port}/a", names(img_test=answers)
        )
        assert origin.connections == 0
    failed = failure(attempt)
    assert failed.verdict is Verdict.FORBIDDEN_ADDRESS
    assert "127" not in failed.detail
    assert failed.detail == "the host img.test leads to an address that is not public"
    assert (failed.transient, failed.host_fault) == (False, False)


async def test_localhost_is_refused_by_the_systems_own_resolver() -> None:
    async with Origin() as origin, Fetcher(FetchSettings()) as fetcher:
        url = web(f"http://localhost:{origin.port}/a")
        attempt = await fetcher.attempt(url, Validators(), MemorySink())
        assert origin.connections == 0
    assert failure(attempt).verdict is Verdict.FORBIDDEN_ADDRESS


async def test_allow_private_opens_its_address_and_port_only() -> None:
    async with Origin() as origin, Origin() as other:
        origin.route("/a", body=b"x")
        fetch = settings(origin)
        lookup = names(img_test="127.0.0.1")
        by_name = await ask_by_name(fetch, f"http://img.test:{origin.port}/a", lookup)
        elsewhere = await ask_by_name(fetch, f"http://img.test:{other.port}/a", lookup)
        assert other.connections == 0
    assert isinstance(by_name.result, Body)
    assert failure(elsewhere).verdict is Verdict.FORBIDDEN_ADDRESS


async def test_resolve_connects_without_dns_and_keeps_the_host_header() -> None:
    async with Origin() as origin:
        origin.route("/a", body=b"x")
        fetch = FetchSettings.model_validate({"resolve": (origin.resolve("img.test"),)})
        attempt = await ask(fetch, "http://img.test/a")
        assert origin.requests[0].headers["host"] == "img.test"
    assert isinstance(attempt.result, Body)


async def test_resolve_exempts_only_its_own_mapping() -> None:
    async with Origin() as origin:
        origin.route("/a", body=b"x")
        fetch = FetchSettings.model_validate({"resolve": (origin.resolve("img.test"),)})
        literal = await ask_by_name(fetch, origin.url("/a"), nothing_is_looked_up)
        other = await ask_by_name(
            fetch, f"http://other.test:{origin.port}/a", names(other_test="127.0.0.1")
        )
        assert origin.connections == 0
    assert failure(literal).verdict is Verdict.FORBIDDEN_ADDRESS
    assert failure(other).verdict is Verdict.FORBIDDEN_ADDRESS


async def test_resolve_for_every_host_leads_names_and_public_literals_there() -> None:
    async with Origin() as origin:
        origin.route("/a", body=b"x")
        fetch = FetchSettings.model_validate({"resolve": (origin.resolve("*"),)})
        for host in ("img.test", "93.184.216.34", "[2606:2800:220::1]"):
            attempt = await ask(fetch, f"http://{host}/a")
            assert isinstance(attempt.result, Body)
            assert origin.requests[-1].headers["host"] == host


async def test_resolve_for_every_host_opens_no_forbidden_literal_but_a_named_one_is_opened() -> (
    None
):
    async with Origin() as origin:
        origin.route("/a", body=b"x")
        every = FetchSettings.model_validate({"resolve": (origin.resolve("*"),)})
        named = FetchSettings.model_validate({"resolve": (origin.resolve("10.0.0.1"),)})
        refused = await ask(every, "http://10.0.0.1/a")
        opened = await ask(named, "http://10.0.0.1/a")
    assert failure(refused).verdict is Verdict.FORBIDDEN_ADDRESS
    assert isinstance(opened.result, Body)


async def test_an_exact_resolve_goes_before_the_one_for_every_host() -> None:
    async with Origin() as origin, Origin() as other:
        origin.route("/a", body=b"x")
        both = (other.resolve("*"), origin.resolve("img.test"))
        fetch = FetchSettings.model_validate({"resolve": both})
        assert isinstance((await ask(fetch, "http://img.test/a")).result, Body)
        assert other.connections == 0


async def test_a_refused_connection_behind_resolve_is_a_connect_error() -> None:
    async with Origin() as origin:
        fetch = FetchSettings.model_validate({"resolve": (origin.resolve("img.test"),)})
    failed = failure(await ask(fetch, "http://img.test/a"))
    assert failed.verdict is Verdict.CONNECT_ERROR


@pytest.mark.parametrize(
    ("trouble", "again"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        ([], False),
    ],
    ids=["no such name", "try again", "no addresses"],
)
async def test_a_name_without_an_address_is_a_dns_error(
    trouble: Exception | list[str],
    again: bool,
) -> None:
    attempt = await ask_by_name(FetchSettings(), "http://img.test/a", names(img_test=trouble))
    failed = failure(attempt)
    assert failed.verdict is Verdict.DNS_ERROR
    assert "the name img.test does not resolve" in failed.detail
    assert (failed.transient, failed.host_fault, attempt.requests) == (again, True, 0)


async def test_a_look_up_out_of_descriptors_is_this_machines_fault() -> None:
    trouble = OSError(24, "Too many open files")
    failed = failure(
        await ask_by_name(FetchSettings(), "http://img.test/a", names(img_test=trouble))
    )
    assert failed.verdict is Verdict.LOCAL_ERROR
    assert (failed.transient, failed.host_fault) == (False, False)


@pytest.fixture
def no_descriptors() -> Iterator[Callable[[], None]]:
    """Called, it leaves this process without a descriptor until the test ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2", "::1"]])
async def test_a_connection_out_of_descriptors_is_this_machines_fault(
    no_descriptors: Callable[[], None], addresses: list[str]
) -> None:
    fetch = FetchSettings.model_validate({"allow_private": ("127.0.0.0/8", "::1")})
    async with Fetcher(fetch, lookup=names(img_test=addresses)) as fetcher:
        no_descriptors()
        attempt = await fetcher.attempt(web("http://img.test/a"), Validators(), MemorySink())
    failed = failure(attempt)
    assert failed.verdict is Verdict.LOCAL_ERROR
    assert (failed.transient, failed.host_fault, attempt.requests) == (False, False, 0)


async def test_the_proxy_is_dialled_unchecked_but_forbidden_literals_stay_refused() -> None:
    async with Origin() as proxy:
        proxy.route("http://img.test/a?b", body=b"x")
        fetch = FetchSettings(proxy=f"http://127.0.0.1:{proxy.port}")
        through = await ask(fetch, "http://img.test/a?b")
        refused = await ask(fetch, "http://10.0.0.1/a")
        assert [request.target for request in proxy.requests] == ["http://img.test/a?b"]
    assert isinstance(through.result, Body)
    assert failure(refused).verdict is Verdict.FORBIDDEN_ADDRESS


async def test_a_proxy_is_told_its_password_and_the_host_is_not() -> None:
    """With each request, over kept connections, too; through a tunnel only the proxy sees it."""
    async with Origin() as proxy:
        proxy.route("http://img.test/a", body=b"x")
        fetch = FetchSettings(proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
        async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
            for url in ("http://img.test/a", "http://img.test/a", "https://img.test/a"):
                await fetcher.attempt(web(url), Validators(), MemorySink())
        told = [request.headers.get("proxy-authorization") for request in proxy.requests]
        assert proxy.connections == 2
    assert told == ["Basic bWU6c2VjcmV0"] * 3


async def test_a_proxy_that_refuses_a_tunnel_is_a_connect_error() -> None:
    async with Origin() as proxy:
        fetch = FetchSettings(proxy=f"http://127.0.0.1:{proxy.port}")
        failed = failure(await ask(fetch, "https://img.test/a"))
        assert proxy.requests[0].method == "CONNECT"
    assert failed.verdict is Verdict.CONNECT_ERROR
    assert "proxy answered 404" in failed.detail


async def test_a_proxy_whose_name_does_not_resolve_is_named() -> None:
    fetch = FetchSettings(proxy="http://proxy.invalid:1")

    def unknown(name: str) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, name)

    failed = failure(await ask_by_name(fetch, "http://img.test/a", unknown))
    assert failed.verdict is Verdict.DNS_ERROR
    assert "the name proxy.invalid of the proxy does not resolve" in failed.detail


async def test_proxies_and_netrc_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with Origin() as origin, Canary() as canary:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            for spelt in (name, name.upper()):
                monkeypatch.setenv(spelt, f"http://127.0.0.1:{canary.port}")
        monkeypatch.setenv("NO_PROXY", "")
        attempt = await ask(settings(origin), origin.route("/a", body=b"x"))
        assert "authorization" not in origin.requests[0].headers
        assert canary.connections == 0
    assert isinstance(attempt.result, Body)
