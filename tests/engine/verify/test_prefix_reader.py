"""The first bytes of a body say the same, however the network cuts it into pieces."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgcache.core.images.examine import FIRST_BYTES
from imgcache.core.images.limits import Limits
from imgcache.edge.http.body import receive
from imgcache.edge.http.exchange import AttemptStats, ReadLimit, Received
from imgcache.edge.http.httpx_import import httpx
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.engine.verify.prefix_reader import PrefixSink
from imgcache.model import Failure, Verdict
from tests.support import behaviours, pictures
from tests.support.behaviours import head
from tests.support.world import World

LIMITS = Limits(64_000_000, 1000, 100)
LARGE = pictures.jpeg(1200, 800)
COMMENT = b"\xff\xfe\xff\xff" + bytes(65533)
DAMAGED = pictures.cut(LARGE, 0.4)
MOST = 1 << 20
BODIES = {
    "small": pictures.jpeg(160, 120),
    "as long as what is asked for": LARGE[:FIRST_BYTES],
    "a byte longer": LARGE[: FIRST_BYTES + 1],
    "damaged": DAMAGED,
    "a long header": LARGE[:2] + COMMENT + LARGE[2:],
    "a header without end": LARGE[:2] + COMMENT * 8,
    "text": b"no such picture " * 9000,
}
PIECES = st.lists(st.integers(500, 70_000), min_size=1, max_size=6)


def cut(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    """The data in pieces of these lengths, from the first on again until it ends."""
    pieces: list[bytes] = []
    while data:
        length = lengths[len(pieces) % len(lengths)]
        pieces.append(data[:length])
        data = data[length:]
    return pieces


async def taken(
    pieces: Sequence[bytes], headers: dict[str, str], most: int = MOST
) -> tuple[Received | Failure, bytes, bool]:
    """What comes of a body in these pieces, and what the sink has then."""

    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece

    sink = PrefixSink(LIMITS)
    response = httpx.Response(200, headers=headers, stream=Stream())
    result = await receive(response, sink, AttemptStats(), ReadLimit(most, FIRST_BYTES))
    return result, bytes(sink.data), sink.full


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=10)
@given(lengths=PIECES)
@example(lengths=[FIRST_BYTES])
@example(lengths=[FIRST_BYTES, 1])
@example(lengths=[65_536])
def test_what_is_read_does_not_depend_on_pieces(
    name: str, lengths: Sequence[int], announced: bool
) -> None:
    body = BODIES[name]
    headers = {"Content-Length": str(len(body))} if announced else {}
    assert asyncio.run(taken(cut(body, lengths), headers)) == asyncio.run(taken([body], headers))


@pytest.mark.parametrize("damaged_at", [None, 20_000, 200_000])
@settings(max_examples=10)
@given(lengths=PIECES)
def test_nor_where_it_is_packed(damaged_at: int | None, lengths: Sequence[int]) -> None:
    packed = gzip.compress(LARGE + COMMENT * 4, mtime=0)
    if damaged_at is not None:
        at = min(damaged_at, len(packed) - 100)
        packed = packed[:at] + b"\xff" * 60 + packed[at + 60 :]
    headers = {"Content-Length": str(len(packed)), "Content-Encoding": "gzip"}
    assert asyncio.run(taken(cut(packed, lengths), headers)) == asyncio.run(
        taken([packed], headers)
    )


@settings(max_examples=10)
@given(lengths=PIECES)
def test_nor_at_the_limit_of_bytes(lengths: Sequence[int]) -> None:
    for most in (10_000, 20_000):
        whole = asyncio.run(taken([LARGE], {}, most))
        assert asyncio.run(taken(cut(LARGE, lengths), {}, most)) == whole
        assert isinstance(whole[0], Failure) is (most < FIRST_BYTES)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_probe_says_the_same_each_time(world: World, announced: bool) -> None:
    headers = {"Content-Length": str(len(DAMAGED))} if announced else {}
    urls = []
    for length in (1000, FIRST_BYTES, FIRST_BYTES + 1, 50_000, len(DAMAGED)):
        sent = behaviours.raw(head(200, headers), *cut(DAMAGED, [length]))
        urls.append(world.origin.route(f"/{length}.jpg", sent))
    world.article(*(world.entry(url, 1200, 800) for url in urls))
    report = await verify([world.articles], world.settings(), VerifyOptions(Depth.PROBE))
    entries = list(report.entries())
    assert [entry.verdict for entry in entries] == [Verdict.OK] * len(urls)
