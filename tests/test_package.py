"""What is packed: the sdist has what its own tests need, and its README reads on an index page."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()
SOURCE = "https://forge.test/us/imgcache"


def index_page() -> ModuleType:
    """The build hook, which is a script and no module of ours."""
    spec = importlib.util.spec_from_file_location("index_page", ROOT / ".ci" / "index_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def links(text: str) -> list[str]:
    tokens = [part for one in MarkdownIt().parse(text) for part in one.children or []]
    found = [part.attrGet("href") or part.attrGet("src") for part in tokens]
    return [str(one) for one in found if one is not None]


def test_the_sdist_has_all_that_the_house_has() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    made = {"PKG-INFO", "cache", "dist", "imgcache-demo", "imgcache-report"}
    hidden = {".ci", ".lock", ".pre-commit-hooks.yaml"}
    there = {one.name for one in ROOT.iterdir() if not one.name.startswith(".")}
    assert {one.lstrip("/") for one in listed} == there - made - {"pyproject.toml"} | hidden


def test_on_an_index_page_links_lead_to_the_sources_of_the_version() -> None:
    page = index_page().shown(README, SOURCE, "v1.2.3")
    found = links(page)
    assert f"{SOURCE}/blob/v1.2.3/docs/commands.md#the-baseline" in found
    assert [one for one in found if not re.match("[a-z]+://", one)] == []
    paths = re.findall(rf"{SOURCE}/blob/v1\.2\.3/([^)#\s]+)", page)
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_while_nobody_publishes_it_links_are_words() -> None:
    page = index_page().shown(README, PROJECT["project"]["urls"]["Source"], "v1.2.3")
    assert "OWNER" in PROJECT["project"]["urls"]["Source"]
    assert [one for one in links(page) if not one.startswith("https://")] == []
    assert "![" not in page
    assert "](docs/" not in page


@pytest.mark.parametrize(
    ("written", "words", "link"),
    [
        ("[docs/ci.md](docs/ci.md)", "docs/ci.md", f"[docs/ci.md]({SOURCE}/blob/v1/docs/ci.md)"),
        ("[how](docs/a.md#b)", "how (`docs/a.md`)", f"[how]({SOURCE}/blob/v1/docs/a.md#b)"),
        ("[x](https://e.test)", "[x](https://e.test)", "[x](https://e.test)"),
        ("![a](docs/a.webp)\n\nb", "b", "b"),
    ],
)
def test_a_link_of_the_readme(written: str, words: str, link: str) -> None:
    shown = index_page().shown
    assert shown(written, "https://github.com/OWNER/imgcache", "v1") == words
    assert shown(written, SOURCE, "v1") == link


def test_the_versions_of_python_are_those_that_can_be_installed() -> None:
    named = [one for one in PROJECT["project"]["classifiers"] if "Python :: 3." in one]
    least = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert named[0].endswith(f":: {least}")
    tried = re.findall(r"python(3\.\d+)", (ROOT / ".ci" / "package").read_text())
    assert {one.rpartition(" ")[2] for one in named} <= set(tried)
