"""The JSON Schemas in imgcache/schemas, made of the models themselves (`make schemas`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from imgcache.config import Settings
from imgcache.core.cache.manifest import ManifestDocument
from imgcache.render.json import ReportDocument

FOLDER = Path(__file__).parent.parent.parent / "imgcache" / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def made() -> dict[str, str]:
    """The text of each schema, by the name of its file."""
    report = TypeAdapter(ReportDocument).json_schema(mode="serialization")
    manifest = TypeAdapter(ManifestDocument).json_schema(mode="serialization")
    schemas = {
        "report.json": _entitled(report, "Report of imgcache refresh and verify"),
        "manifest.json": _entitled(manifest, "Manifest of an imgcache cache folder"),
        "config.json": _entitled(_of_toml(Settings.model_json_schema()), "imgcache.toml"),
    }
    return {name: f"{json.dumps(one, indent=1, sort_keys=True)}\n" for name, one in schemas.items()}


def _plain(schema: Any) -> Any:
    """Without what says nothing: names of keys said again, bounds that the parts have already.

    Where names follow a pattern, no other is allowed.
    """
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {"additionalProperties": False} if "patternProperties" in schema else {}
    return strict | {
        key: {name: _plain(one) for name, one in below.items()}
        if key in ("properties", "$defs", "patternProperties")
        else _plain(below)
        for key, below in schema.items()
        if key not in ("title", "ge", "gt", "lt")
    }


def _of_toml(schema: Any) -> Any:
    """TOML has no null: what is not set is left out."""
    if isinstance(schema, list):
        return [_of_toml(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _of_toml(below) for key, below in schema.items()}
    if {"type": "null"} in found.get("anyOf", ()):
        del found["default"]
        kinds = [one for one in found.pop("anyOf") if one != {"type": "null"}]
        found |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return found


def _entitled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {**_plain(schema), "$schema": _DIALECT, "title": title}


if __name__ == "__main__":
    for name, text in made().items():
        (FOLDER / name).write_text(text)
