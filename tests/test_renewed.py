"""What is made from the program is as it would be made now; else `make renew`, and look at it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

import pytest

from imgcache.core.verdicts.rules import OK, RULES, Rule
from imgcache.version import DOCS
from tests.support.renewed import FILES, GOLDEN, ROOT, is_fresh


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_made_from_the_program_is_not_stale(name: str) -> None:
    assert is_fresh(name, FILES[name]()), f"{name} is stale: run `make renew`, and look at it"


def test_every_golden_report_can_be_renewed() -> None:
    assert {path.name for path in (ROOT / "tests" / "render" / "golden").iterdir()} == set(GOLDEN)


@pytest.mark.parametrize("rule", [OK, *RULES], ids=lambda rule: rule.name)
def test_every_code_has_its_place_on_the_page(rule: Rule) -> None:
    page = (ROOT / "docs" / "verdicts.md").read_text("utf-8")
    heads = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert [head.lower() for head in heads].count(rule.anchor) == 1
    assert f"](#{rule.anchor})" in page


def test_links_lead_to_the_home_that_the_package_names() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    # As long as nobody has published it, the name of an owner is missing.
    homes = [url for url in urls.values() if "/OWNER/" not in f"{url}/"]
    assert bool(DOCS) == bool(homes), "version.DOCS and [project.urls] are named together"
    assert not DOCS or (DOCS.startswith("https://") and DOCS.endswith("/"))
    assert not homes or any(DOCS.startswith(url.removesuffix("/")) for url in homes)


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_man_page_is_roff_without_a_complaint() -> None:
    words = ["groff", "-man", "-Tutf8", "-ww", "-z", str(ROOT / "docs" / "imgcache.1")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
