"""What goes over a line comes out of it whole, however the socket cuts it."""

from __future__ import annotations

import asyncio
import socket
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.edge.http.apart.line import Line
from imgcache.edge.http.apart.messages import End, News, Piece
from imgcache.model import Failure, Format, Size, Verdict

PIECES = st.tuples(st.builds(Piece, st.integers(0, 2**40), st.booleans()), st.binary(max_size=300))


class Heard(list[tuple[News, bytes]]):
    """All that one end hears; its `line` is given bytes as a socket would."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0
        self.line = Line(msgspec.msgpack.Decoder(News), self._hear, self._lose)

    def _hear(self, one: News, data: bytes) -> None:
        self.append((one, data))

    def _lose(self) -> None:
        self.lost += 1


async def sent(*messages: tuple[News, bytes]) -> bytes:
    """The bytes by which an end says these in one turn of the loop."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    line = Heard().line
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: line, ours)
    for one, data in messages:
        line.say(one, data)
    await asyncio.sleep(0)
    with theirs:
        came = await loop.sock_recv(theirs, 1 << 20)
    line.close()
    return came


@given(st.lists(PIECES, min_size=1, max_size=5), st.data())
def test_messages_come_out_whole_however_they_are_cut(
    messages: list[tuple[News, bytes]], draw: st.DataObject
) -> None:
    data = asyncio.run(sent(*messages))
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    heard = Heard()
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        heard.line.data_received(data[start:end])
    assert heard == messages


async def test_a_failure_is_the_same_on_the_other_side() -> None:
    failure = Failure(
        Verdict.TOO_LARGE,
        "it is",
        200,
        size=Size(3, 2),
        format=Format.AVIF,
        bytes=7,
        retry_after=1.5,
    )
    end = End(1, False, 2, 3, True, False, "img.test", failure=failure)  # noqa: FBT003  as it is told
    heard = Heard()
    heard.line.data_received(await sent((end, b"")))
    assert heard == [(end, b"")]
    told = heard[0][0]
    assert isinstance(told, End)
    assert told.result == failure


NONSENSE = {
    "no message": struct.pack("=II", 3, 0) + b"abc",
    "another kind": struct.pack("=II", 4, 0) + msgspec.msgpack.encode([1, 2, 3]),
    "endless words": struct.pack("=II", 1 << 31, 0),
    "endless bytes": struct.pack("=II", 0, 1 << 31),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=NONSENSE)
async def test_who_talks_nonsense_is_lost(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = socket.socketpair()
    heard = Heard()
    gone = asyncio.Event()
    heard.line = Line(msgspec.msgpack.Decoder(News), heard._hear, gone.set)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: heard.line, ours)
    with theirs:
        theirs.sendall(data)
        await asyncio.wait_for(gone.wait(), 30)
    assert not heard
    assert not caplog.records
