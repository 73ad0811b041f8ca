"""`imgcache serve` as an operator meets it: it starts, tells where, logs, and ends when told to."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.support import pictures
from tests.support.service import TOKEN
from tests.support.world import World, run, start

JPEG = pictures.jpeg(160, 120)


@asynccontextmanager
async def serving(world: World, *words: str) -> AsyncIterator[tuple[Process, str, list[str]]]:
    """A started service, its base URL, and the lines on stderr so far."""
    process = await start("serve", "--port", "0", *words, cwd=world.folder)
    assert process.stderr is not None
    lines: list[str] = []
    while not any("ready" in line for line in lines):
        line = await process.stderr.readline()
        assert line, lines
        lines.append(line.decode())
    found = re.search(r"http://[^/]+:[0-9]+", lines[0])
    assert found is not None
    try:
        yield process, found[0], lines
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_it_ends_well_on_sigterm_and_on_ctrl_c(world: World) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    for number in (signal.SIGTERM, signal.SIGINT):
        async with serving(world) as (process, base, _):
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{base}/healthz")).json() == {"status": "alive"}
            process.send_signal(number)
            stdout, stderr = await process.communicate()
            assert (process.returncode, stdout, stderr) == (0, b"", b"")
    assert not (world.cache / "index.sqlite3-wal").exists()
    assert not world.cache.exists()


async def test_each_request_and_url_is_one_event_without_credentials(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    (world.folder / "imgcache.toml").write_text(f'[serve]\ntoken = "{TOKEN}"\n')
    words = ["-v", "--log-format", "json", "--allow-private", world.origin.allow]
    async with serving(world, *words) as (process, base, lines):
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            body = {"entries": [{"url": url}]}
            answer = await client.post(f"{base}/api/verify?key=s3cret", json=body, headers=headers)
            assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        _, stderr = await process.communicate()
    text = "".join(lines) + stderr.decode()
    assert TOKEN not in text
    assert "s3cret" not in text
    events = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "message"} <= event.keys() for event in events)
    (asked,) = [event for event in events if event.get("url")]
    assert (asked["url"], asked["source"], asked["level"]) == (url, "probed", "debug")
    (served,) = [event for event in events if event.get("method") == "POST"]
    assert (served["path"], served["status"], served["level"]) == ("/api/verify", 200, "debug")


async def test_it_reads_while_a_refresh_writes(world: World) -> None:
    urls = [world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)) for n in range(9)]
    world.article(*(world.entry(url) for url in urls))
    async with serving(world) as (_, base, _), httpx.AsyncClient(trust_env=False) as client:
        first = (await client.get(f"{base}/api/entries")).json()
        assert {one["verdict"] for one in first["entries"]} == {"not-checked"}
        await world.refresh()
        async with asyncio.timeout(60):
            while True:
                page = (await client.get(f"{base}/api/entries")).json()
                if {one["verdict"] for one in page["entries"]} == {"ok"}:
                    break
                await asyncio.sleep(0.1)
        for one in page["entries"]:
            assert (await client.get(f"{base}/images/{one['sha256']}")).status_code == 200


@pytest.mark.parametrize(
    ("words", "text", "part"),
    [
        (["--host", "203.0.113.7"], "", "can't listen on 203.0.113.7"),
        (["--host", "no.such.host.invalid"], "", "can't listen on no.such.host.invalid"),
        (["--host", "a..b"], "", "can't listen on a..b"),
        (["--port", "BUSY"], "", "--port"),
        ([], 'articles = ["nowhere"]\n', "nowhere"),
        ([], '[serve]\ntoken = "two words"\n', "serve.token"),
        ([], '[serve]\nallowed_host = "a"\n', "allowed_hosts"),
        ([], '[fetch]\nca_file = "missing.pem"\n', "missing.pem"),
    ],
)
async def test_what_keeps_it_from_serving_is_one_sentence(
    world: World, words: list[str], text: str, part: str
) -> None:
    (world.folder / "imgcache.toml").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        done = await run(
            "serve", *(port if word == "BUSY" else word for word in words), cwd=world.folder
        )
    assert done.status == 2, done.stderr
    assert part in done.stderr
    assert done.stderr.count("\n") == 1
    assert "two words" not in done.stderr


@pytest.mark.parametrize("host", ["localhost", "127.1"])
async def test_the_address_that_it_tells_is_one_that_it_answers_to(world: World, host: str) -> None:
    async with serving(world, "--host", host) as (_, base, lines):
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{base}/healthz")).status_code == 200
            answer = await client.post(f"{base}/api/verify", json={"entries": []})
            assert answer.status_code == 200
        assert not any("POST is refused" in line for line in lines)


async def test_without_the_extra_a_sentence_names_the_remedy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['fastapi'] = None\n"
        "from imgcache.__main__ import main; sys.argv = ['imgcache', 'serve']; main()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert (
        stderr.decode() == "imgcache: imgcache serve needs fastapi: pip install 'imgcache[serve]'\n"
    )


async def test_the_api_is_what_it_says(world: World) -> None:
    """Schemathesis makes requests from the OpenAPI, good and bad ones, and checks the answers."""
    good = world.origin.route("/good.jpg", body=JPEG)
    world.article(world.entry(good), world.entry(world.origin.url("/gone.jpg")))
    await world.refresh()
    (world.folder / "imgcache.toml").write_text(f'[serve]\ntoken = "{TOKEN}"\n')
    st = str(Path(sys.executable).with_name("st"))
    async with serving(world) as (_, base, _):
        process = await asyncio.create_subprocess_exec(
            *(st, "run", f"{base}/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"),
            *("--max-examples", "5", "--seed", "1", "--no-color", "--workers", "1"),
            *("--no-shrink", "--suppress-health-check", "all"),
            cwd=world.folder,
            env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(world.folder / "hypothesis")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        stdout, _ = await process.communicate()
    assert process.returncode == 0, stdout.decode()
    assert "passed" in stdout.decode()
