"""Starter configuration (`imgcache init`): all keys, with values where the site needs them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from imgcache.config import Fields
from imgcache.config_sources import FILE_NAME, found_above
from imgcache.engine.init import Fit, fit
from imgcache.errors import ConfigError
from imgcache.render.phrases import count

_MARK = "# "


def run(folder: Path) -> str:
    """Write the file; returns the message. Raises ConfigError where there is one already."""
    path = folder / FILE_NAME
    if path.exists():
        raise ConfigError(f"{path.name} is there already; edit it, or remove it first")
    above = found_above(folder.parent)
    found = fit(folder)
    text = filled(found)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        raise ConfigError(f"{path.name}: can't be written: {exc.strerror}") from exc
    entries = count(found.entries, "image entry", "image entries")
    summary = f"{entries} in {count(found.files, 'article')} found"
    note = f"{above} no longer counts in this folder: {FILE_NAME} here does\n" if above else ""
    return f"wrote {path.name}: {summary}\n{note}try it: imgcache verify\n"


def filled(found: Fit) -> str:
    """The starter file, with a value of its own wherever the defaults don't fit."""
    values = dict(_values(found))
    lines, section = [], ""
    for line in (files("imgcache.cli") / "starter.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]") + "."
        key = section + line.removeprefix(_MARK).partition(" = ")[0]
        lines.append(f"{key.removeprefix(section)} = {values[key]}" if key in values else line)
    return "\n".join(lines) + "\n"


def _values(found: Fit) -> dict[str, str]:
    """TOML by dotted key; JSON's strings and lists are TOML's."""
    values: dict[str, object] = {}
    if found.articles:
        values["articles"] = list(found.articles)
    if found.site_root is not None:
        values["site_root"] = found.site_root
    usual = Fields()
    for name in Fields.model_fields:
        if getattr(found.fields, name) != getattr(usual, name):
            values[f"fields.{name}"] = getattr(found.fields, name)
    return {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
