"""Layers of settings: a TOML file found upwards, the environment, flags; later ones win.

Pure but for reading the file. config.py defines what a key means. Each layer remembers its file,
so that an error names file, line, value and remedy.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct

from imgcache.errors import ConfigError
from imgcache.units import is_url, read_named, utf8
from imgcache.userinfo import masked_within

FILE_NAME = "imgcache.toml"
PYPROJECT = "pyproject.toml"
# Where tomllib says that a file is wrong.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_PREFIX = "IMGCACHE_"
_ENVIRONMENT = "the environment"
FLAGS = "flags"
PATHS = (("cache", "dir"), ("cache", "index"), ("manifest", "path"), ("fetch", "ca_file"))
LISTS_OF_PATHS = ("articles", "site_root")
# How much of two names has to be the same.
_ALIKE = 0.6
_ADDITIVE = (("fetch", "resolve"), ("fetch", "allow_private"))
# How the command line spells settings.
_SPELT: Mapping[tuple[str, ...], str] = {
    ("cache", "dir"): "--cache-dir",
    ("fetch", "resolve"): "--resolve",
    ("fetch", "allow_private"): "--allow-private",
    ("fetch", "ca_file"): "--ca-file",
    ("serve", "host"): "--host",
    ("serve", "port"): "--port",
}


class Layer(Struct, frozen=True):
    """One source of settings: `name` is how messages call it.

    `text` is what the file says, `folder` the file's own; a source that is no file has none.
    """

    name: str
    values: dict[str, Any]
    text: str = ""
    folder: Path | None = None

    def where(self, keys: Sequence[str | int]) -> str:
        """`FILE:LINE` of a key where its line is certain; variable; flag; else the layer's name.

        A number is the place of a table in a list of tables.
        """
        if self.folder is None and self.name == _ENVIRONMENT:
            names = "__".join(str(one) for one in keys if isinstance(one, str))
            return f"{self.name}: {_PREFIX}{names.upper().replace('-', '_')}"
        if self.folder is None and self.name == FLAGS:
            return _SPELT.get(tuple(one for one in keys if isinstance(one, str)), self.name)
        if not self.text:
            return self.name
        start, end, below = self._table(keys)
        key = re.escape(str(below[-1])) if below else ""
        pattern = rf"^[ \t]*(?:\[+)?[\w.\"-]*?\"?\b{key}\"?[ \t]*(?:=|\]|\.)"
        matches = list(re.finditer(pattern, self.text[start:end], re.MULTILINE)) if key else []
        if len(matches) == 1 or below != [one for one in keys if isinstance(one, str)]:
            at = start + (matches[0].start() if matches else 0)
            return f"{self.name}:{self.text.count(chr(10), 0, at) + 1}"
        return self.name

    def _table(self, keys: Sequence[str | int]) -> tuple[int, int, Sequence[str | int]]:
        """Where the `[[table]]` of a key begins and ends, and the keys in it; else the whole."""
        names = [one for one in keys if isinstance(one, str)]
        number = next((at for at, one in enumerate(keys) if isinstance(one, int)), None)
        if number is None:
            return 0, len(self.text), names
        name = re.escape(".".join(map(str, keys[:number])))
        heads = re.finditer(rf"^[ \t]*\[\[(?:.*\.)?{name}\]\]", self.text, re.MULTILINE)
        head = next(islice(heads, int(keys[number]), None), None)
        if head is None:
            return 0, len(self.text), names[:number]
        following = re.compile(r"^[ \t]*\[", re.MULTILINE).search(self.text, head.end())
        end = following.start() if following else len(self.text)
        return head.start(), end, [one for one in keys[number + 1 :] if isinstance(one, str)]

    def check_keys(self, known: Mapping[str, Any]) -> None:
        """Raises ConfigError for the first unknown key, naming the nearest one."""
        _check(self, self.values, known, ())


def _check(
    layer: Layer, values: Mapping[str, Any], known: Mapping[str, Any], path: tuple[str, ...]
) -> None:
    for key, value in values.items():
        found = key if key in known else key.replace("_", "-")
        if found not in known and "*" not in known:
            full = ".".join((*path, key))
            nearest = _nearest(full, known, path)
            hint = f"; did you mean {nearest!r}?" if nearest else ""
            raise ConfigError(f"{layer.where((*path, key))}: unknown setting {full!r}{hint}")
        below = known.get(found, known.get("*"))
        if below is not None:
            tables = value if isinstance(value, list) else [value]
            for table in (one for one in tables if isinstance(one, Mapping)):
                _check(layer, table, below, (*path, key))


def _nearest(name: str, known: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    """The setting that is meant: one of this very table, before those of tables in it."""
    here, below = [".".join((*path, key)) for key in known], list(_dotted(known, path))
    for names, cutoff in ((here, _ALIKE), (below, _ALIKE), (here, 0.0)):
        found = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
        if found:
            return found[0]
    return None


def _dotted(known: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[str]:
    for key, below in known.items():
        yield ".".join((*path, key))
        if below is not None:
            yield from _dotted(below, (*path, key))


def layers(cwd: Path, environ: Mapping[str, str], config: Path | None) -> list[Layer]:
    """The file's layer (named, or found from `cwd` upwards) and the environment's."""
    found = _read(config, required=True) if config is not None else _find(cwd)
    return [*([found] if found else []), Layer(_ENVIRONMENT, _from_environment(environ))]


def found_above(folder: Path) -> str | None:
    """The configuration file that counts in this folder, if there is one. Raises ConfigError."""
    layer = _find(folder)
    return None if layer is None else layer.name


def _find(cwd: Path) -> Layer | None:
    for folder in (cwd, *cwd.parents):
        for name in (FILE_NAME, PYPROJECT):
            layer = _read(folder / name, required=False)
            if layer is not None:
                return layer
    return None


def _parsed(text: str) -> dict[str, Any]:
    """What a TOML file says. Raises ValueError."""
    try:
        return tomllib.loads(text)
    except RecursionError as exc:
        raise ValueError("no TOML: it is nested too deeply") from exc
    except ValueError as exc:
        found = _PLACE.search(str(exc))
        if found is None:
            raise ValueError("no TOML: a number in it is too long") from exc
        line = found[1] or text.count("\n") + 1
        column = f", column {found[2]}" if found[2] else ""
        reason = str(exc)[: found.start()]
        raise ValueError(f"line {line}{column}: no TOML: {reason}; fix it there") from exc


def _read(path: Path, *, required: bool) -> Layer | None:
    try:
        text = utf8(read_named(path))
        values = _parsed(text)
    except FileNotFoundError as exc:
        if required:
            raise ConfigError(f"{path}: there is no such configuration file; name another") from exc
        if path.name == FILE_NAME and path.is_symlink():
            raise ConfigError(f"{path}: is a link that leads nowhere; mend or remove it") from exc
        return None
    except ValueError as exc:
        raise ConfigError(masked_within(f"{path}: {exc}")) from exc
    if path.name == PYPROJECT:
        tool = get(values, ("tool", "imgcache"))
        if tool is None and not required:
            return None
        if tool is not None and not isinstance(tool, dict):
            raise ConfigError(f"{path}: [tool.imgcache] is no table; write key = value lines in it")
        values = tool or {}
    folder = path.parent.absolute()
    return Layer(str(path), _anchored(values, folder), text, folder)


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in a file are relative to its folder."""
    for key in LISTS_OF_PATHS:
        paths = values.get(key)
        if isinstance(paths, str):
            paths = [paths]
        if isinstance(paths, list) and all(isinstance(path, str) for path in paths):
            values = values | {key: [str(folder / path) for path in paths]}
    for keys in PATHS:
        path = get(values, keys)
        # An empty one is told to be empty; the URL of an object store is the same everywhere.
        if isinstance(path, str) and path and not is_url(path):
            values = _put(values, keys, str(folder / path))
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in sorted(environ.items()):
        if name.startswith(_PREFIX):
            values = _put(values, name[len(_PREFIX) :].lower().split("__"), value)
    return values


