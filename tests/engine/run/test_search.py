"""What a search tells: once in each program, whatever is done with what it found."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgcache import Settings, verify
from imgcache.engine.cache.gc import collect_garbage
from imgcache.engine.html_report import publish
from imgcache.engine.run.listener import Listener
from tests.support import pictures
from tests.support.world import World


class Heard(Listener):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def ignored_article(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An article that a repository of another owner ignores, beside one that counts."""
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    draft = world.article(world.entry(url), name="drafts/b.md")
    monkeypatch.chdir(world.folder)
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".gitignore").write_text("drafts/\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    return draft


async def test_an_ignored_article_is_left_alone_where_git_can_not_be_asked(
    world: World, ignored_article: Path
) -> None:
    name = ignored_article.relative_to(world.folder).as_posix()
    before, heard = world.state()[name], Heard()
    report = await world.refresh(listener=heard)
    assert report.summary.articles == report.summary.articles_changed == 1
    assert world.state()[name] == before
    assert len([one for one in heard.warnings if ".gitignore" in one]) == 1


async def test_every_program_tells_it_once(world: World, ignored_article: Path) -> None:
    await world.refresh()
    for number, program in enumerate((_verify, _drop_garbage, _publish)):
        heard = Heard()
        await program(world.settings(), heard, world.folder / f"pages{number}")
        assert len([one for one in heard.warnings if ".gitignore" in one]) == 1


async def _verify(settings: Settings, heard: Heard, _: Path) -> None:
    await verify((), settings, listener=heard)


async def _drop_garbage(settings: Settings, heard: Heard, _: Path) -> None:
    await collect_garbage(settings, heard)


async def _publish(settings: Settings, heard: Heard, pages: Path) -> None:
    await publish((), settings, pages, heard)
