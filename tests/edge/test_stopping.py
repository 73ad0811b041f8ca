"""Long work hears between its steps whether to stop, and short work does not."""

from __future__ import annotations

import threading

import pytest

from imgcache.edge.stopping import StoppedError, is_told, steps, stopped_by


def told() -> threading.Event:
    signal = threading.Event()
    signal.set()
    return signal


def test_work_stops_after_so_many_steps() -> None:
    going = steps(range(7), 3)
    with stopped_by(told()):
        assert [next(going) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(StoppedError):
            next(going)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_short_work_is_done_as_a_whole(length: int) -> None:
    with stopped_by(told()):
        assert list(steps(range(length), 3)) == list(range(length))


def test_any_of_the_signals_counts_as_long_as_its_work_lasts() -> None:
    with stopped_by(told()), stopped_by(threading.Event()):
        assert is_told()
    assert not is_told()