def get(values: Mapping[str, Any], keys: Sequence[str | int]) -> Any:
    """What stands under these keys; None for nothing."""
    found: Any = values
    for key in keys:
        if isinstance(key, int):
            found = found[key] if isinstance(found, list) and key < len(found) else None
        else:
            # The environment has no `-` in its names.
            found = (
                found.get(key, found.get(key.replace("-", "_")))
                if isinstance(found, Mapping)
                else None
            )
    return found


def _put(values: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = keys
    below = values.get(head)
    if rest and below is not None and not isinstance(below, Mapping):
        raise ConfigError(f"{head} = {below!r}: this is a table; set {head}.{rest[0]} and the like")
    nested = _put(below if isinstance(below, Mapping) else {}, rest, value) if rest else value
    return {**values, head: nested}


def merge(stack: Sequence[Layer]) -> dict[str, Any]:
    """One nested mapping of all layers; `resolve` and `allow_private` of flags (the last) add."""
    *layers, last = stack
    flags = last.values
    for keys in _ADDITIVE:
        added = get(flags, keys)
        if added:
            flags = _put(flags, keys, [*_listed(layers, keys), *added])
    return _overlay(_merged(layers), flags)


def to_blame(
    stack: Sequence[Layer], keys: Sequence[str | int]
) -> tuple[Sequence[Layer], Sequence[str | int]]:
    """The layers of which one has set this in what `merge` made of them, and its keys in there.

    An item of a list to which flags add is theirs, or of those below.
    """
    *layers, flags = stack
    listed, place, below = tuple(keys[:2]), next(iter(keys[2:3]), None), keys[3:]
    if listed not in _ADDITIVE or not isinstance(place, int) or not get(flags.values, listed):
        return stack, keys
    before = len(_listed(layers, listed))
    return (layers, keys) if place < before else ([flags], (*listed, place - before, *below))


def _merged(layers: Sequence[Layer]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _overlay(merged, layer.values)
    return merged


def _listed(layers: Sequence[Layer], keys: Sequence[str | int]) -> Sequence[Any]:
    """What these say of a list to which flags add."""
    found = get(_merged(layers), keys)
    if isinstance(found, str):
        return [part.strip() for part in found.split(",") if part.strip()]
    # What is no list is told as the item that it can't be.
    return found if isinstance(found, list) else [] if found is None else [found]


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        if isinstance(value, Mapping) and old is not None and not isinstance(old, Mapping):
            raise ConfigError(f"{key} = {old!r}: this is a table; set the keys in it")
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping) and value
        result[key] = _overlay(result[key], value) if nested else value
    return result
