"""A folder of mutated articles and of things that are no articles, through the whole program.

No input may end the run or damage a byte: each file is edited exactly, or stays as it is and is
told with its line. The same mutations in every test run; many others in `make torture`.
"""

from __future__ import annotations

import difflib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.core.articles.strategies import articles
from tests.core.articles.test_hostile import BOMBS
from tests.core.articles.test_writeback import SNIPPETS
from tests.support.origin import Origin
from tests.support.world import SAMPLE, Finished, run

HOSTILE = [
    *(text.encode() for text in SNIPPETS),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\r",
        b"\x85",
        b"\xe2\x80\xa8",
        b"\x1b[2J",
    ),
    *(b"---\n", b"...\n", b"%YAML 9\n", b"\t", b"!!python/object:os.system ", b"[" * 70, b"&a *a "),
    *(b"isCached: &x !!bool {", b"<<: [*a, *b]\n", b"url: [", b"width: 9e9\n", b": : :", b"? |\n"),
]


def mutated(data: bytes, generator: random.Random) -> bytes:
    """Some cuts, repetitions, insertions and flipped bytes."""
    for _ in range(generator.randint(1, 5)):
        start = generator.randint(0, len(data))
        end = min(len(data), start + generator.choice((0, 0, 1, 3, 40)))
        piece = data[start:end]
        new = generator.choice((b"", piece * 2, generator.choice(HOSTILE), generator.randbytes(2)))
        data = data[:start] + new + data[end:]
    return data


def generated(count: int, number: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files, the same for each number."""
    generator = random.Random(number)
    written: list[tuple[bool, bytes]] = [(False, SAMPLE)]

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(article=articles(), picked=st.booleans())
    def gather(article: Any, picked: bool) -> None:
        data = article.data() if picked else SAMPLE
        written.append((article.whole and picked, data))

    gather()
    for index, (whole, data) in enumerate(written):
        yield f"{index:05}.{'yaml' if whole else 'md'}", mutated(data, generator)


async def refreshed(folder: Path) -> Finished:
    """A refresh in which every host answers, and has no image: flags become false."""
    async with Origin() as plain, Origin(tls=True) as safe:
        (folder / "imgcache.toml").write_text(
            f'[fetch]\nattempts = 1\nallow_private = ["{plain.allow}", "{safe.allow}"]\n'
        )
        ports = {80: plain.port, 443: safe.port}
        hosts = [f"--resolve=*:{port}:127.0.0.1:{ours}" for port, ours in ports.items()]
        return await run("refresh", "articles", "--format", "json", *hosts, cwd=folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder.parent).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


async def assert_survived(folder: Path) -> None:
    before = contents(folder / "articles")
    done = await refreshed(folder)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.status == 1, done.stderr
    after = contents(folder / "articles")
    assert set(after) == set(before)
    errors = {one["article"]: one for one in done.report["article_errors"]}
    for name, data in after.items():
        if name in errors:
            assert data == before[name], name
            line = errors[name]["line"]
            assert line is None or 1 <= line <= data.count(b"\n") + 1, errors[name]
        else:
            assert only_flags_differ(before[name], data), name
    edited = sum(data != before[name] for name, data in after.items())
    assert min(edited, len(errors), len(after) - edited - len(errors)) > len(after) // 20
    again = await refreshed(folder)
    assert contents(folder / "articles") == after
    assert again.status == 1


def only_flags_differ(before: bytes, after: bytes) -> bool:
    """Each piece that changed lies in a line, or is one, that speaks of a flag.

    A last line without an end gets one where a flag is added after it.
    """
    old, new = before.split(b"\n"), after.split(b"\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changed = (
        new[start:end] for kind, _, _, start, end in matcher.get_opcodes() if kind != "equal"
    )
    return all(
        b"isCached" in line or b"false" in line or line == old[-1] + b"\r"
        for lines in changed
        for line in lines
    )


async def test_mutated_articles_are_edited_exactly_or_told(tmp_path: Path) -> None:
    await fuzz(tmp_path, 300, 1)


@pytest.mark.torture
@pytest.mark.parametrize("number", range(2, 22))
async def test_many_mutated_articles_are_edited_exactly_or_told(
    tmp_path: Path, number: int
) -> None:
    await fuzz(tmp_path, 1000, number)


async def fuzz(folder: Path, count: int, number: int) -> None:
    (folder / "articles").mkdir()
    for name, data in generated(count, number):
        (folder / "articles" / name).write_bytes(data)
    await assert_survived(folder)


async def test_bombs_and_things_that_are_no_files_end_no_run(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in BOMBS.items():
        (folder / f"{name}.md").write_text(f"---\n{text}---\n")
        (folder / f"{name}.yml").write_text(text)
    good = '---\nimages: [{url: "http://a.example/", isCached: true}]\n---\n'
    (folder / "good.md").write_text(good)
    os.mkfifo(folder / "pipe.md")
    (folder / "folder.md").mkdir()
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "dangling.md").symlink_to("nowhere")
    (folder / "device.md").symlink_to("/dev/zero")
    (folder / os.fsdecode(b"\xff\x1b[2J\n'\".md")).write_bytes(b"---\nimages: [\n---\n")
    done = await refreshed(tmp_path)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.status == 1
    report = json.loads(done.stdout)
    assert len(report["article_errors"]) == len(BOMBS) + 1
    assert all(error["line"] for error in report["article_errors"])
    assert (folder / "good.md").read_text() == good.replace("true", "false")
    assert "\x1b" not in done.stdout + done.stderr
