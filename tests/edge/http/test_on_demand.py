"""A fetcher that nobody asks opens nothing; one that is asked is opened once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.http.exchange import Body
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.errors import ConfigError
from imgcache.facts import Validators
from tests.support.fetching import MemorySink, settings, web
from tests.support.origin import Origin


async def test_many_that_come_first_together_share_one_fetcher() -> None:
    async with Origin() as origin:
        async with FetcherOnDemand(settings(origin, per_host=2)) as fetcher:
            origin.route("/a", body=b"a body")
            url = web(origin.url("/a"))
            asked = [fetcher.attempt(url, Validators(), MemorySink()) for _ in range(8)]
            attempts = await asyncio.gather(*asked)
        assert all(isinstance(one.result, Body) for one in attempts)
        # Of several pools each would open its own connections.
        assert origin.connections <= 2


async def test_a_missing_ca_file_is_told_before_the_first_request(tmp_path: Path) -> None:
    fetch = FetchSettings(ca_file=tmp_path / "missing.pem")
    with pytest.raises(ConfigError, match=r"fetch\.ca_file"):
        async with FetcherOnDemand(fetch):
            pass


async def test_nobody_asks_and_no_library_is_imported() -> None:
    code = (
        "import asyncio, sys\n"
        "from imgcache.config import FetchSettings\n"
        "from imgcache.edge.http.on_demand import FetcherOnDemand\n"
        "async def main():\n"
        "    async with FetcherOnDemand(FetchSettings()):\n"
        "        print({'aiohttp', 'httpx', 'certifi'} & set(sys.modules))\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await process.communicate()
    assert stdout.decode() == "set()\n"
