"""TOML and JSON front matter: judged as YAML is, told what it should say, never written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from imgcache.engine.run.listener import Listener
from imgcache.model import Size, Verdict
from tests.support import pictures
from tests.support.world import World, run

JPEG = pictures.jpeg(160, 120)


class Told(Listener):
    """Remembers what is told of entries that are not written."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def unwritten(self, entries: Sequence[str]) -> None:
        self.entries += entries


def toml(url: str, extra: str = "") -> str:
    return f"+++\n[[images]]\nurl = '{url}'\nwidth = 160\nheight = \"120\"\n{extra}+++\nBody.\n"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("+++\n[[images]]\nurl = '{}'\nwidth = 160\nheight = 120\nisCached = false\n+++\n", 3, 7),
        ('{"images": [\r\n {"url": "{}", "width": 160, "height": "120"}]}\nBody.\n', 2, 10),
    ],
)
async def test_an_article_is_judged_and_stays_as_it_is(
    world: World, text: str, line: int, column: int
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.articles.mkdir(parents=True, exist_ok=True)
    article = world.articles / "a.md"
    data = text.replace("{}", url).encode()
    article.write_bytes(data)
    for _ in range(2):  # the second time what is known stands
        heard = Told()
        report = await world.refresh(heard)
        (entry,) = report.entries()
        assert (entry.verdict, entry.actual) == (Verdict.OK, Size(160, 120))
        assert (entry.line, entry.column) == (line, column)
        assert entry.cached is entry.declared.cached
        assert heard.entries == [f"{entry.article}:{line} (cached: true)"]
        assert (report.summary.articles_failed, report.summary.articles_changed) == (0, 0)
        assert article.read_bytes() == data


async def test_a_wrong_size_is_told_and_judged_as_it_stands(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(170, 120))
    world.articles.mkdir(parents=True, exist_ok=True)
    (world.articles / "a.md").write_text(toml(url, "isCached = true\n"))
    heard = Told()
    (entry,) = (await world.refresh(heard, fix_dimensions=True)).entries()
    assert (entry.verdict, entry.cached) == (Verdict.DIMENSIONS_MISMATCH, True)
    assert heard.entries == [f"{entry.article}:3 (width: 170)"]
    assert (entry.message or "").endswith(
        "declare width: 170, height: 120 by hand, for imgcache never writes it there"
    )


async def test_of_a_place_that_names_one_side_that_one_is_told(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.extra["images"] = ({"at": "images[]", "height": "height"},)
    world.articles.mkdir(parents=True, exist_ok=True)
    (world.articles / "a.md").write_text(toml(url).replace("120", "90"))
    heard = Told()
    (entry,) = (await world.refresh(heard, fix_dimensions=True)).entries()
    assert heard.entries == [f"{entry.article}:3 (height: 120)"]


async def test_an_article_that_says_what_it_should_is_not_told(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.articles.mkdir(parents=True, exist_ok=True)
    (world.articles / "a.md").write_text(toml(url, "isCached = true\n"))
    heard = Told()
    (entry,) = (await world.refresh(heard)).entries()
    assert (entry.cached, heard.entries) == (True, [])


async def test_the_console_tells_it_in_one_line_and_the_exit_is_that_of_the_findings(
    world: World,
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.articles.mkdir(parents=True, exist_ok=True)
    for name in "abcd":
        (world.articles / f"{name}.md").write_text(toml(url))
    words = ["refresh", "articles", "--allow-private", world.origin.allow]
    done = await run(*words, cwd=world.folder)
    assert done.status == 0
    (told,) = (line for line in done.stderr.splitlines() if "never written" in line)
    assert "4 image entries should say otherwise: articles/a.md:3 (cached: true), " in told
    assert told.endswith("and 1 more")
    done = await run(*words, "-v", cwd=world.folder)
    assert "articles/d.md:3 (cached: true)" in done.stderr
    done = await run("verify", "--offline", "articles", cwd=world.folder)
    assert (done.status, "never written" in done.stderr) == (0, False)


async def test_broken_toml_is_an_article_error_with_its_line(world: World) -> None:
    world.articles.mkdir(parents=True, exist_ok=True)
    (world.articles / "a.md").write_text("+++\na = 1\nb = \n+++\n")
    done = await run("verify", "--format", "json", "articles", cwd=world.folder)
    (error,) = done.report["article_errors"]
    assert (done.status, error["article"], error["line"]) == (1, "articles/a.md", 3)
    assert "not valid TOML: Invalid value" in error["message"]
