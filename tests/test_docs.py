"""What the documents say of names is true: every setting, verdict and default stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import imgcache
from imgcache.config import Settings, SeveritySettings, ThumbnailSettings
from imgcache.model import Verdict

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if kind is SeveritySettings:
            found += ["severity.<verdict>", "severity.transient", "severity.urls"]
        elif name == "thumbnails":
            found += keys(ThumbnailSettings, "thumbnails.<name>.")
        elif name == "headers":
            found.append("fetch.headers.<host>")
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            found += keys(kind, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


def documented_keys() -> list[str]:
    rows = re.findall(r"^\| (`.*?) \|", CONFIGURATION, re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`([a-z_.<>]+)`", row.partition("(")[0])]


def test_every_setting_is_documented_and_no_other() -> None:
    assert sorted(documented_keys()) == sorted(keys(Settings))


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.OK])
def test_every_verdict_stands_in_the_readme_with_its_code(verdict: Verdict) -> None:
    assert f"| {verdict.code} | `{verdict}` |" in README


def test_every_public_name_can_be_imported() -> None:
    assert all(getattr(imgcache, name) for name in imgcache.__all__)
    assert imgcache.__all__ == sorted(imgcache.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(imgcache, "nothing")  # noqa: B009  mypy knows that it is not there


def test_the_map_of_the_house_names_every_file() -> None:
    house = Path(imgcache.__file__).parent
    for package in ("core", "report", "engine"):
        names = [path.name for path in (house / package).glob("*.py")]
        missing = [n for n in names if n != "__init__.py" and n not in CONTRIBUTING]
        assert missing == [], package
