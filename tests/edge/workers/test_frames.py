"""Frames come out of a pipe as they went in, however it cuts them."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from imgcache.edge.workers import frames
from imgcache.edge.workers.frames import Frame, packed, read

FRAMES = st.builds(
    Frame,
    st.sampled_from([frames.ORDER, frames.WORD, frames.NEWS, frames.END, frames.FAULT]),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=300),
)


def all_of(data: bytes, size: int) -> list[Frame]:
    async def read_all() -> list[Frame]:
        reader = asyncio.StreamReader()
        for start in range(0, len(data), size):
            reader.feed_data(data[start : start + size])
        reader.feed_eof()
        found = []
        while (frame := await read(reader)) is not None:
            found.append(frame)
        return found

    return asyncio.run(read_all())


@given(st.lists(FRAMES, max_size=5), st.integers(1, 50))
def test_frames_come_out_as_they_went_in(sent: list[Frame], size: int) -> None:
    assert all_of(b"".join(map(packed, sent)), size) == sent


@given(FRAMES, FRAMES, st.data())
def test_a_frame_that_is_cut_off_is_none(first: Frame, second: Frame, data: st.DataObject) -> None:
    whole = packed(first) + packed(second)
    end = data.draw(st.integers(len(packed(first)), len(whole) - 1))
    assert all_of(whole[:end], 16) == [first]
