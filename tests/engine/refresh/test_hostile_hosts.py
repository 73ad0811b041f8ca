"""A web that is down, slow, lying or changing its mind, as a whole run meets it; all is counted."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from time import asctime, gmtime, strftime, time
from typing import Any

import pytest

from imgcache import Report, verify
from imgcache.model import Verdict
from tests.support import behaviours, limiters, pictures
from tests.support.behaviours import Behaviour
from tests.support.canary import Canary
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
GOOD = behaviours.answer(JPEG)


def urls(world: World, host: str, count: int, behaviour: Behaviour) -> list[str]:
    """So many URLs of a host, in an article of its own."""
    found = [f"http://{host}/{host}/{number}.jpg" for number in range(count)]
    for number in range(count):
        world.origin.route(f"/{host}/{number}.jpg", behaviour)
    world.article(*(world.entry(url) for url in found), name=f"{host}.md")
    return found


def lead_all_here(world: World, **fetch: object) -> None:
    world.extra = {"fetch": {"resolve": [world.origin.resolve("*")], **fetch}}


def asked(world: World) -> Counter[str]:
    """Requests by host, as the origin counts them."""
    return Counter(request.headers["host"] for request in world.origin.requests)


def verdicts(report: Report, host: str) -> Counter[Verdict]:
    return Counter(one.verdict for one in report.entries() if f"//{host}/" in str(one.url))


def messages(report: Report, host: str) -> list[str]:
    return [str(one.message) for one in report.entries() if f"//{host}/" in str(one.url)]


@pytest.mark.parametrize(
    ("trouble", "verdict"),
    [
        (behaviours.reset(), Verdict.CONNECT_ERROR),
        (behaviours.raw(), Verdict.CONNECT_ERROR),
        (behaviours.stall(), Verdict.TIMEOUT),
        (behaviours.stall(b"HTTP/1.1 200 OK\r\nX: "), Verdict.TIMEOUT),
    ],
    ids=["reset", "closed", "silent", "half a header"],
)
async def test_a_dead_host_costs_a_handful_of_requests_and_the_others_none(
    world: World, trouble: Behaviour, verdict: Verdict
) -> None:
    lead_all_here(world, idle_timeout="300ms", attempts=2)
    urls(world, "dead.test", 40, trouble)
    urls(world, "live.test", 10, GOOD)
    report = await world.refresh()
    assert asked(world) == {"dead.test": 5 * 2, "live.test": 10}
    assert report.summary.requests == 20
    assert verdicts(report, "dead.test") == {verdict: 40}
    assert verdicts(report, "live.test") == {Verdict.OK: 10}
    assert sum("host given up" in one for one in messages(report, "dead.test")) == 35


async def test_silent_hosts_delay_nobody(world: World) -> None:
    """None of them answers before the last image of the others is asked for."""
    lead_all_here(world, concurrency=8, per_host=2)
    released = asyncio.Event()
    for number in range(7):
        urls(world, f"slow{number}.test", 5, behaviours.after(released, GOOD))
    last = urls(world, "live.test", 30, GOOD)[-1]

    async def release(*request: Any) -> bool | None:
        released.set()
        return await GOOD(*request)

    world.origin.route("/live.test/29.jpg", release)
    report = await world.refresh()
    assert report.summary.verdicts == {Verdict.OK: 65}
    before = world.origin.requests[
        : [one.path for one in world.origin.requests].index("/live.test/29.jpg")
    ]
    assert max(Counter(one.headers["host"] for one in before if "slow" in one.path).values()) == 1
    assert last.endswith("/29.jpg")


@pytest.mark.parametrize(
    ("broken", "verdict", "tries"),
    [
        (behaviours.answer(pictures.cut(JPEG)), Verdict.TRUNCATED, 1),
        (behaviours.answer(b"<html>"), Verdict.NOT_AN_IMAGE, 1),
        (behaviours.answer(status=404), Verdict.GONE, 1),
        (behaviours.answer(status=403), Verdict.BLOCKED, 1),
        (behaviours.answer(status=408), Verdict.HTTP_ERROR, 3),
        (behaviours.answer(status=500), Verdict.SERVER_ERROR, 3),
        (behaviours.cut(JPEG[:99], len(JPEG)), Verdict.TRUNCATED, 3),
        (behaviours.raw(b"no HTTP\r\n\r\n"), Verdict.PROTOCOL_ERROR, 1),
        (behaviours.redirect("http://127.0.0.2/"), Verdict.FORBIDDEN_ADDRESS, 1),
        (behaviours.redirect("gopher://a.test/"), Verdict.REDIRECT_ERROR, 1),
    ],
    ids=["cut", "HTML", "404", "403", "408", "500", "lost", "no HTTP", "forbidden", "redirect"],
)
async def test_a_broken_image_never_condemns_its_host(
    world: World, broken: Behaviour, verdict: Verdict, tries: int
) -> None:
    lead_all_here(world)
    urls(world, "img.test", 12, broken)
    report = await world.refresh()
    assert verdicts(report, "img.test") == {verdict: 12}
    assert len(world.origin.requests) == report.summary.requests == 12 * tries
    assert not any("host given up" in one for one in messages(report, "img.test"))


@pytest.mark.parametrize(
    ("status", "verdict"), [(429, Verdict.RATE_LIMITED), (503, Verdict.SERVER_ERROR)]
)
async def test_a_host_that_refuses_everything_is_asked_a_handful_of_times(
    world: World, status: int, verdict: Verdict
) -> None:
    lead_all_here(world)
    urls(world, "busy.test", 100, behaviours.answer(status=status))
    urls(world, "live.test", 10, GOOD)
    report = await world.refresh()
    assert verdicts(report, "busy.test") == {verdict: 100}
    assert verdicts(report, "live.test") == {Verdict.OK: 10}
    assert asked(world)["busy.test"] < 20
    assert sum("host given up" in one for one in messages(report, "busy.test")) > 80


@pytest.mark.parametrize("command", ["refresh", "verify"])
async def test_a_host_that_lets_so_many_through_in_a_second_gives_all_its_images(
    world: World, command: str
) -> None:
    lead_all_here(world, backoff="50ms")
    serves, loop = limiters.token_bucket(100, 5), asyncio.get_running_loop()

    async def limited(*request: Any) -> bool | None:
        behaviour = GOOD if serves(loop.time()) else behaviours.answer(status=429)
        return await behaviour(*request)

    urls(world, "limited.test", 60, limited)
    urls(world, "free.test", 10, GOOD)
    if command == "refresh":
        report = await world.refresh()
    else:
        report = await verify([world.articles], world.settings())
    assert report.summary.verdicts == {Verdict.OK: 70}
    assert report.summary.requests == len(world.origin.requests)


async def test_a_host_that_comes_back_is_asked_again(world: World) -> None:
    lead_all_here(world, attempts=1, breaker_failures=2, breaker_pause=0.001)
    count = 0

    async def down_at_first(*request: Any) -> bool | None:
        nonlocal count
        count += 1
        return await (behaviours.reset() if count <= 4 else GOOD)(*request)

    urls(world, "img.test", 12, down_at_first)
    gate = asyncio.Event()

    async def until_it_is_back(*request: Any) -> bool | None:
        await gate.wait()
        return await GOOD(*request)

    async def opens(*request: Any) -> bool | None:
        gate.set()
        return await GOOD(*request)

    urls(world, "other.test", 1, until_it_is_back)
    world.origin.route("/img.test/11.jpg", opens)
    report = await world.refresh()
    assert verdicts(report, "img.test") == {Verdict.CONNECT_ERROR: 4, Verdict.OK: 8}
    assert asked(world) == {"img.test": 12, "other.test": 1}


def spelt(seconds: int) -> dict[str, str]:
    """A moment so many seconds from now, in the three spellings of RFC 9110 section 5.6.7."""
    moment = time() + seconds
    return {
        "seconds": str(seconds),
        "IMF-fixdate": formatdate(moment, usegmt=True),
        "RFC 850": strftime("%A, %d-%b-%y %H:%M:%S GMT", gmtime(moment)),
        "asctime": asctime(gmtime(moment)),
    }


@pytest.mark.parametrize("spelling", spelt(0))
async def test_a_retry_after_in_any_spelling_is_kept_by_later_runs(
    world: World, spelling: str
) -> None:
    lead_all_here(world)
    headers = {"Retry-After": spelt(7200)[spelling]}
    urls(world, "busy.test", 5, behaviours.answer(status=503, headers=headers))
    for _ in range(3):
        report = await world.refresh()
        assert verdicts(report, "busy.test") == {Verdict.SERVER_ERROR: 5}
    assert asked(world) == {"busy.test": 1}


async def test_a_long_wait_behind_a_redirect_silences_only_who_asked_for_it(world: World) -> None:
    lead_all_here(world)
    urls(
        world, "evil.test", 1, behaviours.answer(status=429, headers={"Retry-After": "9999999999"})
    )
    urls(world, "open.test", 1, behaviours.redirect("http://evil.test/evil.test/0.jpg"))
    (world.articles / "evil.test.md").unlink()
    report = await world.refresh()
    assert verdicts(report, "open.test") == {Verdict.RATE_LIMITED: 1}
    assert asked(world) == {"open.test": 1, "evil.test": 1}
    urls(world, "open.test", 2, GOOD)
    urls(world, "evil.test", 2, GOOD)
    report = await world.refresh()
    assert verdicts(report, "open.test") == {Verdict.OK: 2}
    assert verdicts(report, "evil.test") == {Verdict.RATE_LIMITED: 2}
    assert asked(world) == {"open.test": 3, "evil.test": 1}


async def test_a_short_retry_after_pauses_the_host_and_is_obeyed(world: World) -> None:
    lead_all_here(world, per_host=1)
    busy = behaviours.answer(status=429, headers={"Retry-After": "1"})
    moments: list[float] = []

    async def timed(*request: Any) -> bool | None:
        moments.append(asyncio.get_running_loop().time())
        return await (busy if len(moments) == 1 else GOOD)(*request)

    urls(world, "img.test", 3, timed)
    report = await world.refresh()
    assert verdicts(report, "img.test") == {Verdict.OK: 3}
    assert asked(world) == {"img.test": 4}
    assert moments[1] - moments[0] >= 1  # the host's own word; later is always allowed


class Dns:
    """Stands for the system's resolver; counts how often each name is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Callable[[], str]] = {}
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)

    def _getaddrinfo(self, host: bytes, *_: object, **__: object) -> list[tuple[object, ...]]:
        name = host.decode("ascii")
        self.asked[name] += 1
        address = self.answers[name]()
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 0))]


