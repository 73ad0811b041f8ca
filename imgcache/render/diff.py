"""The unified diff of an article, to the byte: line ends and a missing last one are shown."""

from __future__ import annotations

import difflib

from imgcache.render.phrases import printable

_NO_END = "\\ No newline at end of file\n"


def unified(name: str, before: str, after: str) -> str:
    """A diff that `patch -p1` and `git apply` take; lines end at LF, a CR is part of its line."""
    shown = printable(name)
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{shown}", f"b/{shown}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines
