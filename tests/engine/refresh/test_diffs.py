"""The diffs of a dry run, applied by other programs: they make what a refresh would write."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.support import pictures
from tests.support.world import World


@pytest.fixture
def odd_articles(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A body that is not UTF-8, odd names, and an article behind a link."""
    monkeypatch.chdir(world.folder)
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    names = ["latin.md", "a b.md", 'q"\t.md', "really.text"]
    made = [world.article(world.entry(url), name=name) for name in names]
    for path in made:
        path.write_bytes(path.read_bytes() + b"caf\xe9\x0c\x85\x00\n---\nisCached: \xff\n")
    (world.articles / "link.md").symlink_to("really.text")
    return made


@pytest.mark.parametrize(
    "tool",
    [("git", "apply", "--whitespace=nowarn", "-"), ("patch", "-p1", "--fuzz=0", "--silent")],
    ids=["git", "patch"],
)
async def test_a_dry_run_says_what_a_refresh_would_write(
    world: World, odd_articles: list[Path], tool: tuple[str, ...]
) -> None:
    before = [path.read_bytes() for path in odd_articles]
    report = await world.refresh(write=False, diff=True)
    assert [path.read_bytes() for path in odd_articles] == before
    text = "".join(one.diff for one in report.diffs())
    await asyncio.to_thread(
        subprocess.run, tool, cwd=world.folder, input=text.encode(), check=True, capture_output=True
    )
    patched = [path.read_bytes() for path in odd_articles]
    assert patched == [data.replace(b": false", b": true", 1) for data in before]
    assert (await world.refresh()).summary.articles_changed == 0


async def test_an_odd_byte_in_the_body_changes_nothing(
    world: World, odd_articles: list[Path]
) -> None:
    before = [path.read_bytes() for path in odd_articles]
    report = await world.refresh()
    assert (list(report.article_errors()), report.summary.errors) == ([], 0)
    after = [path.read_bytes() for path in odd_articles]
    assert after == [data.replace(b": false", b": true", 1) for data in before]
