"""Names to addresses, and the last check before a connection."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from imgcache.core.http.address import Address, AddressRule
from imgcache.edge.http.dns import Lookup, LookupThreads
from imgcache.edge.http.resolver import ForbiddenAddressError, GuardedResolver, LookupFailedError
from imgcache.units import AllowedNetwork, Resolve

PUBLIC = IPv4Address("93.184.216.34")


def resolver(
    lookup: Lookup, *, rule: AddressRule | None = None, mapped: Sequence[Resolve] = ()
) -> GuardedResolver:
    return GuardedResolver(LookupThreads(lookup), rule or AddressRule(()), mapped, 5.0)


def info(address: str, port: int) -> tuple[socket.AddressFamily, int, int, str, tuple[str, int]]:
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))


async def test_all_answers_are_handed_on_in_their_order() -> None:
    both: list[Address] = [IPv6Address("2606:2800:220::1"), PUBLIC]
    found = await resolver(lambda _: both).resolve("img.test", 80)
    assert [(one["host"], one["port"], one["family"]) for one in found] == [
        ("2606:2800:220::1", 80, socket.AF_INET6),
        ("93.184.216.34", 80, socket.AF_INET),
    ]


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"]])
async def test_one_forbidden_answer_refuses_them_all(answers: list[str]) -> None:
    guarded = resolver(lambda _: [ip_address(one) for one in answers])
    with pytest.raises(ForbiddenAddressError) as caught:
        await guarded.resolve("img.test", 80)
    assert not any(one in str(caught.value) for one in answers)


async def test_names_that_hang_hold_up_no_other() -> None:
    release, hanging = threading.Event(), threading.Semaphore(0)

    def lookup(host: str) -> Sequence[Address]:
        if host.startswith("hangs"):
            hanging.release()
            release.wait()
        return [PUBLIC]

    guarded = resolver(lookup)
    stuck = []
    for number in range(3):
        stuck.append(asyncio.create_task(guarded.resolve(f"hangs{number}.test", 80)))
        await asyncio.to_thread(hanging.acquire)
        assert await guarded.resolve("img.test", 80)
    assert not any(task.done() for task in stuck)
    release.set()
    assert await asyncio.gather(*stuck)
    await guarded.close()


async def test_a_given_up_look_up_keeps_its_thread_and_the_next_one_gets_another() -> None:
    release = threading.Event()

    def lookup(host: str) -> Sequence[Address]:
        if host == "hangs.test":
            release.wait()
        return [PUBLIC]

    guarded = GuardedResolver(LookupThreads(lookup), AddressRule(()), (), 0.05)
    with pytest.raises(LookupFailedError, match=r"no answer within 0\.05 s") as caught:
        await guarded.resolve("hangs.test", 80)
    assert caught.value.transient
    guarded = GuardedResolver(guarded._threads, AddressRule(()), (), 5.0)
    assert await guarded.resolve("img.test", 80)
    release.set()
    await guarded.close()


def test_the_address_is_checked_again_at_the_moment_of_connecting() -> None:
    mapped = [Resolve.parse("img.test:80:127.0.0.1:8080")]
    opened = AddressRule([AllowedNetwork.parse("10.0.0.0/8")])
    guarded = resolver(lambda _: [PUBLIC], rule=opened, mapped=mapped)
    for address, port in [("127.0.0.1", 80), ("192.168.0.1", 80), ("127.0.0.1", 8081)]:
        with pytest.raises(ForbiddenAddressError) as caught:
            guarded.connect_socket(info(address, port))
        assert address not in str(caught.value)
    for address, port in [("127.0.0.1", 8080), ("10.1.2.3", 80), ("93.184.216.34", 80)]:
        guarded.connect_socket(info(address, port)).close()


async def test_a_name_with_many_addresses_is_checked_whole_and_dialled_at_a_few() -> None:
    many: list[Address] = [
        *(PUBLIC + number for number in range(1000)),
        *(IPv6Address("2606:2800:220::1") + number for number in range(1000)),
    ]
    found = await resolver(lambda _: many).resolve("img.test", 80)
    dialled = ["93.184.216.34", "93.184.216.35", "93.184.216.36"]
    dialled += ["2606:2800:220::1", "2606:2800:220::2", "2606:2800:220::3"]
    assert [one["host"] for one in found] == dialled
    with pytest.raises(ForbiddenAddressError):
        await resolver(lambda _: [*many, ip_address("10.0.0.1")]).resolve("img.test", 80)
