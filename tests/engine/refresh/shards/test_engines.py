"""Which engine is meant, and what is told of one that can't be used: before anything starts."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from imgcache import Settings
from imgcache.cli.run import UNUSABLE
from imgcache.edge.workers.protocol import Outfit
from imgcache.engine.refresh.shards import engines
from imgcache.engine.refresh.shards.bench import FetchBench
from imgcache.engine.refresh.shards.engines import opened, processes_wanted, shares
from imgcache.errors import ConfigError
from tests.support.world import World, run


@pytest.mark.parametrize("name", ["spark", "dask:8786", "dask://host", "", "ray:/h:1"])
async def test_an_unknown_engine_is_told_with_those_that_there_are(world: World, name: str) -> None:
    done = await run("refresh", "articles", f"--engine={name}", cwd=world.folder)
    assert done.status == UNUSABLE
    assert "local, dask, ray, dask://HOST:PORT or ray://HOST:PORT" in done.stderr
    assert not world.cache.exists()


@pytest.mark.parametrize(("name", "library"), [("dask", "distributed"), ("ray://h:1", "ray")])
async def test_a_missing_extra_is_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    kind = name.partition(":")[0]
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"imgcache.edge.workers.{kind}_cluster", raising=False)
    with pytest.raises(ConfigError, match=rf"needs \w+: pip install 'imgcache\[{kind}\]'"):
        async with opened(name, Settings()):
            pass


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
def test_there_is_a_process_for_two_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int
) -> None:
    monkeypatch.setattr(engines, "cores", lambda: cores)
    assert processes_wanted(Settings()) == processes
    assert processes_wanted(Settings.model_validate({"fetch": {"processes": 3}})) == 3


@pytest.mark.parametrize(("concurrency", "processes"), [(4, 4), (10**11, 1000)])
def test_no_more_processes_than_requests(concurrency: int, processes: int) -> None:
    fetch = {"processes": 10**11, "concurrency": concurrency}
    assert processes_wanted(Settings.model_validate({"fetch": fetch})) == processes


def test_decoders_are_divided_and_each_worker_has_one() -> None:
    assert shares(16, 5) == [3, 3, 3, 3, 4]
    assert shares(1, 2) == [1, 1]


def unpacked(made: Outfit) -> Settings:
    """The settings that a worker gets."""
    found = pickle.loads(made.settings)  # noqa: S301  just packed
    assert isinstance(found, Settings)
    return found


def test_a_worker_gets_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = engines.outfit(Settings.model_validate({"cache": {"dir": "kept"}}))
    assert made.make is FetchBench
    assert unpacked(made).cache.dir == tmp_path / "kept"


@pytest.mark.parametrize("here", [True, False])
def test_of_an_object_store_only_processes_of_this_machine_share_working_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_validate({"cache": {"dir": "s3://bucket/site", "index": "kept"}})
    cache = unpacked(engines.outfit(settings, here=here)).cache
    assert str(cache.dir) == "s3://bucket/site"
    assert cache.index == (tmp_path / "kept" if here else None)


def test_the_token_of_the_service_stays_here() -> None:
    settings = Settings.model_validate({"serve": {"token": "SECRET"}})
    assert b"SECRET" not in engines.outfit(settings).settings
