"""Starter configuration (`imgcache init`): all keys, with values where the site needs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from imgcache.config_images import ImagePlace
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
    for line in _starter(found):
        if line.startswith("["):
            section = line.strip("[]") + "."
        key = section + line.removeprefix(_MARK).partition(" = ")[0]
        lines.append(f"{key.removeprefix(section)} = {values[key]}" if key in values else line)
    return "\n".join(lines) + "\n"


def _starter(found: Fit) -> Iterator[str]:
    """The lines of the starter file, with the place of the images where it isn't the usual one."""
    text = (files("imgcache.cli") / "starter.toml").read_text("utf-8")
    if found.images is not None:
        before, _, rest = text.partition(f"{_MARK}[[images]]\n")
        text = f"{before}{_table(found.images)}\n" + rest.partition("\n\n")[2]
    return iter(text.splitlines())


def _table(place: ImagePlace) -> str:
    """One `[[images]]`; JSON's strings are TOML's."""
    keys = {"at": place.at, "url": place.url[0]}
    sides = {"width": place.width, "height": place.height, "cached": place.cached}
    keys |= {role: key for role, key in sides.items() if key is not None}
    lines = (f"{role} = {json.dumps(key, ensure_ascii=False)}" for role, key in keys.items())
    return "\n".join(("[[images]]", *lines, ""))


def _values(found: Fit) -> dict[str, str]:
    """TOML by dotted key; JSON's strings and lists are TOML's."""
    values: dict[str, object] = {}
    if found.articles:
        values["articles"] = list(found.articles)
    if found.site_root is not None:
        values["site_root"] = found.site_root
    return {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
