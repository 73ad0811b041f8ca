"""`imgcache init`: a file that says what the defaults say, but for what this repository needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from imgcache import Settings
from imgcache.cli.init import filled
from imgcache.engine.init import Fit
from tests.support.world import run
from tests.test_docs import keys

PAGE = "---\nphotos:\n  - {src: /img/a.png, w: 3, h: 2}\n  - {src: /img/b.png, w: 3, h: 2}\n---\n"
USUAL = "---\nimages:\n  - {url: https://a.test/a.png, width: 3, height: 2, isCached: false}\n---\n"
# Keys without a default, or with one that the file can't know: there an example stands.
EXAMPLES = {
    "articles",
    "exclude",
    "site_root",
    "severity",
    "fail_after",
    "rules",
    "cache.max_bytes",
    "thumbnails",
    "images",
    "fetch.user_agent",
    "fetch.proxy",
    "fetch.headers",
    "fetch.allow_private",
    "fetch.resolve",
    "fetch.ca_file",
    "serve.token",
    "serve.allowed_hosts",
}


def uncommented(text: str) -> str:
    return re.sub(r"^# (?=\[|[a-z_-]+ = )", "", text, flags=re.MULTILINE)


def test_as_it_is_it_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "imgcache.toml"
    path.write_text(filled(Fit(0, 0)))
    own = {"folder": tmp_path, "cache": {"dir": tmp_path / "cache"}}
    assert Settings.load(path).model_dump() == Settings.model_validate(own).model_dump()


def test_it_holds_every_key_with_its_default() -> None:
    values = tomllib.loads(uncommented(filled(Fit(0, 0))))
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
    assert "1 image entry in 1 article found" in done.stdout
    assert (tmp_path / "imgcache.toml").read_text() == filled(Fit(1, 1))


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
    place = {"at": "**.photos[]", "url": "src", "width": "w", "height": "h"}
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
    assert (tmp_path / "imgcache.toml").read_text() == "tolerance = 2\n"
