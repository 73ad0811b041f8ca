"""`cache gc`: what no article names goes, and nothing else ever does."""

from __future__ import annotations

import json
import os

import pytest

from imgcache import Settings
from imgcache.cache_results import GcResult
from imgcache.core.articles.document import NotAnArticle
from imgcache.edge.articles.files import Found
from imgcache.edge.cache.lock import CacheLock
from imgcache.engine.cache.check import check
from imgcache.engine.cache.gc import collect_garbage
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle
from imgcache.engine.run.listener import Listener
from imgcache.errors import CacheLockedError, ConfigError
from tests.support import pictures
from tests.support.world import World

DAY = 86400.0


class Heard(Listener):
    """Keeps what it is warned of."""

    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def warned(self, message: str) -> None:
        self.heard.append(message)


async def collect(world: World, *, age: float | None = None, dry_run: bool = False) -> GcResult:
    world.extra |= {"articles": [str(world.articles)]}
    return await collect_garbage(world.settings(), Listener(), age=age, dry_run=dry_run)


def contents(world: World) -> list[str]:
    """The images and thumbnails that are there."""
    folders = (world.cache / name for name in ("images", "thumbs"))
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(world.cache).as_posix() for path in files)


def listed(world: World) -> list[str]:
    return list(json.loads((world.cache / "manifest.json").read_text())["images"])


async def filled(world: World, count: int = 2) -> list[str]:
    """A cache with so many images, each named by an article of its own; their URLs."""
    urls = []
    for n in range(count):
        urls.append(world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)))
        world.article(world.entry(urls[n]), name=f"{n}.md")
    await world.refresh()
    return urls


