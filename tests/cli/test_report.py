"""`imgcache report`, as a user starts it; the pages themselves are in tests/render/html."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from imgcache.render.html.static_site import article_name
from tests.support import pictures
from tests.support.world import World, run

JPEG = pictures.jpeg(160, 120)
PAGE = article_name("articles/a.md")


async def fill(world: World) -> None:
    """One image that is well, one that is gone with its copy kept, one that never was."""
    good = world.origin.route("/good.jpg", body=JPEG)
    lost = world.origin.route("/lost.jpg", body=pictures.jpeg(160, 120, seed=2))
    world.article(world.entry(good), world.entry(lost), world.entry(world.origin.url("/never.jpg")))
    await world.refresh()
    world.origin.route("/lost.jpg", status=410)
    (world.folder / "imgcache.toml").write_text("freshness.least = 0\nfreshness.default = 0\n")
    await run("refresh", "--allow-private", world.origin.allow, "--force", cwd=world.folder)


async def test_a_report_is_a_folder_of_pages_and_asks_nobody(world: World) -> None:
    await fill(world)
    asked = len(world.origin.requests)
    before = world.state()
    done = await run("report", cwd=world.folder)
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout == (
        "imgcache-report/index.html: 1 error, 1 warning; 3 image entries in 1 article\n"
    )
    report = world.folder / "imgcache-report"
    index = (report / "index.html").read_text()
    order = [index.index(name) for name in ("never.jpg</bdi>", "lost.jpg</bdi>", "good.jpg</bdi>")]
    assert order == sorted(order)
    assert "since <time" in index
    assert "410" in (report / PAGE).read_text()
    assert len(list((report / "thumbs").iterdir())) == 2
    assert len(world.origin.requests) == asked
    after = world.state()
    assert {name: after[name] for name in before} == before


async def test_a_picture_that_is_lost_leaves_no_hole(world: World) -> None:
    await fill(world)
    for thumbnail in (world.cache / "thumbs").rglob("*.webp"):
        thumbnail.unlink()
    await run("report", cwd=world.folder)
    page = (world.folder / "imgcache-report" / "index.html").read_text()
    assert "<img" not in page
    assert re.search(r'<rect [^>]*fill="#[0-9a-f]{6}"', page)


async def test_all_of_many_articles_have_their_pages_and_pictures(world: World) -> None:
    urls = [world.origin.route(f"/{n}.jpg", body=pictures.jpeg(40, 30 + n)) for n in range(3)]
    for number in range(101):
        world.article(world.entry(urls[number // 50]), name=f"{number:03}.md")
    await world.refresh()
    await run("report", cwd=world.folder)
    report = world.folder / "imgcache-report"
    pages = [(report / article_name(f"articles/{n:03}.md")).read_text() for n in range(101)]
    shown = [re.findall(r"<img [^>]*src=\"../(thumbs/[0-9a-f]+.webp)", page) for page in pages]
    assert all((report / one).is_file() for names in shown for one in names)
    assert all(shown)
    assert len({names[0] for names in shown}) == 3


async def test_articles_that_can_not_be_read_are_told(world: World) -> None:
    for number in range(5):
        (world.articles / f"{number}.md").write_text("---\nimages: [\n---\n")
    done = await run("report", cwd=world.folder)
    assert done.status == 1
    named = "articles/0.md, articles/1.md, articles/2.md and 2 more"
    assert f"; 5 articles could not be read: {named}\n" in done.stdout


async def test_where_all_is_well_the_exit_status_says_so(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    done = await run("report", "articles/a.md", "--output", "out/pages", cwd=world.folder)
    assert done.status == 0
    assert "Every image is well" in (world.folder / "out" / "pages" / "index.html").read_text()


async def test_usage_that_is_wrong_writes_nothing(world: World) -> None:
    done = await run("report", "nowhere", cwd=world.folder)
    assert done.status == 2
    assert "nowhere" in done.stderr
    world.article()
    done = await run("report", "--output", "articles", cwd=world.folder)
    assert done.status == 2
    assert done.stderr.startswith("imgcache: --output articles: this is no report's folder")
    assert not (world.folder / "imgcache-report").exists()


async def without_the_extra(command: str, folder: Path) -> tuple[int | None, str]:
    """The status, and stderr, of an installation without what `serve` brings."""
    lacking = "sys.modules |= {'fastapi': None, 'starlette': None, 'uvicorn': None}"
    program = f"import sys; {lacking}; from imgcache.__main__ import main; main()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, command),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    return process.returncode, stderr.decode()


async def test_the_base_package_draws_a_report(world: World) -> None:
    world.article(world.entry("https://a.test/a.jpg"))
    assert await without_the_extra("report", world.folder) == (0, "")
    assert (world.folder / "imgcache-report" / "index.html").is_file()


async def test_a_service_without_its_extra_says_how_to_get_it(tmp_path: Path) -> None:
    assert await without_the_extra("serve", tmp_path) == (
        2,
        "imgcache: imgcache serve needs uvicorn: pip install 'imgcache[serve]'\n",
    )


async def test_a_single_file_has_everything_in_it(world: World) -> None:
    await fill(world)
    done = await run("report", "--single-file", "--output", "all.html", cwd=world.folder)
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.startswith("all.html: 1 error, 1 warning")
    assert not (world.folder / "imgcache-report").exists()
    page = (world.folder / "all.html").read_text()
    assert page.count('src="data:image/webp;base64,') == 2
    assert set(re.findall(r'(?:href|src)="(?!data:|http)([^"]*)"', page)) <= {
        *("#main", "#i-error", "#i-warning", "#i-ok", "#i-quiet")
    }
    (world.folder / "mine.html").write_text("mine")
    foreign = await run("report", "--single-file", "--output", "mine.html", cwd=world.folder)
    assert foreign.status == 2
    assert "mine.html: this is no page of a report" in foreign.stderr
    assert (world.folder / "mine.html").read_text() == "mine"
    assert (
        await run("report", "--single-file", "--output", "all.html", cwd=world.folder)
    ).status == 1
    again = await run("report", "--single-file", "--output", "articles", cwd=world.folder)
    assert again.status == 2
    assert "--output articles" in again.stderr
    nowhere = await run("report", "--single-file", "--output", "no/all.html", cwd=world.folder)
    told = "imgcache: --output no/all.html: there is no such folder; make it first\n"
    assert (nowhere.status, nowhere.stderr) == (2, told)
