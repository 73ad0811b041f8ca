"""The JSON Schemas of the package: made of the models, and true of what the program writes."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imgcache.config import Settings
from tests.render import sample
from tests.support import pictures, schemas
from tests.support.world import World, run

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


def schema(name: str) -> dict[str, Any]:
    """As whoever installed the package finds it."""
    found: dict[str, Any] = json.loads((files("imgcache") / "schemas" / name).read_text())
    return found


def check(document: Any, name: str) -> None:
    described = schema(name)
    jsonschema.Draft202012Validator.check_schema(described)
    jsonschema.Draft202012Validator(described).validate(document)


def undescribed(document: Any, described: dict[str, Any], whole: dict[str, Any]) -> list[str]:
    """Keys of a document that its schema does not name: keys may be added, but not forgotten."""
    if "$ref" in described:
        described = whole["$defs"][described["$ref"].rpartition("/")[2]]
    for one in described.get("anyOf", ()):
        if one != {"type": "null"} and document is not None:
            return undescribed(document, one, whole)
    if isinstance(document, list):
        return [key for one in document for key in undescribed(one, described["items"], whole)]
    if not isinstance(document, dict):
        return []
    named = described.get("properties", {})
    below = {key: named.get(key, described.get("additionalProperties")) for key in document}
    found = [key for key, one in below.items() if not one]
    return found + [
        key for name, one in below.items() if one for key in undescribed(document[name], one, whole)
    ]


def test_they_are_those_of_the_models() -> None:
    made = schemas.made()
    there = {one.name: one.read_text() for one in schemas.FOLDER.glob("*.json")}
    assert there == made, "say `make schemas`"


@pytest.mark.parametrize("report", [sample.finished, sample.troubled, sample.ruled])
def test_a_report_is_as_its_schema_says(report: Any) -> None:
    document = json.loads(report().to_json(with_diffs=True))
    check(document, "report.json")
    assert undescribed(document, schema("report.json"), schema("report.json")) == []
    with pytest.raises(jsonschema.ValidationError):
        check({**document, "summary": {}}, "report.json")


async def test_what_a_refresh_writes_is_as_the_schemas_say(world: World) -> None:
    world.article(
        world.entry(world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))),
        world.entry(world.origin.route("/gone.jpg", status=404)),
    )
    words = ["refresh", "--format", "json", "--allow-private", world.origin.allow]
    done = await run(*words, cwd=world.folder)
    check(done.report, "report.json")
    manifest = json.loads((world.cache / "manifest.json").read_text())
    assert len(manifest["images"]) == 1
    check(manifest, "manifest.json")
    assert undescribed(manifest, schema("manifest.json"), schema("manifest.json")) == []


def test_each_example_of_the_documentation_is_a_configuration() -> None:
    examples = [
        tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    ]
    assert examples
    for one in examples:
        check(one, "config.json")


def test_the_starter_with_all_of_its_keys_is_a_configuration() -> None:
    starter = (files("imgcache") / "cli" / "starter.toml").read_text()
    settings = re.sub(r"^# ?((?:[\w.-]+ = )|\[)", r"\1", starter, flags=re.MULTILINE)
    check(tomllib.loads(settings), "config.json")


@pytest.mark.parametrize(
    "text",
    [
        'fetch.deadline = "90s"\nfetch.max_bytes = "32MiB"\nfail_after = "3d"',
        'fetch.resolve = ["a.test:443:127.0.0.1:8443"]\nfetch.allow_private = "10.0.0.0/8"',
        'severity.gone = "warning"\nseverity.transient = "ignore"',
        'articles = "content"\nsite_root = "static"\nskip = {published = false, kind = ["a", 1]}',
        'images = [{at = "image", url = ["path", "url"]}]\nthumbnails = {}',
        'rules = [{name = "hero", aspect = "16:9", formats = ["webp"], aspect_tolerance = "2%"}]',
        'fetch.headers."cdn.test".Authorization = "Bearer x"',
    ],
)
def test_editors_take_what_the_program_takes(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "static").mkdir()
    (tmp_path / "imgcache.toml").write_text(text)
    Settings.load()
    check(tomllib.loads(text), "config.json")


@pytest.mark.parametrize(
    "text",
    [
        "fetch.concurency = 3",
        "fetch.concurrency = 0",
        'severity.gonne = "error"',
        'severity.gone = "loud"',
        'folder = "x"',
        'thumbnails.Small.format = "gif"',
        "[[rules]]\nmax_bytes = 1",
        "tolerance = -1",
    ],
)
def test_editors_underline_what_the_program_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(tomllib.loads(text), "config.json")
