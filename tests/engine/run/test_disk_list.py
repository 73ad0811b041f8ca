from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.engine.run.disk_list import DiskList
from imgcache.errors import LocalError


def test_items_come_back_in_order_and_as_often_as_asked() -> None:
    items: DiskList[tuple[int, str]] = DiskList()
    for number in range(1000):
        items.append((number, "x" * 10_000))
    assert len(items) == 1000
    assert [number for number, _ in items] == [number for number, _ in items] == list(range(1000))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's disk that is always full")
def test_a_full_disk_is_this_machines_fault() -> None:
    items: DiskList[str] = DiskList()
    items.close()
    with Path("/dev/full").open("wb", buffering=0) as full:
        items._file = full
        with pytest.raises(LocalError, match="make room"):
            items.append("x")