@pytest.fixture
def dns(world: World, monkeypatch: pytest.MonkeyPatch) -> Dns:
    made = Dns(monkeypatch)
    made.answers["live.test"] = lambda: "127.0.0.1"
    return made


def live(world: World, count: int) -> None:
    """Images of a host that the (patched) resolver leads to the origin."""
    found = [world.origin.url(f"/{number}.jpg", "live.test") for number in range(count)]
    for number in range(count):
        world.origin.route(f"/{number}.jpg", GOOD)
    world.article(*(world.entry(url) for url in found), name="live.md")


@pytest.mark.parametrize(
    ("error", "tries"), [(socket.EAI_NONAME, 1), (socket.EAI_FAIL, 1), (socket.EAI_AGAIN, 3)]
)
async def test_a_name_that_fails_is_looked_up_a_handful_of_times(
    world: World, dns: Dns, error: int, tries: int
) -> None:
    def fails() -> str:
        raise socket.gaierror(error, "no")

    dns.answers["dead.test"] = fails
    urls(world, "dead.test", 40, GOOD)
    live(world, 3)
    report = await world.refresh()
    assert verdicts(report, "dead.test") == {Verdict.DNS_ERROR: 40}
    assert report.summary.verdicts[Verdict.OK] == 3
    assert dns.asked["dead.test"] == 5 * tries
    assert len(world.origin.requests) == report.summary.requests == 3