async def test_articles_are_read_while_nobody_else_can_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run stores for an article after it was read would go, and its flag stay true."""
    await filled(world)
    load = articles.load

    def locked(found: Found, settings: Settings) -> LoadedArticle | NotAnArticle:
        with pytest.raises(CacheLockedError), CacheLock(world.cache):
            pass
        return load(found, settings)

    monkeypatch.setattr(articles, "load", locked)
    assert (await collect(world)).articles == 2


async def test_what_no_article_names_goes_from_index_manifest_and_disk(world: World) -> None:
    urls = await filled(world)
    before = contents(world)
    (world.articles / "1.md").unlink()
    told = await collect(world)
    assert (told.articles, told.urls, len(told.files)) == (1, (urls[1],), 2)
    assert sorted(told.files) == sorted(set(before) - set(contents(world)))
    assert (told.dropped.files, told.kept.files) == (2, 2)
    assert listed(world) == [urls[0]]
    assert (await check(world.settings(), Listener())).damage == []
    asked = len(world.origin.requests)
    await world.refresh()
    assert len(world.origin.requests) == asked


async def test_a_dry_run_tells_the_same_and_changes_nothing(world: World) -> None:
    await filled(world)
    (world.articles / "1.md").unlink()
    before = world.state()
    with CacheLock(world.cache):
        would = await collect(world, dry_run=True)
    assert world.state() == before
    did = await collect(world)
    assert (would.dry_run, did.dry_run) == (True, False)
    assert (would.urls, would.files, would.kept) == (did.urls, did.files, did.kept)


async def test_a_second_collection_finds_nothing(world: World) -> None:
    await filled(world)
    (world.articles / "1.md").unlink()
    await collect(world)
    before = world.state()
    assert (await collect(world)).dropped == (0, 0)
    assert world.state() == before


async def test_a_copy_that_another_url_shares_stays(world: World) -> None:
    body = pictures.jpeg(160, 120)
    for n in range(2):
        world.article(world.entry(world.origin.route(f"/{n}.jpg", body=body)), name=f"{n}.md")
    await world.refresh()
    before = contents(world)
    (world.articles / "1.md").unlink()
    told = await collect(world)
    assert (len(told.urls), told.files, contents(world)) == (1, (), before)


async def test_what_a_url_answered_before_goes_as_well(world: World) -> None:
    (url,) = await filled(world, 1)
    old = contents(world)
    world.origin.route("/0.jpg", body=pictures.jpeg(160, 120, seed=9))
    world.extra = {"freshness": {"default": 0, "least": 0}, "drift": {"remember": 0}}
    await world.refresh()
    assert set(old) < set(contents(world))
    told = await collect(world)
    assert (told.urls, sorted(told.files)) == ((), old)
    assert listed(world) == [url]


async def test_strays_go_and_what_bears_another_name_stays(world: World) -> None:
    await filled(world, 1)
    stray = world.cache / "thumbs" / "old" / "ab" / f"{'ab' * 32}.webp"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"12345")
    (world.cache / "images" / "README").write_text("mine")
    told = await collect(world)
    assert (told.files, told.dropped) == ((stray.relative_to(world.cache).as_posix(),), (1, 5))
    assert not stray.exists()
    assert (world.cache / "images" / "README").exists()


async def test_age_spares_what_was_asked_for_or_written_lately(world: World) -> None:
    await filled(world)
    (world.articles / "1.md").unlink()
    stray = world.cache / "images" / "ab" / f"{'ab' * 32}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"12345")
    assert (await collect(world, age=DAY)).dropped == (0, 0)
    os.utime(stray, (1, 1))
    assert (await collect(world, age=DAY)).dropped == (1, 5)
    assert len((await collect(world, age=0.0)).urls) == 1


async def test_an_age_of_nothing_spares_nothing(world: World) -> None:
    """Neither a picture that was replaced just now nor a file of a clock that was ahead."""
    (url,) = await filled(world, 1)
    old = contents(world)
    world.origin.route("/0.jpg", body=pictures.jpeg(160, 120, seed=9))
    world.extra = {"freshness": {"default": 0, "least": 0}}
    await world.refresh()
    stray = world.cache / "images" / "ab" / f"{'ab' * 32}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"12345")
    os.utime(stray, (4_000_000_000, 4_000_000_000))
    assert (await collect(world, dry_run=True)).dropped == (1, 5)
    told = await collect(world, age=0.0)
    assert set(told.files) == {*old, stray.relative_to(world.cache).as_posix()}
    assert listed(world) == [url]


async def test_an_excluded_url_is_named_all_the_same(world: World) -> None:
    await filled(world)
    before = contents(world)
    world.extra = {"exclude": ["*/1.jpg"]}
    assert (await collect(world)).files == ()
    assert contents(world) == before


async def test_without_an_article_it_is_refused(world: World) -> None:
    await filled(world)
    before = contents(world)
    for path in world.articles.iterdir():
        path.unlink()
    (world.articles / "README.md").write_text("no front matter")
    with pytest.raises(ConfigError, match="no article was found"):
        await collect(world)
    with pytest.raises(ConfigError, match="no article was found"):
        await collect(world, dry_run=True)
    assert contents(world) == before


@pytest.mark.parametrize("dry_run", [True, False])
async def test_where_no_image_is_named_it_is_refused(world: World, *, dry_run: bool) -> None:
    """Probably the settings name another place than the articles have."""
    await filled(world)
    before = contents(world)
    world.extra["images"] = ({"at": "img[]", "url": "url"},)
    told = r"no article names an image, so nothing is dropped: 2 articles.*`images.*imgcache init"
    with pytest.raises(ConfigError, match=told):
        await collect(world, dry_run=dry_run)
    assert contents(world) == before


async def test_a_place_that_finds_no_image_is_told(world: World) -> None:
    await filled(world)
    heard: list[str] = []
    world.extra["images"] = ({"at": "images[]", "url": "url"}, {"at": "covr"})
    world.extra["articles"] = [str(world.articles)]
    await collect_garbage(world.settings(), Heard(heard), dry_run=True)
    assert [one for one in heard if "'covr' finds no image" in one]


@pytest.mark.parametrize(
    "text", ["---\nimages: [\n---\n", "---\nimages: []\nimages: [{url: x}]\n---\n"]
)
async def test_while_an_article_can_not_be_read_nothing_goes(world: World, text: str) -> None:
    await filled(world)
    before = world.state()
    (world.articles / "1.md").write_text(text)
    told = await collect(world)
    assert [problem.article[-4:] for problem in told.problems] == ["1.md"]
    assert told.problems[0].line is not None
    assert (told.files, told.urls) == ((), ())
    (world.articles / "1.md").unlink()
    world.article(world.entry("x"), name="1.md")
    assert {k: v for k, v in world.state().items() if k.startswith("cache")} == {
        k: v for k, v in before.items() if k.startswith("cache")
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("1.md", "---\nimages:\n  - url: {url}\n"),
        ("1.md", ';;;\n{{"images": [{{"url": "{url}"}}]}}\n;;;\n'),
        ("1.md", '+++\nimages = [{{ url = "{url}" }}]\n+++\n'),
        ("1.yaml", "images:\n  - url: {url}\n\t- broken\n"),
    ],
)
async def test_what_a_broken_article_mentions_stays(world: World, name: str, text: str) -> None:
    """It is passed over as no article, for it may be none; but its images are not lost for that."""
    urls = await filled(world, 3)
    for number in (1, 2):
        (world.articles / f"{number}.md").unlink()
    (world.articles / name).write_text(text.format(url=urls[1]))
    assert (await collect(world)).urls == (urls[2],)
    assert sorted(listed(world)) == sorted(urls[:2])


async def test_a_cache_that_a_run_is_using_is_left_alone(world: World) -> None:
    await filled(world)
    (world.articles / "1.md").unlink()
    before = contents(world)
    with CacheLock(world.cache), pytest.raises(CacheLockedError):
        await collect(world)
    assert contents(world) == before


async def test_files_go_only_when_the_manifest_names_them_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world)
    (world.articles / "1.md").unlink()
    manifest = world.cache / "manifest.json"
    manifest.unlink()
    manifest.mkdir()
    before = contents(world)
    with pytest.raises(Exception, match="nothing was deleted"):
        await collect(world)
    assert contents(world) == before
    manifest.rmdir()
    await collect(world)
    assert len(contents(world)) == 2
    assert len(listed(world)) == 1
