"""The program as a user starts it: words in, stdout, stderr and exit status out."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.version import VERSION
from tests.support import behaviours, pictures
from tests.support.origin import Origin
from tests.support.world import SAMPLE, Finished, World, run, start

COMMITTER = ("-c", "user.name=a", "-c", "user.email=a@b.test")
JPEG = pictures.jpeg(160, 120)
HOSTS = (
    "d1sr9z1pdl3mb7.cloudfront.net",
    "499ioen9wh92k2blb3elevg9-wpengine.netdna-ssl.com",
    "www.nydailynews.com",
    "techstory.in",
)


def sample_paths() -> list[str]:
    return [
        url.split("/", 3)[3] for url in re.findall(r'- url: "(https://[^"]+)"', SAMPLE.decode())
    ]


async def test_the_sample_article_against_a_tls_origin(tmp_path: Path) -> None:
    article = tmp_path / "articles" / "article.md"
    article.parent.mkdir()
    article.write_bytes(SAMPLE)
    first, second, third, fourth = sample_paths()
    async with Origin(tls=True, hosts=HOSTS) as origin:
        origin.route(f"/{first}", body=pictures.jpeg(1600, 1035), etag='"1"')
        origin.route(f"/{second}", body=pictures.jpeg(360, 530))
        origin.route(f"/{third}", body=pictures.jpeg(1200, 800))
        origin.route(f"/{fourth}", status=410)
        words = ["refresh", "articles", "--resolve", f"*:443:127.0.0.1:{origin.port}"]
        words += ["--ca-file", str(origin.ca_file(tmp_path)), "--format", "json", "--diff"]
        done = await run(*words, cwd=tmp_path)
        assert done.notes == ""
        report = done.report
        assert [entry["verdict"] for entry in report["entries"]] == [
            "ok",
            "dimensions-swapped",
            "ok",
            "gone",
        ]
        assert [entry["cached"] for entry in report["entries"]] == [True, False, True, False]
        assert [entry["pointer"] for entry in report["entries"]] == [
            "/images/0",
            "/related/0/images/0",
            "/related/1/images/0",
            "/related/2/images/0",
        ]
        assert done.status == 1
        asked = len(origin.requests)
        assert asked == report["summary"]["requests"] == 4
        after = article.read_bytes()
        expected = SAMPLE.split(b"isCached: true")
        assert (
            after
            == b"isCached: true".join(expected[:2])
            + b"isCached: false"
            + b"isCached: true".join(expected[2:4])
            + b"isCached: false"
            + expected[4]
        )
        changed = [line for line in report["diffs"][0]["diff"].splitlines()[2:] if line[0] in "+-"]
        assert changed == ["-        isCached: true", "+        isCached: false"] * 2
        for entry in report["entries"][:3]:
            assert (tmp_path / "cache" / entry["path"]).is_file()
            assert (tmp_path / "cache" / entry["thumbnails"][0]["path"]).is_file()
        manifest = json.loads((tmp_path / "cache" / "manifest.json").read_text())
        assert len(manifest["images"]) == 3
        origin.route(f"/{fourth}", body=pictures.jpeg(1200, 1200))
        await run(*words, cwd=tmp_path)
        assert len(origin.requests) == asked + 1
        again = await run(*words[:-3], cwd=tmp_path)
        assert len(origin.requests) == asked + 1
        assert "no request was sent: 4 fresh, 0 failed" in again.stdout
        assert "no article needed a change" in again.stdout


async def test_text_on_stdout_is_for_people(world: World) -> None:
    url = world.origin.route("/gone.jpg", status=404)
    world.article(world.entry(url))
    done = await run("refresh", "--allow-private", world.origin.allow, cwd=world.folder)
    assert done.status == 1
    assert f"error    gone (IMG201) {url}\n" in done.stdout
    assert "404" in done.stdout
    assert "\n         articles/a.md:3:11\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.notes == ""


async def test_outputs_go_to_files_and_silence_stdout(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    words = ["refresh", "--allow-private", world.origin.allow, "--output", "r.json"]
    done = await run(*words, "--output", "text=r.out", cwd=world.folder)
    assert (done.status, done.stdout, done.notes) == (0, "", "")
    assert json.loads((world.folder / "r.json").read_text())["summary"]["entries"] == 1
    assert "1 image entry in 1 article: 1 ok" in (world.folder / "r.out").read_text()
    both = await run(*words, "--format", "text", cwd=world.folder)
    assert "1 image entry" in both.stdout


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["refresh", "nowhere"], ["nowhere"]),
        (["refresh", "--config", "nowhere.toml"], ["nowhere.toml"]),
        (["refresh", "--resolve", "nonsense"], ["nonsense", "HOST:PORT:ADDRESS"]),
        (["refresh", "--output", "report.bin"], ["report.bin", "json=report.bin"]),
        (["refresh", "--output", "no/where.json"], ["no/where.json"]),
        (["refresh", "--max-time", "soon"], ["soon", "500ms"]),
        (["refresh", "--force", "--retry-failed"], ["exclude each other"]),
        (["refresh", "--quiet", "--verbose"], ["exclude each other"]),
        (
            ["verify", "--format", "xml"],
            ["'--format': 'xml' is unknown; write one of text, concise"],
        ),
        (["cache", "stats", "--format", "xml"], ["'--format': 'xml' is unknown"]),
        (["verify", "--log-format", "xml"], ["'--log-format': 'xml' is unknown"]),
        (["verify", "--if-cached"], ["needs --offline"]),
        (["verify", "--full", "--offline"], ["exclude each other"]),
        (["verify", "--probe", "--rehash"], ["exclude each other"]),
        (["verify", "--full", "--rehash"], ["exclude each other"]),
        (["refresh", "--ca-file", "nowhere.pem"], ["nowhere.pem"]),
        (["refresh", "--no-such-flag"], ["--no-such-flag"]),
    ],
)
async def test_wrong_usage_is_told_in_a_sentence(
    world: World, words: list[str], parts: list[str]
) -> None:
    done = await run(*words, cwd=world.folder)
    assert done.status == 2
    told = re.sub(r"[│\s]+", " ", done.stderr)
    assert [part for part in parts if part not in told] == []
    assert "Traceback" not in done.stderr


async def test_no_article_is_a_warning(world: World) -> None:
    (world.articles / "a.md").write_text("no front matter\n")
    (world.articles / "b.md").write_text(";;;\n{}\n;;;\n")
    (world.articles / "c.md").write_text("---\n\nA horizontal rule.\n")
    done = await run("refresh", cwd=world.folder)
    assert done.status == 0
    assert "no article" in done.stderr
    assert (
        "1 file with front matter that is neither YAML, TOML nor JSON: passed over" in done.stderr
    )
    assert "1 file with front matter that has no end" in done.stderr


async def test_a_named_file_that_is_no_article_is_an_error(world: World) -> None:
    (world.articles / "a.md").write_text("no front matter\n")
    done = await run("refresh", "articles/a.md", "--format", "json", cwd=world.folder)
    assert done.status == 1
    assert done.report["article_errors"][0]["article"] == "articles/a.md"


async def test_a_named_file_without_a_closing_line_is_an_error(world: World) -> None:
    (world.articles / "a.md").write_text("---\ntitle: x\n")
    done = await run("refresh", "articles/a.md", "--format", "json", cwd=world.folder)
    assert done.status == 1
    assert "the front matter has no end" in done.report["article_errors"][0]["message"]


async def test_an_encoding_that_lacks_a_character_is_no_error(world: World) -> None:
    world.article(world.entry("ftp://a.test/\U0001f600"))
    with_ascii = os.environ | {"PYTHONIOENCODING": "ascii"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imgcache", "refresh"),
        cwd=world.folder,
        env=with_ascii,
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    assert (process.returncode, b"\\U0001f600" in stdout) == (1, True)


async def test_an_output_that_can_not_be_written_loses_no_report(world: World) -> None:
    world.article(world.entry("ftp://a.test/"))
    words = ["refresh", "--format", "json", "--output", "json=/dev/full"]
    done = await run(*words, cwd=world.folder)
    assert done.status == 2
    assert done.report["summary"]["entries"] == 1
    assert "--output /dev/full: can't be written" in done.stderr


async def test_metrics_that_can_not_be_written_lose_no_report(world: World) -> None:
    world.article(world.entry("ftp://a.test/"))
    words = ["refresh", "--format", "json", "--output", "r.json", "--metrics-file", "/dev/full"]
    done = await run(*words, cwd=world.folder)
    assert done.status == 2
    assert done.report["summary"]["entries"] == 1
    assert json.loads((world.folder / "r.json").read_text()) == done.report
    assert "--metrics-file /dev/full: can't be written" in done.stderr


async def test_metrics_never_take_the_place_of_an_article_or_a_report(world: World) -> None:
    article = world.article(world.entry("ftp://a.test/"))
    before = article.read_bytes()
    for words in (["articles/a.md"], ["r.json", "--output", "./r.json"]):
        done = await run("refresh", "--metrics-file", *words, cwd=world.folder)
        assert done.status == 2
        assert "--metrics-file" in done.stderr
    assert article.read_bytes() == before
    assert not (world.folder / "r.json").exists()


async def test_strict_makes_warnings_errors(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(f'url: "{url}"')
    words = ["refresh", "--allow-private", world.origin.allow]
    assert (await run(*words, cwd=world.folder)).status == 0
    assert (await run(*words, "--strict", cwd=world.folder)).status == 1


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["refresh", "--dry-run"], "what was done by then is kept and judged; no article is"),
        (["verify"], "what was looked at by then is judged and reported"),
    ],
)
async def test_an_interrupted_run_says_what_it_leaves(
    world: World, words: list[str], left: str
) -> None:
    hangs = world.origin.route("/hangs.jpg", behaviours.stall())
    before = world.article(world.entry(hangs)).read_bytes()
    process = await start(*words, "--allow-private", world.origin.allow, cwd=world.folder)
    await world.origin.asked("/hangs.jpg")
    process.send_signal(signal.SIGINT)
    _, stderr = await process.communicate()
    assert process.returncode == 130
    assert f"imgcache: interrupted: {left}" in stderr.decode()
    assert (world.articles / "a.md").read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_keeps_what_is_done(world: World, number: int) -> None:
    done = world.origin.route("/done.jpg", body=JPEG)
    hangs = world.origin.route("/hangs.jpg", behaviours.stall())
    world.article(world.entry(done), world.entry(hangs, cached="true"))
    words = ["refresh", "-v", "--allow-private", world.origin.allow, "--format", "json"]
    process = await start(*words, cwd=world.folder)
    assert process.stderr is not None
    async for line in process.stderr:
        if b"/done.jpg" in line:
            break
    await world.origin.asked("/hangs.jpg")
    process.send_signal(number)
    stdout, stderr = await process.communicate()
    report = json.loads(stdout)
    assert process.returncode == 130
    assert b"imgcache: interrupted: what was done by then is kept, judged and written\n" in stderr
    assert report["interrupted"] is True
    assert [entry["verdict"] for entry in report["entries"]] == ["ok", "not-checked"]
    assert [entry["cached"] for entry in report["entries"]] == [True, True]


@pytest.mark.parametrize("command", ["refresh", "verify", "cache stats", "init", "demo"])
async def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path, command: str) -> None:
    words = f"cd '{tmp_path}' && rmdir '{tmp_path}' && '{sys.executable}' -P -m imgcache {command}"
    done = await asyncio.create_subprocess_shell(words, stderr=asyncio.subprocess.PIPE)
    told = b"imgcache: the working folder is gone; change into one that is there\n"
    assert (await done.communicate())[1] == told
    assert done.returncode == 2


async def test_a_reader_that_goes_away_is_no_error(world: World) -> None:
    world.article(*(world.entry(f"ftp://a.test/{n}") for n in range(3000)))
    process = await asyncio.create_subprocess_shell(
        f"'{sys.executable}' -m imgcache refresh --quiet | head -n 1",
        cwd=world.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    assert (stdout, stderr) == (b"error    unsupported-url (IMG213) ftp://a.test/0\n", b"")


async def test_progress_is_drawn_on_a_terminal_and_nowhere_else(world: World) -> None:
    gate = asyncio.Event()
    url = world.origin.route("/a.jpg", behaviours.after(gate, behaviours.answer(JPEG)))
    world.article(world.entry(url))
    words = ["refresh", "--allow-private", world.origin.allow]
    drawn = await _on_a_terminal(world, gate, "0/1", *words)
    assert "images" in drawn
    assert "failed" in drawn
    plain = await _on_a_terminal(world, gate, "", *words, "--force", "--no-progress")
    assert "images" not in plain


async def _on_a_terminal(world: World, gate: asyncio.Event, awaited: str, *words: str) -> str:
    """What a run writes to stderr where that is a terminal; the gate opens when that is there."""
    master, slave = pty.openpty()
    before = world.origin.count("/a.jpg")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "imgcache",
        *words,
        cwd=world.folder,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=slave,
    )
    os.close(slave)
    await world.origin.asked("/a.jpg", before + 1)
    drawn = b""
    while awaited.encode() not in drawn:
        drawn += await asyncio.to_thread(os.read, master, 1 << 16)
    gate.set()
    await process.communicate()
    try:
        while piece := os.read(master, 1 << 16):
            drawn += piece
    except OSError:
        pass  # Linux says EIO where the other side has gone
    finally:
        os.close(master)
    return drawn.decode()


async def test_the_version_is_told(tmp_path: Path) -> None:
    for words in (["--version"], ["refresh", "--version"]):
        done = await run(*words, cwd=tmp_path)
        assert (done.status, done.stdout) == (0, f"imgcache {VERSION}\n")


async def test_notes_can_be_json_or_silent(world: World) -> None:
    done = await run("refresh", "--log-format", "json", cwd=world.folder)
    assert [json.loads(one)["level"] for one in done.stderr.splitlines()] == ["info", "warning"]
    assert (await run("refresh", "--quiet", cwd=world.folder)).stderr == ""


async def test_the_demo_comes_out_as_planned_twice(tmp_path: Path) -> None:
    for _ in range(2):
        done = await run("demo", cwd=tmp_path)
        assert (done.status, done.stderr) == (0, "")
        assert "All came out as planned." in done.stdout
        assert "+        isCached: false" in done.stdout
    article = tmp_path / "imgcache-demo" / "articles" / "article.md"
    assert article.read_bytes().count(b"isCached: false") == 2


async def test_what_the_demo_says_last_works_as_it_is_written(tmp_path: Path) -> None:
    told = (await run("demo", cwd=tmp_path)).stdout
    line = re.search(r"^  (cd .* report) ", told, re.MULTILINE)
    assert line is not None
    report = await asyncio.create_subprocess_shell(
        line[1], cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await report.communicate()
    assert report.returncode == 1
    assert b"2 errors" in stdout
    assert (tmp_path / "imgcache-demo" / "imgcache-report" / "index.html").is_file()


async def test_the_demo_never_touches_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    mine = tmp_path / "imgcache-demo" / "mine"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = await run("demo", cwd=tmp_path)
    assert done.status == 2
    assert mine.read_text() == "mine"


async def test_a_demo_that_can_not_be_written_is_one_line() -> None:
    done = await run("demo", cwd=Path("/proc"))
    told = "imgcache: imgcache-demo/: can't be written: No such file or directory; go to a folder "
    assert (done.status, done.stderr) == (2, f"{told}that this user may write\n")


async def test_a_demo_that_got_no_further_is_in_nobodys_way(tmp_path: Path) -> None:
    """As on a full disk: not a byte can be written."""
    words = f"ulimit -f 0; exec '{sys.executable}' -P -m imgcache demo"
    first = await asyncio.create_subprocess_shell(
        words, cwd=tmp_path, stderr=asyncio.subprocess.PIPE
    )
    told = b"imgcache: imgcache-demo/: can't be written: File too large; raise the limit"
    assert (await first.communicate())[1].startswith(told)
    assert first.returncode == 2
    assert (await run("demo", cwd=tmp_path)).status == 0


async def test_verify_tells_and_writes_nothing(world: World) -> None:
    large = pictures.jpeg(1200, 800)
    article = world.article(
        world.entry(world.origin.route("/a.jpg", behaviours.ranged(large)), 1200, 800),
        world.entry(world.origin.route("/gone.jpg", status=404), cached="true"),
    )
    before = article.read_bytes()
    words = ["verify", "--allow-private", world.origin.allow, "--format", "json"]
    done = await run(*words, cwd=world.folder)
    assert (done.status, done.stderr) == (1, "")
    assert done.report["command"] == "verify"
    assert [entry["verdict"] for entry in done.report["entries"]] == ["ok", "gone"]
    assert [entry["source"] for entry in done.report["entries"]] == ["probed", None]
    assert done.report["summary"]["bytes"] < len(large)
    assert article.read_bytes() == before
    assert not world.cache.exists()
    full = await run(*words, "--full", cwd=world.folder)
    assert full.report["summary"]["bytes"] == len(large)
    offline = await run(*words, "--offline", cwd=world.folder)
    verdicts = [entry["verdict"] for entry in offline.report["entries"]]
    assert (offline.status, verdicts) == (1, ["not-checked", "not-cached"])
    rehashed = await run(*words, "--rehash", cwd=world.folder)
    assert rehashed.report["entries"] == offline.report["entries"]
    assert (await run(*words, "--rehash", "--offline", cwd=world.folder)).status == 1


async def shell(world: World, command: str) -> Finished:
    """What a shell makes of `imgcache refresh` and the rest of the line."""
    process = await asyncio.create_subprocess_shell(
        f"'{sys.executable}' -m imgcache refresh --allow-private {world.origin.allow} {command}",
        cwd=world.folder,
        env=os.environ | {"FORCE_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    return Finished(process.returncode or 0, stdout.decode(), stderr.decode())


@pytest.mark.parametrize(
    ("redirection", "status"),
    [
        ("-v >&-", 0),
        ("-v 2>&-", 0),
        ("-v 2>/dev/full", 0),
        ("-v >/dev/full", 2),
        ("-q >&- 2>&-", 0),
    ],
)
async def test_closed_and_full_streams_end_no_run(
    world: World, redirection: str, status: int
) -> None:
    article = world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    (world.articles / "b.md").write_text(";;;\n;;;\n")
    done = await shell(world, redirection)
    assert done.status == status
    assert "Traceback" not in done.stderr
    assert "passed over" not in done.stdout
    assert "isCached: true" in article.read_text()


async def test_no_progress_is_drawn_into_a_pipe_even_where_colour_is_forced(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    assert (await shell(world, "")).notes == ""


async def test_only_what_changed_is_verified(world: World) -> None:
    world.article(world.entry("ftp://a.test/"), name="old.md")
    who = "-c user.name=x -c user.email=x@example.org"
    commands = f"git init -q && git add . && git {who} commit -qm first"
    git = await asyncio.create_subprocess_shell(commands, cwd=world.folder)
    assert await git.wait() == 0
    world.article(world.entry("ftp://b.test/"), name="new.md")
    words = ["verify", "--offline", "--changed-since", "HEAD", "--format", "json"]
    done = await run(*words, cwd=world.folder)
    assert [entry["article"] for entry in done.report["entries"]] == ["articles/new.md"]
    words[3] = "nowhere"
    wrong = await run(*words, cwd=world.folder)
    assert (wrong.status, wrong.stdout) == (2, "")
    assert "nowhere" in wrong.stderr


async def test_a_baseline_lets_known_findings_pass_and_new_ones_fail(tmp_path: Path) -> None:
    async with Origin() as origin:
        origin.route("/gone.jpg", status=404)
        world = World(tmp_path, origin)
        article = world.article(world.entry(origin.url("/gone.jpg")))
        words = ["verify", "articles", "--allow-private", origin.allow, "--baseline", "known.json"]
        missing = await run(*words, cwd=tmp_path)
        alone = await run("verify", "articles", "--update-baseline", cwd=tmp_path)
        made = await run(*words, "--update-baseline", cwd=tmp_path)
        known = await run(*words, "--strict", cwd=tmp_path)
        refreshed = await run("refresh", *words[1:], "--format", "json", cwd=tmp_path)
        article.write_text(article.read_text().replace("gone", "lost"))
        new = await run(*words, cwd=tmp_path)
    assert (missing.status, alone.status) == (2, 2)
    assert "there is no such file" in missing.stderr
    assert "--update-baseline needs --baseline FILE" in alone.stderr
    assert (made.status, known.status, made.stderr, known.stderr) == (0, 0, "", "")
    assert "1 known finding left out (baseline)" in known.stdout
    assert refreshed.status == 0
    (entry,) = refreshed.report["entries"]
    assert (entry["verdict"], entry["severity"], entry["cached"]) == ("gone", "ignore", False)
    assert new.status == 1
    assert "known.json: 1 entry no longer occurs: articles/a.md gone" in new.stderr


async def test_an_output_is_refused_before_the_run_where_it_would_do_harm(tmp_path: Path) -> None:
    article = tmp_path / "articles" / "a.md"
    article.parent.mkdir()
    article.write_bytes(SAMPLE)
    words = ["verify", "articles", "--offline"]
    taken = await run(*words, "--output", "articles/a.md", cwd=tmp_path)
    twice = await run(*words, "--output", "a.json", "--output", "junit=./a.json", cwd=tmp_path)
    assert (taken.status, twice.status) == (2, 2)
    assert "is an article" in taken.stderr
    assert "is named twice" in twice.stderr
    assert article.read_bytes() == SAMPLE
    assert not (tmp_path / "a.json").exists()


async def test_one_output_that_fails_costs_none_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_bytes(SAMPLE)
    outputs = ["--output", "json=/dev/full", "--output", "later.json"]
    done = await run("verify", "articles", "--offline", *outputs, cwd=tmp_path)
    assert done.status == 2
    assert "--output /dev/full: can't be written" in done.stderr
    assert json.loads((tmp_path / "later.json").read_text())["summary"]["articles"] == 1


async def test_an_empty_cache_folder_is_wrong_usage(tmp_path: Path) -> None:
    done = await run("refresh", "--cache-dir", "", cwd=tmp_path)
    assert done.status == 2
    assert "is empty; name a folder" in done.stderr
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240


def committed(folder: Path) -> None:
    for words in (["init"], ["add", "."], [*COMMITTER, "commit", "--message", "a"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


async def test_nothing_changed_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_bytes(SAMPLE)
    committed(tmp_path)
    done = await run("verify", "--changed-since", "HEAD", cwd=tmp_path)
    assert (done.status, done.stderr) == (0, "imgcache: no article changed since HEAD\n")


@pytest.mark.parametrize("format_", ["text", "github", "markdown"])
async def test_no_text_becomes_a_command_of_githubs_runner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    World(tmp_path, Origin()).article('url: "ftp://a.test/##[add-mask]x", width: 1, height: 1')
    done = await run("verify", "articles", "-v", "--format", format_, cwd=tmp_path)
    assert done.status == 1
    assert "ftp://a.test/" in done.stdout
    assert "##[" not in done.stdout + done.stderr
