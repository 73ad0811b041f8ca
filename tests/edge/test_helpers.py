"""Helpers: the results are those of this process, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgcache.edge import helpers
from imgcache.edge.cores import cores
from imgcache.edge.helpers import Helpers, helpers_of
from imgcache.edge.stopping import StoppedError, stopped_by
from tests.support.processes import children

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or cores() == 1, reason="they are forked on Linux, for a second core"
)
MANY = range(100)


def sum_and_place(known: int, item: int) -> tuple[int, int]:
    return known + item, os.getpid()


def long_text(known: int, item: int) -> str:
    """More than a socket holds."""
    return chr(item % 128) * (known << 20)


def fatal(known: int, item: int) -> tuple[int, int]:
    """Ends a helper, but not the process that has helpers."""
    if item == 40 and os.getpid() != known:
        os.kill(os.getpid(), signal.SIGKILL)
    return item, os.getpid()


def refusing(_: int, item: int) -> int:
    if item == 17:
        raise LookupError("not this one")
    return item


def nothing() -> None:
    pass


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of those who run the tests hold nothing that a new process needs."""
    monkeypatch.setattr("imgcache.edge.forked.threading.active_count", lambda: 1)


@pytest.fixture
def two() -> Iterator[Helpers[int]]:
    with helpers_of(1, nothing) as found:
        assert found is not None
        yield found


def test_all_is_done_in_order_and_by_others(two: Helpers[int]) -> None:
    results = list(two.map(sum_and_place, MANY))
    assert [total for total, _ in results] == [one + 1 for one in MANY]
    places = {place for _, place in results}
    assert len(places) == 2
    assert os.getpid() not in places
    assert not two.lost


def test_nothing_gives_nothing(two: Helpers[int]) -> None:
    assert list(two.map(sum_and_place, ())) == []
    assert [total for total, _ in two.map(sum_and_place, [5])] == [6]


def test_results_may_be_longer_than_what_a_socket_holds(two: Helpers[int]) -> None:
    assert [text[0] for text in two.map(long_text, MANY)] == [chr(one) for one in MANY]


def test_what_nobody_wants_any_more_is_in_nobodys_way(two: Helpers[int]) -> None:
    some = two.map(sum_and_place, MANY)
    assert next(some)[0] == 1
    some.close()
    assert [total for total, _ in two.map(sum_and_place, range(7, 30))] == list(range(8, 31))
    assert not two.lost


def test_who_is_told_to_stop_waits_for_nobody(two: Helpers[int]) -> None:
    stop = threading.Event()
    for process in children(os.getpid())[-2:]:
        os.kill(process, signal.SIGSTOP)
    stop.set()
    with stopped_by(stop), pytest.raises(StoppedError):
        list(two.map(sum_and_place, MANY))
    assert not two.lost


def test_what_a_lost_helper_had_is_done_here() -> None:
    with helpers_of(os.getpid(), nothing) as two:
        assert two is not None
        results = list(two.map(fatal, MANY))
    assert [item for item, _ in results] == list(MANY)
    assert os.getpid() in {place for _, place in results}
    assert two.lost


def test_when_all_are_lost_all_is_done_here(two: Helpers[int]) -> None:
    for process in children(os.getpid())[-2:]:
        os.kill(process, signal.SIGKILL)
    results = list(two.map(sum_and_place, MANY))
    assert [total for total, _ in results] == [one + 1 for one in MANY]
    assert {place for _, place in results} == {os.getpid()}
    assert two.lost


def test_one_that_is_stopped_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "_PATIENCE", 0.2)
    with helpers_of(1, nothing) as two:
        assert two is not None
        stopped = children(os.getpid())[-1]
        os.kill(stopped, signal.SIGSTOP)
        assert [total for total, _ in two.map(sum_and_place, MANY)] == [one + 1 for one in MANY]
    assert two.lost
    assert stopped not in children(os.getpid())


def test_one_that_is_stopped_in_the_middle_of_a_result_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(helpers, "_PATIENCE", 0.1)
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.02)
        there.sendall((100).to_bytes(8, sys.byteorder) + b"half of it")
        one = Helpers(1, [helpers._Line(here)])
        assert [total for total, _ in one.map(sum_and_place, MANY)] == [n + 1 for n in MANY]
    assert one.lost


@pytest.mark.parametrize("listing", ["/proc/self/fd", "/nowhere"])
def test_none_holds_open_what_others_wait_for(
    monkeypatch: pytest.MonkeyPatch, listing: str
) -> None:
    monkeypatch.setattr("imgcache.edge.forked._OPEN_FILES", Path(listing))
    with helpers_of(1, nothing) as two:
        assert two is not None
        places = {place for _, place in two.map(sum_and_place, MANY)}
        open_files = [len([*Path(f"/proc/{one}/fd").iterdir()]) for one in places]
    assert open_files == [4, 4]  # the standard streams, and its line


def test_what_the_work_raises_is_raised_here(two: Helpers[int]) -> None:
    some = two.map(refusing, MANY)
    with pytest.raises(LookupError, match="not this one"):
        list(some)
    assert [total for total, _ in two.map(sum_and_place, MANY)] == [one + 1 for one in MANY]


def test_each_prepares_itself(tmp_path: Path) -> None:
    def prepare() -> None:
        (tmp_path / str(os.getpid())).touch()

    with helpers_of(1, prepare) as two:
        assert two is not None
        places = {str(place) for _, place in two.map(sum_and_place, MANY)}
    assert {path.name for path in tmp_path.iterdir()} == places


def test_they_end_with_the_run() -> None:
    before = children(os.getpid())
    with helpers_of(1, nothing):
        assert len(children(os.getpid())) == len(before) + 2
    assert children(os.getpid()) == before


def test_there_are_none_beside_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.forked.threading.active_count", lambda: 2)
    with helpers_of(1, nothing) as found:
        assert found is None


def test_there_are_none_where_descriptors_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.descriptors.available", lambda: 48)
    with helpers_of(1, nothing) as found:
        assert found is None


def test_what_a_helper_gets_next_is_at_hand_before_it_is_waited_for(
    two: Helpers[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    waits: list[int] = []
    result = Helpers._result

    def waited(self: Helpers[int], *portion: Any) -> Any:
        waits.append(len(taken))
        return result(self, *portion)

    def source() -> Iterator[int]:
        for item in MANY:
            taken.append(item)
            yield item

    monkeypatch.setattr(Helpers, "_result", waited)
    assert [one for one, _ in two.map(sum_and_place, source())] == [1 + one for one in MANY]
    assert waits[:3] == [12, 12, 20]
