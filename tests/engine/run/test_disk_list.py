from __future__ import annotations

from pathlib import Path

import pytest

from imgcache.engine.run.disk_list import DiskList
from imgcache.errors import LocalError
from tests.support.world import take_temporary_folders_away


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
        items.append("x")
        with pytest.raises(LocalError, match="No space left on device; set TMPDIR"):
            list(items)


def test_without_a_temporary_folder_memory_is_used_as_far_as_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_temporary_folders_away(monkeypatch)
    items: DiskList[str] = DiskList()
    items.append("x")
    assert list(items) == ["x"]
    items.append("x" * (5 << 20))
    with pytest.raises(LocalError, match=r"No usable temporary directory.*; set TMPDIR"):
        list(items)
