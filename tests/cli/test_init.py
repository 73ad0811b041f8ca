"""`imgcache init`: a file that says what the defaults say, but for what this repository needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from imgcache import Settings
from imgcache.cli.init import filled, in_pyproject, tables, told
from imgcache.engine.init import Fit, survey
from tests.support.site_shapes import SHAPES
from tests.support.world import run
from tests.test_docs import keys

PAGE = "---\nphotos:\n  - {src: /img/a.png, w: 3, h: 2}\n  - {src: /img/b.png, w: 3, h: 2}\n---\n"
USUAL = "---\nimages:\n  - {url: https://a.test/a.png, width: 3, height: 2, isCached: false}\n---\n"
ROW = "  images[].url  1 in 1 article"
# Keys without a default, or with one that the file can't know: there an example stands.
EXAMPLES = {
    "articles",
    "exclude",
    "site_root",
    "severity",
    "fail_after",
    "rules",
    "cache.index",
    "cache.max_bytes",
    "fetch.processes",
    "manifest.path",
    "manifest.base_url",
    "thumbnails",
    "images",
    "fetch.user_agent",
    "fetch.proxy",
    "fetch.headers",
    "fetch.allow_private",
    "fetch.resolve",
    "fetch.ca_file",
    "serve.edit_url",
    "serve.token",
    "serve.allowed_hosts",
}


def uncommented(text: str) -> str:
    return re.sub(r"^# (?=\[|[a-z_-]+ = )", "", text, flags=re.MULTILINE)


def test_as_it_is_it_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "imgcache.toml"
    path.write_text(filled(Fit()))
    own = {"folder": tmp_path, "cache": {"dir": tmp_path / "cache"}}
    assert Settings.load(path).model_dump() == Settings.model_validate(own).model_dump()


def test_it_holds_every_key_with_its_default() -> None:
    values = tomllib.loads(uncommented(filled(Fit())))
    settings = Settings.model_validate(values)
    written = {
        f"{section}.{key}" if isinstance(below, dict) else section
        for section, below in values.items()
        for key in (below if isinstance(below, dict) else [section])
    }
    for key in keys(Settings):
        top = key.split(".<")[0]
        assert top in written or top.split(".")[0] in {"severity", "skip", "thumbnails"}, key
    free = {"severity", "skip", "thumbnails"}
    kept = {one for one in written - EXAMPLES if one.split(".")[0] not in free}
    assert {one for one in kept if _value(settings, one) != _value(Settings(), one)} == set()


def _value(settings: Settings, dotted: str) -> object:
    value: object = settings
    for part in dotted.split("."):
        value = getattr(value, part, None)
    return value


@pytest.mark.parametrize("folder", ["articles", "content/posts"])
async def test_where_the_defaults_fit_nothing_is_set(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a.md").write_text(USUAL)
    done = await run("init", cwd=tmp_path)
    assert (done.status, done.stderr) == (0, "")
    told = "imgcache verify will check 1 of the 1 image seen, in 1 article\n"
    assert done.stdout == f"wrote imgcache.toml\nimages were seen here:\n{ROW}\n{told}"
    assert (tmp_path / "imgcache.toml").read_text() == filled(Fit())


async def test_what_the_repository_needs_is_set_and_works(tmp_path: Path) -> None:
    for folder in ("src/pages/en", "src/pages/de", "notes", "static/img"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src/pages/en/a.md").write_text(PAGE)
    (tmp_path / "src/pages/de/a.md").write_text(PAGE)
    (tmp_path / "notes/broken.md").write_text("---\nimages: [\n---\n")
    (tmp_path / "static/img/a.png").write_bytes(b"x")
    assert (await run("init", cwd=tmp_path)).status == 0
    set_here = tomllib.loads((tmp_path / "imgcache.toml").read_text())
    assert set_here["articles"] == ["src/pages"]
    assert set_here["site_root"] == "static"
    place = {"at": "photos[]", "url": "src", "width": "w", "height": "h"}
    assert set_here["images"] == [place]
    verified = await run("verify", "--format", "json", cwd=tmp_path)
    assert verified.report["summary"]["entries"] == 4


async def test_a_file_above_is_told(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("")
    (tmp_path / "site").mkdir()
    done = await run("init", cwd=tmp_path / "site")
    assert done.status == 0
    assert f"{tmp_path / 'imgcache.toml'} no longer counts in this folder" in done.stdout


async def test_a_file_that_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("tolerance = 2\n")
    done = await run("init", cwd=tmp_path)
    assert done.status == 2
    assert "imgcache.toml is there already" in done.stderr
    assert done.stdout == "no image was seen in any article\n"
    assert (tmp_path / "imgcache.toml").read_text() == "tolerance = 2\n"


async def test_beside_a_file_that_is_there_the_lines_that_fit_are_shown(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("")
    (tmp_path / "a.md").write_text("---\ncover: {image: https://a.test/a.png}\n---\n")
    done = await run("init", cwd=tmp_path)
    assert done.status == 2
    assert done.stdout.endswith('in 1 article\n\n[[images]]\nat = "cover"\nurl = "image"\n')
    assert (tmp_path / "imgcache.toml").read_text() == ""


def test_what_can_not_be_written_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    """As on a full disk: not a byte can be written."""
    words = f"ulimit -f 0; exec '{sys.executable}' -P -m imgcache init"
    shell = ["/bin/sh", "-c", words]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not (tmp_path / "imgcache.toml").exists()
    told = "imgcache: imgcache.toml: can't be written: File too large; raise the limit of file"
    assert (done.returncode, done.stderr.startswith(told)) == (2, True)


async def test_settings_in_pyproject_are_never_taken_out_of_force(tmp_path: Path) -> None:
    project = "[tool.imgcache]\nexclude = ['x/**']\n"
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "a.md").write_text("---\ncover: {image: https://a.test/a.png}\n---\n")
    done = await run("init", cwd=tmp_path)
    assert done.status == 2
    assert "pyproject.toml has [tool.imgcache] already" in done.stderr
    _, _, lines = done.stdout.partition("in 1 article\n\n")
    assert lines == '[tool.imgcache]\n[[tool.imgcache.images]]\nat = "cover"\nurl = "image"\n'
    assert sorted(os.listdir(tmp_path)) == ["a.md", "pyproject.toml"]  # noqa: PTH208  names alone
    assert (tmp_path / "pyproject.toml").read_text() == project


async def test_a_pyproject_above_is_told_and_one_without_settings_is_nothing(
    tmp_path: Path,
) -> None:
    above, here = tmp_path / "pyproject.toml", tmp_path / "site" / "pyproject.toml"
    here.parent.mkdir()
    above.write_text("[tool.imgcache]\n")
    here.write_text("[project]\nname = 'x'\n")
    done = await run("init", cwd=here.parent)
    assert done.status == 0
    assert f"{above} no longer counts in this folder: imgcache.toml here does\n" in done.stdout


async def test_a_link_that_leads_nowhere_is_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").symlink_to("elsewhere.toml")
    done = await run("init", cwd=tmp_path)
    assert (done.status, "is there already" in done.stderr) == (2, True)
    assert os.listdir(tmp_path) == ["imgcache.toml"]  # noqa: PTH208  names alone


@pytest.mark.parametrize("name", SHAPES)
async def test_of_each_shape_every_image_is_checked(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    shape.make(tmp_path)
    done = await run("init", cwd=tmp_path)
    every = (*shape.images, *shape.bodies)
    seen = sum(map(len, (shape.images, shape.bodies, shape.drafts, shape.unread)))
    assert f"imgcache verify will check {len(every)} of the {seen:,} image" in done.stdout
    verified = await run("verify", "--offline", "--format", "json", cwd=tmp_path)
    entries = verified.report["entries"]
    assert sorted(one["url"] for one in entries) == sorted(every)
    for one in entries:
        line = (tmp_path / one["article"]).read_text().splitlines()[one["line"] - 1]
        assert line[one["column"] - 1 :].strip("\"'").startswith(one["url"])
    gone = [one["url"] for one in entries if one["verdict"] == "gone"]
    assert set(gone).isdisjoint(shape.found)


@pytest.mark.parametrize("name", SHAPES)
def test_the_file_of_each_shape_says_what_its_few_lines_say(tmp_path: Path, name: str) -> None:
    SHAPES[name].make(tmp_path)
    found = survey(tmp_path)
    written = {key: value for key, value in tomllib.loads(filled(found.fit)).items() if value}
    assert written == tomllib.loads(tables(found.fit))
    project = tomllib.loads(in_pyproject(tables(found.fit)))
    assert project == {"tool": {"imgcache": written}}


def test_a_long_table_is_cut_and_tells_of_bodies(tmp_path: Path) -> None:
    front = "".join(f"key{number}x{number}: a.png\n" for number in range(40))
    body = "![](a.png)\n![]({{ b }})\n"
    (tmp_path / "a.md").write_text(f"---\n{front}---\n{body}")
    lines = told(survey(tmp_path)).splitlines()
    assert lines[30] == "  bodies    1 in 1 article"
    assert lines[31] == "  and 11 more places"
    assert lines[32] == "(1 URL in bodies with template marks: left)"
    assert "16 elsewhere" in lines[-1]


def test_bodies_are_set_where_images_stand_in_them() -> None:
    assert tomllib.loads(filled(Fit(bodies=True)))["body"] == {"images": True}
    assert tomllib.loads(filled(Fit()))["body"] == {}
    assert tables(Fit(bodies=True)) == "[body]\nimages = true\n"


_COVERS = {
    "content/a.md": "+++\n[cover]\nimage = 'https://a.test/1.png'\n+++\n",
    "content/b.md": '{"cover": {"image": "https://a.test/2.png"}}\n\nWords.\n',
    "content/shots/c.json": '{"cover": {"image": "https://a.test/3.png"}}',
    "content/shots/d.json": '[{"cover": {"image": "https://a.test/4.png"}}]',
    "content/shots/e.toml": "[cover]\nimage = 'https://a.test/5.png'\n",
}
# Of tools, of what others wrote, without an image, and no valid text.
_OTHERS = {
    "package.json": '{"cover": {"image": "https://a.test/no.png"}}',
    "content/package.json": '{"cover": {"image": "https://a.test/no.png"}}',
    "assets/site.json": '{"cover": {"image": "https://a.test/no.png"}}',
    "content/node_modules/x.json": '{"cover": {"image": "https://a.test/no.png"}}',
    "content/plain/f.json": '{"title": "x"}',
    "content/plain/g.toml": "cover = [",
}


def _written(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


async def test_toml_and_json_are_seen_and_named(tmp_path: Path) -> None:
    _written(tmp_path, _COVERS | _OTHERS)
    done = await run("init", cwd=tmp_path)
    assert "will check 5 of the 5 images seen, in 5 articles\n" in done.stdout
    written = tomllib.loads((tmp_path / "imgcache.toml").read_text())
    assert written["articles"] == ["content", "content/shots/*.json", "content/shots/*.toml"]
    verified = await run("verify", "--offline", "--format", "json", cwd=tmp_path)
    assert verified.report["summary"]["entries"] == 5


async def test_files_of_data_are_enough(tmp_path: Path) -> None:
    _written(tmp_path, {"_data/team.json": '[{"photo": "https://a.test/1.png"}]'})
    done = await run("init", cwd=tmp_path)
    assert "will check 1 of the 1 image seen" in done.stdout
    written = tomllib.loads((tmp_path / "imgcache.toml").read_text())
    assert written["articles"] == [".", "_data/*.json"]


async def test_data_beside_the_articles_is_seen_and_named(tmp_path: Path) -> None:
    files = {
        "content/a.md": "---\ncover:\n  image: https://a.test/1.png\n---\n",
        "data/team.yml": "- photo: https://a.test/2.png\n- photo: https://a.test/3.png\n",
        "data/shots/b.yaml": "photo: https://a.test/4.png\n",
        "data/c.json": '{"photo": "https://a.test/5.png"}',
        "data/plain.yml": "title: x\n",
        "data/shots/broken.yaml": "a: [",
        "other/d.yml": "photo: https://a.test/no.png\n",
    }
    _written(tmp_path, files)
    done = await run("init", cwd=tmp_path)
    assert "will check 5 of the 5 images seen, in 4 articles\n" in done.stdout
    written = tomllib.loads((tmp_path / "imgcache.toml").read_text())
    assert written["articles"] == ["content", "data/*.json", "data/*.yml", "data/shots/*.yaml"]
    verified = await run("verify", "--offline", "--format", "json", cwd=tmp_path)
    assert verified.report["summary"]["entries"] == 5


def test_many_folders_of_data_are_one_pattern(tmp_path: Path) -> None:
    _written(tmp_path, {f"data/{n}/x.json": '{"cover": "https://a.test/1.png"}' for n in range(9)})
    fit = survey(tmp_path).fit
    assert fit.articles[-1] == "data/**/*.json"


@pytest.mark.parametrize("flag", ["--config", "--cache-dir"])
async def test_what_has_no_meaning_for_it_is_refused(tmp_path: Path, flag: str) -> None:
    done = await run("init", flag, "elsewhere", cwd=tmp_path)
    assert (done.status, "leave out --config, --cache-dir" in done.stderr) == (2, True)
    assert not (tmp_path / "imgcache.toml").exists()
