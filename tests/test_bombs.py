"""Under any bomb the main process grows by less than 64 MiB, with all 64 requests under way."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.behaviours import Behaviour, answer, flood, head, stall
from tests.support.origin import Origin

MOST = 64.0  # MiB
HOSTS = 64  # the default of fetch.concurrency
OK = head(200, {})[:-2]
CHUNKED = head(200, {"Transfer-Encoding": "chunked"})
LONG = b"X-More: " + b"x" * 60_000 + b"\r\n"
MANY = b"".join(b"X-%d: " % number + b"x" * 118 + b"\r\n" for number in range(990))
LENGTH = b"Content-Length: 999999\r\n"

BOMBS: dict[str, Behaviour] = {
    "headers without end": flood(OK, LONG),
    "headers after an empty line": flood(b"\r\n" + OK, LONG),
    "headers of another protocol": flood(b"RTSP/1.0 200 OK\r\n", LONG),
    "as many headers as are allowed": stall(OK + LENGTH + MANY + b"\r\nabc"),
    "half a header section": stall(OK + LENGTH + MANY),
    "interim answers": flood(b"", b"HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n" * 20),
    "interim answers and empty lines": flood(b"", b"\r\nHTTP/1.1 103 x\r\n\r\n" * 20),
    "trailers": flood(CHUNKED + b"3\r\nabc\r\n0\r\n", LONG),
    "a trailer": flood(CHUNKED + b"3\r\nabc\r\n0\r\nX: ", b"y" * 60_000),
    "chunk extensions": flood(CHUNKED + b"3;", b"y" * 60_000),
    "chunks of a byte": flood(CHUNKED, b"1\r\nx\r\n" * 10_000),
    "gzip": answer(gzip.compress(b"\0" * (64 << 20)), headers={"Content-Encoding": "gzip"}),
    "a gzip header": flood(
        head(200, {"Content-Encoding": "gzip"}) + b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", b"n" * 60_000
    ),
    "a body": flood(head(200, {}), b"x" * 65_536),
    "a JPEG header": flood(head(200, {}) + b"\xff\xd8", b"\xff\xfe\xff\xff" + bytes(65_533)),
    "a PNG header": flood(
        head(200, {}) + b"\x89PNG\r\n\x1a\n", b"\0\1\0\0tEXt" + bytes(65_536) + b"\0\0\0\0"
    ),
    "an SVG tag": flood(
        head(200, {"Content-Type": "image/svg+xml"}) + b"<svg xmlns='http://www.w3.org/2000/svg' ",
        b"a" * 65_536,
    ),
    "bodies that stop just under 1 MiB": stall(
        head(200, {"Content-Length": str(1 << 25)}) + b"\xff\xd8" + b"x" * 1_040_000
    ),
    "an error page": flood(head(404, {}), b"x" * 65_536),
    "a redirect's page": flood(head(302, {"Location": "/next"}), b"x" * 65_536),
}
# These took more than a gigabyte, or are the nearest to the limit.
ALWAYS = {"trailers", "headers after an empty line", "as many headers as are allowed"}

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of memory is read from /proc"
)


async def measured(mode: str, bomb: Behaviour) -> dict[str, Any]:
    async with Origin() as origin:
        origin.route("/bomb", bomb)
        words = [sys.executable, "-m", "tests.support.measured", mode, str(origin.port), "/bomb"]
        process = await asyncio.create_subprocess_exec(
            *words, str(HOSTS), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parent.parent
        )
        told, _ = await process.communicate()
    document: dict[str, Any] = json.loads(told)
    return document


def assert_small(told: dict[str, Any]) -> None:
    assert sum(told["verdicts"].values()) == HOSTS
    assert "ok" not in told["verdicts"]
    assert told["grown"] < MOST


@pytest.mark.parametrize("name", sorted(ALWAYS))
async def test_the_worst_bombs_do_not_grow_a_refresh(name: str) -> None:
    assert_small(await measured("refresh", BOMBS[name]))


async def test_a_header_without_end_does_not_grow_a_probe() -> None:
    assert_small(await measured("probe", BOMBS["a JPEG header"]))


async def test_nor_does_what_another_process_passes_on() -> None:
    assert_small(await measured("apart", BOMBS["a body"]))


@pytest.mark.torture
@pytest.mark.parametrize("mode", ["refresh", "apart", "probe", "full"])
@pytest.mark.parametrize("name", BOMBS)
async def test_no_bomb_grows_the_main_process(name: str, mode: str) -> None:
    assert_small(await measured(mode, BOMBS[name]))
