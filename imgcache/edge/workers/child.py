"""Child process: a worker that takes orders from its stdin and tells its news on stdout.

It ends when its stdin does, so that it never outlives the one who gives the orders.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys

from imgcache.edge.workers import frames
from imgcache.edge.workers.frames import Frame
from imgcache.edge.workers.protocol import Bench

# A frame is read whole, however long it is; this is what is read ahead.
_AHEAD = 1 << 20


class _PipeChannel:
    """One order's part of the pipes."""

    def __init__(self, number: int, out: asyncio.WriteTransport) -> None:
        self._number = number
        self._out = out
        self.words: asyncio.Queue[bytes] = asyncio.Queue()

    def send(self, kind: bytes, data: bytes = b"") -> None:
        self._out.write(frames.packed(Frame(kind, self._number, data)))

    def tell(self, news: bytes) -> None:
        self.send(frames.NEWS, news)

    async def hear(self) -> bytes:
        return await self.words.get()


async def _pipes(stdin: int, stdout: int) -> tuple[asyncio.StreamReader, asyncio.WriteTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_AHEAD)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(stdin, "rb", 0)
    )
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(stdout, "wb", 0))
    return reader, out


async def _carry_out(
    bench: Bench, opening: asyncio.Task[None], order: bytes, channel: _PipeChannel
) -> None:
    try:
        await asyncio.shield(opening)
        await bench.work(order, channel)
    except Exception as exc:  # noqa: BLE001  told to the one who gave the order
        channel.send(frames.FAULT, f"{type(exc).__name__}: {exc}".encode())
    else:
        channel.send(frames.END)


async def _serve(stdin: int, stdout: int) -> None:
    reader, out = await _pipes(stdin, stdout)
    first = await frames.read(reader)
    if first is None:
        return
    outfit, decoders = pickle.loads(first.data)  # noqa: S301  from our own parent, by its own pipe
    bench: Bench = outfit.make(outfit.settings, decoders)
    opening = asyncio.create_task(bench.open())
    channels: dict[int, _PipeChannel] = {}
    under_way: set[asyncio.Task[None]] = set()
    try:
        while (frame := await frames.read(reader)) is not None:
            if frame.kind == frames.ORDER:
                channel = channels[frame.number] = _PipeChannel(frame.number, out)
                task = asyncio.create_task(_carry_out(bench, opening, frame.data, channel))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            elif frame.number in channels:
                channels[frame.number].words.put_nowait(frame.data)
    finally:
        for task in (*under_way, opening):
            task.cancel()
        await asyncio.gather(*under_way, opening, return_exceptions=True)
        await bench.close()


def main() -> None:
    """Serve the pipes; whatever else is printed goes to stderr."""
    stdin, stdout = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for number in (stdin, stdout):
        os.set_inheritable(number, False)  # noqa: FBT003  its only parameter
    asyncio.run(_serve(stdin, stdout))


if __name__ == "__main__":
    main()
    sys.exit(0)
