"""`imgcache export`, as a user starts it: words in, stdout, stderr and exit status out."""

from __future__ import annotations

from tests.support import pictures
from tests.support.world import World, run


async def filled(world: World) -> None:
    """One image that is there, and one that never was."""
    good = world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(good), world.entry(world.origin.url("/never.jpg")))
    await world.refresh()


async def test_it_tells_what_the_folder_holds_and_what_has_changed(world: World) -> None:
    await filled(world)
    held = "public: 1 image, 1 thumbnail ("
    done = await run("export", "public", "--dry-run", cwd=world.folder)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("would put images/")
    assert "(dry run: nothing was written)" in done.stdout
    done = await run("export", "public", cwd=world.folder)
    assert (done.status, done.stderr) == (0, "")
    first, lacking = done.stdout.splitlines()
    assert first.startswith(held)
    assert first.endswith(
        ") that 1 article names; 2 files put there, 0 dropped, the manifest written"
    )
    assert lacking.startswith("1 URL has no sound copy in the cache: left out")
    done = await run("export", "public", cwd=world.folder)
    assert done.stdout.splitlines()[0].endswith("; nothing has changed")


async def test_scripts_get_json(world: World) -> None:
    await filled(world)
    told = (await run("export", "public", "--format", "json", cwd=world.folder)).report
    assert (told["command"], told["folder"], told["lacking"]) == ("export", "public", 1)
    assert min(told["added"]).startswith("images/")
    assert (told["images"]["files"], told["thumbnails"]["files"]) == (1, 1)


async def test_an_article_that_can_not_be_read_is_told(world: World) -> None:
    await filled(world)
    (world.articles / "b.md").write_text("---\nimages: [\n---\n")
    done = await run("export", "public", cwd=world.folder)
    assert done.status == 1
    assert done.stdout.startswith("articles/b.md:")
    assert done.stdout.endswith("these articles may name any image; fix them first\n")
    assert not (world.folder / "public").exists()


async def test_a_foreign_folder_is_a_usage_error(world: World) -> None:
    await filled(world)
    done = await run("export", "articles", cwd=world.folder)
    assert done.status == 2
    assert done.stderr == (
        "imgcache: articles: no export has made this folder; name a new or empty one\n"
    )
