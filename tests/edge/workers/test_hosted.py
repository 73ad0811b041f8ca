"""A bench in somebody else's process: opened when it is asked for, left by nobody's orders."""

from __future__ import annotations

import asyncio
import queue

import pytest

from imgcache.edge.workers.hosted import HostedBench
from imgcache.edge.workers.protocol import Channel, LostError, Outfit


class Echo:
    """Tells its order, then each word, until the word is `enough`."""

    made = 0
    closed = queue.Queue[bool]()

    def __init__(self, settings: bytes, decoders: int) -> None:
        self.first = settings + str(decoders).encode()
        Echo.made += 1

    async def open(self) -> None:
        if self.first.startswith(b"useless"):
            raise ValueError("it is of no use")
        self.first += b" open"

    async def work(self, order: bytes, channel: Channel) -> None:
        if order == b"fail":
            raise ValueError(order.decode())
        channel.tell(self.first)
        channel.tell(order)
        while (word := await channel.hear()) != b"enough":
            channel.tell(word)

    async def close(self) -> None:
        Echo.closed.put(True)  # noqa: FBT003  it is all there is to say


def hosted(settings: bytes = b"settings") -> HostedBench:
    Echo.made, Echo.closed = 0, queue.Queue()
    return HostedBench(Outfit(Echo, settings), 3)


def test_orders_are_carried_out_side_by_side_and_hear_their_own_words() -> None:
    bench, one, two = hosted(), queue.Queue[bytes](), queue.Queue[bytes]()
    assert Echo.made == 0
    first, second = bench.start(1, b"one", one.put), bench.start(2, b"two", two.put)
    assert [one.get(timeout=10), one.get(timeout=10)] == [b"settings3 open", b"one"]
    assert [two.get(timeout=10), two.get(timeout=10)] == [b"settings3 open", b"two"]
    bench.say(2, b"word")
    assert two.get(timeout=10) == b"word"
    for number in (1, 2, 99):
        bench.say(number, b"enough")
    assert (first.result(10), second.result(10)) == (None, None)
    assert one.empty()
    assert Echo.made == 1
    bench.close().result(10)


async def test_on_the_loop_of_its_host_it_ends_without_ending_that() -> None:
    Echo.made, Echo.closed = 0, queue.Queue()
    bench = HostedBench(Outfit(Echo, b"settings"), 3, asyncio.get_running_loop())
    told = asyncio.Queue[bytes]()
    done = asyncio.wrap_future(bench.start(1, b"order", told.put_nowait))
    assert [await told.get(), await told.get()] == [b"settings3 open", b"order"]
    bench.say(1, b"enough")
    await done
    await asyncio.wrap_future(bench.close())
    assert Echo.closed.get_nowait()
    await asyncio.sleep(0)


def test_what_an_order_raises_is_told() -> None:
    bench = hosted()
    with pytest.raises(ValueError, match="fail"):
        bench.start(1, b"fail", lambda _: None).result(10)
    bench.close().result(10)


def test_it_can_be_opened_before_the_first_order_comes() -> None:
    bench, told = hosted(), queue.Queue[bytes]()
    assert bench.open().result(10) is None
    bench.start(1, b"one", told.put)
    assert told.get(timeout=10) == b"settings3 open"
    assert Echo.made == 1
    bench.close().result(10)


def test_what_can_not_be_opened_says_why_and_is_closed() -> None:
    bench = hosted(b"useless")
    with pytest.raises(ValueError, match="of no use"):
        bench.open().result(10)
    assert Echo.closed.get(timeout=10)
    bench.close().result(10)


def test_opened_for_orders_that_never_come_it_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.workers.hosted._IDLE_SECONDS", 0.0)
    bench = hosted()
    bench.open().result(10)
    assert Echo.closed.get(timeout=10)
    bench.close().result(10)


def test_an_order_that_is_dropped_is_lost() -> None:
    bench, told = hosted(), queue.Queue[bytes]()
    order = bench.start(1, b"one", told.put)
    told.get(timeout=10)
    bench.drop(1)
    with pytest.raises(LostError):
        order.result(10)
    bench.close().result(10)


def test_a_bench_without_orders_closes_and_opens_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.workers.hosted._IDLE_SECONDS", 0.0)
    bench, told = hosted(), queue.Queue[bytes]()
    for number in (1, 2):
        order = bench.start(number, b"order", told.put)
        assert told.get(timeout=10) == b"settings3 open"
        assert told.get(timeout=10) == b"order"
        bench.say(number, b"enough")
        order.result(10)
        assert Echo.closed.get(timeout=10)
    assert Echo.made == 2
    bench.close().result(10)