async def test_names_that_hang_hold_up_neither_the_others_nor_the_end(
    world: World, dns: Dns
) -> None:
    released = threading.Event()

    def hangs() -> str:
        released.wait()
        return "127.0.0.1"

    for number in range(40):
        dns.answers[f"hangs{number}.test"] = hangs
        urls(world, f"hangs{number}.test", 2, GOOD)
    live(world, 20)
    world.extra = {"fetch": {"connect_timeout": "1s", "attempts": 1}}
    report = await world.refresh()
    assert not released.is_set()
    released.set()
    assert report.summary.verdicts == {Verdict.OK: 20, Verdict.DNS_ERROR: 80}
    assert {dns.asked[f"hangs{number}.test"] for number in range(40)} == {1}
    assert len(world.origin.requests) == 20


async def test_a_name_that_turns_private_between_two_tries_is_refused(
    world: World, dns: Dns
) -> None:
    answers = ["127.0.0.1", "127.0.0.2"]
    dns.answers["turns.test"] = lambda: answers.pop(0) if len(answers) > 1 else answers[0]
    world.origin.route("/a.jpg", behaviours.answer(status=503))
    async with Canary("127.0.0.2", world.origin.port) as canary:
        world.article(world.entry(world.origin.url("/a.jpg", "turns.test")))
        assert (await world.only()).verdict is Verdict.SERVER_ERROR
        assert (await world.only()).verdict is Verdict.FORBIDDEN_ADDRESS
        assert canary.connections == 0
    assert world.origin.count("/a.jpg") == 3


async def test_what_a_run_says_of_its_requests_is_what_was_sent(world: World) -> None:
    """Redirects, retries, a stale connection's free try and what was cut short, all of it."""
    lead_all_here(world, per_host=1)
    lost = behaviours.cut(JPEG[:99], len(JPEG))
    urls(world, "a.test", 1, behaviours.in_turn(lost, GOOD))
    urls(world, "b.test", 1, behaviours.redirect("/b.test/next.jpg"))
    world.origin.route("/b.test/next.jpg", GOOD)
    urls(world, "c.test", 3, behaviours.in_turn(GOOD, behaviours.raw(), GOOD))
    urls(world, "d.test", 1, behaviours.stall(behaviours.head(200, {"Content-Length": "9"})))
    world.extra["fetch"] |= {"deadline": "2s"}
    report = await world.refresh()
    assert report.summary.verdicts == {Verdict.OK: 5, Verdict.TIMEOUT: 1}
    assert report.summary.requests == len(world.origin.requests)
    assert asked(world) == {"a.test": 2, "b.test": 2, "c.test": 4, "d.test": 1}
