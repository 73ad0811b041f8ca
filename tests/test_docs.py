"""What the documents say of names is true: every setting, verdict and default stands in them."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.main import get_command

import imgcache
from imgcache.cli import init
from imgcache.cli.app import app
from imgcache.cli.flags import ReportFormat
from imgcache.config import Settings, ThumbnailSettings
from imgcache.config_rules import RuleSettings, SeveritySettings
from imgcache.core.verdicts import wishes
from imgcache.core.verdicts.drift import Replaced
from imgcache.core.verdicts.messages import message
from imgcache.core.verdicts.patience import patience
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.core.verdicts.wishes import Place
from imgcache.engine.init import survey
from imgcache.model import Breach, Declared, Failure, Format, Severity, Size, Verdict
from tests.support.facts import NOON
from tests.support.site_shapes import SHAPES
from tests.support.world import run

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
HOUSE = Path(imgcache.__file__).parent
RULES = (ROOT / "docs" / "rules.md").read_text()
README = (ROOT / "README.md").read_text()
SITES = (ROOT / "docs" / "sites.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if name == "folder":  # where the file lies: nothing to be set
            continue
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


@pytest.mark.parametrize("breach", Breach)
def test_every_breach_stands_in_the_page_of_rules_with_its_code(breach: Breach) -> None:
    assert f"| {breach.code} | `{breach}` |" in RULES


def test_every_key_of_a_rule_is_documented_and_no_other() -> None:
    table = RULES.partition("| key | default |")[2].partition("\n\n")[0]
    first = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    # `at` belongs to places, which are told elsewhere.
    named = {key for cell in first for key in re.findall(r"`(\w+)`", cell)}
    assert named == set(RuleSettings.model_fields)


@pytest.mark.parametrize("name", ReportFormat)
def test_every_report_format_is_documented(name: ReportFormat) -> None:
    assert f"| `{name}` |" in README.partition("## Formats\n")[2].partition("\n## ")[0]
    row = re.search(r"^\| `--format (.*?)` \| refresh, verify", COMMANDS, re.MULTILINE)
    assert row is not None
    assert row[1].split("\\|") == list(ReportFormat)


def example(mark: str) -> str:
    return RULES.partition(f"<!-- {mark} -->\n```text\n")[2].partition("\n```")[0]


def documented_settings() -> Settings:
    blocks = re.findall(r"```toml\n(.*?)```", RULES, re.DOTALL)
    return Settings.model_validate(tomllib.loads("\n".join(reversed(blocks))))


def test_the_rules_of_the_page_find_what_it_says() -> None:
    image = Measured(Size(4000, 3000), Format.JPEG, 412_345, has_position=False)
    place = Place(("https://a.test/hero/1.jpg",), "blog/a.md", filled=("alt",))
    found = wishes.broken(documented_settings().rules, place, image)
    told = [f"{one.rule}: {one.breach} ({one.breach.code}): {one.message}" for one in found]
    assert "\n".join(told) == example("broken")


def test_patience_says_what_the_page_says() -> None:
    after = documented_settings().fail_after
    failure = Failure(Verdict.GONE, "the server answered 404 Not Found", 404, since=NOON)
    forborne = patience(Verdict.GONE, failure, after, NOON)
    evidence = Evidence(failure=failure)
    told = message(Verdict.GONE, Severity.WARNING, Declared(), evidence, forborne)
    assert told == example("patience")


def test_a_replaced_picture_is_told_as_its_page_says() -> None:
    page = (ROOT / "docs" / "replaced.md").read_text()
    block = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    assert Settings.model_validate(block).drift == Settings().drift
    was = Replaced(NOON, NOON + Settings().drift.remember)
    told = message(Verdict.REPLACED, Severity.WARNING, Declared(), Evidence(replaced=was))
    assert told == page.partition("<!-- replaced -->\n```text\n")[2].partition("\n```")[0]


@pytest.mark.parametrize("name", SHAPES)
def test_the_page_of_sites_shows_what_init_writes(tmp_path: Path, name: str) -> None:
    SHAPES[name].make(tmp_path)
    block = SITES.partition(f"\n## {name}\n")[2].partition("```toml\n")[2].partition("```")[0]
    assert block == init.tables(survey(tmp_path).fit)


def test_the_page_of_sites_has_a_row_for_each() -> None:
    assert re.findall(r"^\| \[(.*?)\]\(#", SITES, re.MULTILINE) == list(SHAPES)
    assert re.findall(r"^## (.*)$", SITES, re.MULTILINE) == list(SHAPES)


async def test_the_page_of_sites_shows_what_a_run_without_images_says(tmp_path: Path) -> None:
    SHAPES["Astro's tutorial"].make(tmp_path)
    done = await run("verify", "--offline", cwd=tmp_path)
    told = SITES.partition("<!-- blind -->\n```text\n")[2].partition("\n```")[0]
    assert f"imgcache: {told}\n" in done.stderr


# Typer's commands are click's in one version and its own in another: alike, but of no common class.
def flags(command: Any) -> set[str]:
    options = (one for one in command.params if one.param_type_name == "option")
    return {name for one in options for name in one.opts if name.startswith("--")} | {"--help"}


def commands(group: Any, name: str = "") -> list[tuple[str, Any]]:
    """Each command that can be run, by its words."""
    if not hasattr(group, "commands"):
        return [(name, group)]
    below = (commands(one, f"{name} {word}".strip()) for word, one in group.commands.items())
    return list(chain.from_iterable(below))


def documented_flags() -> dict[str, set[str]]:
    """By the words of a command, what docs/commands.md says of it; `all` stands for every one."""
    by_command: dict[str, set[str]] = {}
    rows = re.findall(r"^\| `(--[a-z-]+).*?` \| ([a-z, ]+?) \|", COMMANDS, re.MULTILINE)
    for flag, names in rows:
        for name in names.split(", "):
            by_command.setdefault(name, set()).add(flag)
    return by_command


ALL = commands(get_command(app))


@pytest.mark.parametrize(("name", "command"), ALL)
def test_every_flag_is_documented_and_no_other(name: str, command: Any) -> None:
    documented = documented_flags()
    assert f"imgcache {name} " in COMMANDS
    assert documented["all"] | documented.get(name, set()) == flags(command)


def test_no_document_names_a_flag_that_there_is_not() -> None:
    known = set().union(*(flags(command) for command in [get_command(app), *dict(ALL).values()]))
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        named = re.findall(r"imgcache [^`\n]*?(--[a-z-]+)", path.read_text())
        assert set(named) <= known, path


def test_every_public_name_can_be_imported() -> None:
    assert all(getattr(imgcache, name) for name in imgcache.__all__)
    assert imgcache.__all__ == sorted(imgcache.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(imgcache, "nothing")  # noqa: B009  mypy knows that it is not there


def test_the_names_that_the_readme_has_for_python_are_public() -> None:
    _, _, rest = (ROOT / "README.md").read_text().partition("## From Python\n")
    names = set(re.findall(r"\b([A-Z][a-z]+[A-Z]\w+)", rest.partition("\n## ")[0]))
    assert names
    assert names <= set(imgcache.__all__)


PACKAGES = sorted({path.parent for path in HOUSE.rglob("*.py")})


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_the_map_of_the_house_names_every_file(package: Path) -> None:
    named = set(re.findall(r"\w+\.py", CONTRIBUTING))
    names = {path.name for path in package.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert names - named == set()
    assert package == HOUSE or f"{package.name}/" in CONTRIBUTING


def test_the_map_of_the_house_names_no_file_that_there_is_not() -> None:
    folders = (HOUSE, ROOT / "tests", ROOT / ".ci")
    names = {path.name for folder in folders for path in folder.rglob("*.py")}
    assert set(re.findall(r"\w+\.py", CONTRIBUTING)) <= names
    paths = re.findall(r"`((?:core|edge|render|engine|cli|service)/[\w/]+\.py)`", CONTRIBUTING)
    assert [path for path in paths if not (HOUSE / path).is_file()] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_no_folder_of_the_house_is_a_long_list(package: Path) -> None:
    assert len([path for path in package.glob("*.py") if path.name != "__init__.py"]) <= 16
