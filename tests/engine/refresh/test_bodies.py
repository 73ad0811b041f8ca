"""Images of bodies are fetched, judged and reported at their place; a body is never written."""

from __future__ import annotations

import json

import pytest

from imgcache import VerifyOptions, verify
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)


class Warned(Listener):
    """Remembers the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warned(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def text(world: World) -> str:
    """An article whose body has each kind of image, and one that nothing says the size of."""
    world.extra["body"] = {"images": True}
    urls = {name: world.origin.route(f"/{name}.jpg", body=JPEG) for name in ("a", "b", "c", "d")}
    gone = world.origin.route("/gone.jpg", status=404)
    return (
        f"---\nimages:\n  - {{{world.entry(urls['a'])}}}\n---\n"
        f"Caf\u00e9: ![]({urls['b']}) and ![gone]({gone})\n\n"
        f'<img src="{urls["c"]}" width="160" height="120" alt="">\n'
        f'<img src="{urls["d"]}" width="161" height="120" srcset="{urls["a"]} 160w">\n\n'
        "![]({{ site.logo }})\n"
    )


async def test_each_image_of_a_body_is_an_entry_at_its_place(world: World, text: str) -> None:
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(text)
    for times in range(2):  # the second time what is known stands
        heard = Warned()
        report = await world.refresh(heard)
        entries = list(report.entries())
        assert [entry.verdict for entry in entries] == [
            *[Verdict.OK] * 2,
            Verdict.GONE,
            Verdict.OK,
            Verdict.DIMENSIONS_SCALED,
            Verdict.OK,
        ]
        lines = text.split("\n")
        for entry in entries[1:]:
            assert entry.pointer is None
            assert lines[entry.line - 1][entry.column - 1 :].startswith(entry.url)
            assert entry.cached is None
        assert report.summary.articles_changed == (times == 0)
        assert "1 URL in bodies with template marks: passed over" in heard.warnings
        assert article.read_text() == text.replace("isCached: false", "isCached: true")
        document = json.loads("".join(report.to_json()))
        assert [one["pointer"] for one in document["entries"]][:2] == ["/images/0", None]


async def test_a_wrong_size_in_a_body_is_never_corrected(world: World, text: str) -> None:
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(text.replace("width: 160", "width: 999"))
    report = await world.refresh(fix_dimensions=True)
    verdicts = [entry.verdict for entry in report.entries()]
    assert verdicts[0] is Verdict.OK
    assert verdicts[4] is Verdict.DIMENSIONS_SCALED
    for one in report.entries():
        assert "--fix-dimensions" not in (one.message or "")
    assert not list(report.article_errors())
    assert article.read_text() == text.replace("isCached: false", "isCached: true")


@pytest.mark.parametrize("depth", list(Depth))
async def test_verify_sees_the_same(world: World, text: str, depth: Depth) -> None:
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(text)
    await world.refresh()
    report = await verify([world.articles], world.settings(), VerifyOptions(depth=depth))
    verdicts = [entry.verdict for entry in report.entries()]
    assert verdicts[2:5] == [Verdict.GONE, Verdict.OK, Verdict.DIMENSIONS_SCALED]
    assert [entry.line for entry in report.entries()] == [3, 5, 5, 7, 8, 8]


async def test_without_the_setting_bodies_are_not_read(world: World, text: str) -> None:
    world.extra.pop("body")
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(text)
    assert len(list((await world.refresh()).entries())) == 1


async def test_what_follows_json_on_its_line_is_at_its_column(world: World, text: str) -> None:
    url = world.origin.route("/b.jpg", body=JPEG)
    line = f'{{"title": "a"}} ![]({url})'
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(line + "\n" + text.partition("---\n")[0])
    (entry,) = (await world.refresh()).entries()
    assert (entry.line, entry.column) == (1, line.index(url) + 1)


async def test_odd_bytes_before_an_image_are_a_character_each(world: World, text: str) -> None:
    url = world.origin.route("/b.jpg", body=JPEG)
    assert text
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_bytes(b"---\ntitle: a\n---\ncaf\xe9 \xff ![](" + url.encode() + b")\n")
    (entry,) = (await world.refresh()).entries()
    assert (entry.line, entry.column) == (4, len("caf? ? ![](") + 1)
    assert entry.excerpt is None


async def test_rules_of_a_place_leave_bodies_alone(world: World, text: str) -> None:
    article = world.articles / "a.md"
    article.parent.mkdir(parents=True, exist_ok=True)
    article.write_text(text)
    world.extra["rules"] = [
        {"name": "wide", "at": "**.images[]", "min_width": 500},
        {"name": "told", "require": ["alt"]},
    ]
    for _ in range(2):
        report = await world.refresh()
        broken = [[one.rule for one in entry.broken] for entry in report.entries()]
        assert broken == [["wide", "told"], ["told"], [], ["told"], ["told"], ["told"]]
