"""Starter configuration (`imgcache init`): all keys, with values where the site needs them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from imgcache.cli.output import write
from imgcache.cli.run import exit_status
from imgcache.config import working_folder
from imgcache.config_images import ImagePlace
from imgcache.config_sources import FILE_NAME, PYPROJECT, found_above
from imgcache.edge import atomic_file
from imgcache.edge.os_errors import REMEDIES
from imgcache.engine.init import Coverage, Fit, Outlook, survey
from imgcache.engine.run.sightings import Tally
from imgcache.errors import ConfigError
from imgcache.render.phrases import count, printable

_MARK = "# "
# A table of what stands in a few articles each tells nothing.
_MOST_ROWS = 30


def make() -> int:
    """Write the file into the working folder, and tell of it; returns the exit status.

    Where there is one, tell what would be written. Raises ConfigError.
    """
    here = working_folder()
    if configured(here) is not None:
        write([proposal(here)])
    write([run(here)])
    return exit_status(well=True)


def run(folder: Path) -> str:
    """Write the file; returns the message. Raises ConfigError where there is one already."""
    path = folder / FILE_NAME
    _refuse_another(folder)
    above = found_above(folder.parent)
    found = survey(folder)
    # It has taken its time.
    _refuse_another(folder)
    try:
        # Whole or not at all: an empty one would be in the way of the next try.
        atomic_file.replace(path, filled(found.fit).encode())
    except OSError as exc:
        remedy = REMEDIES.get(exc.errno or 0, "let this user write the folder")
        raise ConfigError(f"{path.name}: can't be written: {exc.strerror}; {remedy}") from exc
    note = f"{above} no longer counts in this folder: {FILE_NAME} here does\n" if above else ""
    return f"wrote {path.name}\n{note}{told(found)}"


def _refuse_another(folder: Path) -> None:
    """Raises ConfigError with the remedy where the folder has settings already."""
    there = configured(folder)
    if there == PYPROJECT:
        raise ConfigError(
            f"{there} has [tool.imgcache] already, which would no longer count beside a "
            f"{FILE_NAME}; edit it, or remove that table first"
        )
    if there is not None:
        raise ConfigError(f"{there} is there already; edit it, or remove it first")


def configured(folder: Path) -> str | None:
    """The file in this very folder that has settings already; its own are never overruled.

    Raises ConfigError where that can't be seen.
    """
    if os.path.lexists(folder / FILE_NAME):
        return FILE_NAME
    return PYPROJECT if found_above(folder) == str(folder / PYPROJECT) else None


def proposal(folder: Path) -> str:
    """What would be written where there is a file: the table, and the lines that fit.

    Raises ConfigError where the folder can't be read.
    """
    found = survey(folder)
    if not found.tally.total:
        return told(found)
    fitting = tables(found.fit)
    if fitting and configured(folder) == PYPROJECT:
        fitting = in_pyproject(fitting)
    fitting = fitting or "# the defaults fit\n"
    return f"{told(found)}\n{fitting}"


def told(found: Outlook) -> str:
    """The table of what was seen, and how much of that will be checked."""
    if not found.tally.total:
        return "no image was seen in any article\n"
    lines = ["images were seen here:", *_rows(found.tally)]
    if found.tally.templated:
        lines.append(f"({count(found.tally.templated, 'URL')} in bodies with template marks: left)")
    if not found.is_whole:
        lines.append("(there are more files; the first ones were looked at)")
    return "\n".join((*lines, _outcome(found.tally.total, found.coverage), ""))


def _rows(tally: Tally) -> Iterator[str]:
    rows = [(printable(name), n, tally.articles[name]) for name, n in tally.images.most_common()]
    if tally.in_bodies:
        rows.append(("bodies", tally.in_bodies, tally.with_bodies))
    shown = rows if len(rows) <= _MOST_ROWS else [*rows[: _MOST_ROWS - 1], rows[-1]]
    wide = max(len(name) for name, _, _ in shown)
    digits = max(len(f"{images:,}") for _, images, _ in shown)
    for name, images, articles in shown:
        yield f"  {name:{wide}}  {images:>{digits},} in {count(articles, 'article')}"
    if len(rows) > len(shown):
        yield f"  and {count(len(rows) - len(shown), 'more place')}"


def _outcome(seen: int, coverage: Coverage) -> str:
    left = [
        f"{number:,} {where}"
        for number, where in (
            (coverage.in_drafts, "in drafts"),
            (seen - coverage.checked - coverage.in_drafts, "elsewhere"),
        )
        if number > 0
    ]
    without = f" (left out: {', '.join(left)})" if left else ""
    return (
        f"imgcache verify will check {coverage.checked:,} of the {count(seen, 'image')} seen, "
        f"in {count(coverage.articles, 'article')}{without}"
    )


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
    """The lines of the starter file, with the places of the images and what the site skips."""
    text = (files("imgcache.cli") / "starter.toml").read_text("utf-8")
    if found.images is not None:
        before, _, rest = text.partition(f"{_MARK}[[images]]\n")
        tables = "\n".join(map(_table, found.images))
        text = f"{before}{tables}\n" + rest.partition("\n\n")[2]
    return iter(text.splitlines())


def tables(found: Fit) -> str:
    """The few lines that say what this site needs, as they stand in the file.

    The file has them amid all other keys.
    """
    top = {key: value for key, value in _values(found).items() if "." not in key}
    lines = [f"{key} = {value}" for key, value in top.items()]
    blocks = ["\n".join((*lines, ""))] if lines else []
    blocks += [_table(one) for one in found.images or ()]
    sections: dict[str, list[str]] = {}
    for key, value in _values(found).items():
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, []).append(f"{name} = {value}")
    blocks += ["\n".join((f"[{name}]", *inside, "")) for name, inside in sections.items()]
    return "\n".join(blocks)


def in_pyproject(text: str) -> str:
    """The same lines as they stand in a pyproject.toml."""
    return "[tool.imgcache]\n" + re.sub(r"^(\[+)", r"\1tool.imgcache.", text, flags=re.MULTILINE)


def _table(place: ImagePlace) -> str:
    """One `[[images]]`, without what is the default of a table."""
    keys: dict[str, str | Sequence[str]] = {"at": place.at}
    if place.url != ImagePlace(at="").url:
        keys["url"] = place.url[0] if len(place.url) == 1 else place.url
    sides = {"width": place.width, "height": place.height, "cached": place.cached}
    keys |= {role: key for role, key in sides.items() if key is not None}
    lines = (f"{role} = {_toml(key)}" for role, key in keys.items())
    return "\n".join(("[[images]]", *lines, ""))


def _values(found: Fit) -> dict[str, str]:
    """TOML by dotted key."""
    values: dict[str, object] = {}
    if found.articles:
        values["articles"] = list(found.articles)
    if found.site_root is not None:
        values["site_root"] = found.site_root
    values |= {f"skip.{key}": value for key, value in found.skip}
    if found.bodies:
        values["body.images"] = True
    return {key: _toml(value) for key, value in values.items()}


def _toml(value: object) -> str:
    """JSON's texts, lists and booleans are TOML's, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
