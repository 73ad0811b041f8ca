"""The unified diff of an article, to the byte: line ends and a missing last one are shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from imgcache.render.phrases import printable
from imgcache.userinfo import masked_within

_NO_END = "\\ No newline at end of file\n"
# Lines around a change; `git apply` and `patch` do with one, not with none.
_CONTEXT = (3, 2)
_LEAST = 1
# What no diff shows of a neighbouring line: bytes that are not UTF-8 (as PEP 383 decodes them), and
# control characters other than those of blanks and line ends. YAML has neither.
_UNSHOWN = re.compile("[\udc80-\udcff\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]")
_SHORT = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f"}
_ESCAPED = _SHORT | {"\r": "\\r", '"': '\\"', "\\": "\\\\"}


def unified(name: str, before: bytes, after: bytes) -> str:
    """A diff that `patch -p1` and `git apply` take; lines end at LF, a CR is part of its line.

    `name` is the path as the system gives it. The text is always UTF-8: a body may hold any bytes,
    but then fewer of its lines are shown.
    """
    old, new = _lines(before), _lines(after)
    drawn = (_hunks(name, old, new, context) for context in _CONTEXT)
    plain = (lines for lines in drawn if not any(map(_UNSHOWN.search, lines)))
    lines = next(plain, None) or _hunks(name, old, new, _LEAST)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def for_report(article: str, name: str, before: bytes, after: bytes) -> str:
    """The diff as reports have it; one that would show a password is left out, and says so.

    `article` is its name in the report; `name` as in `unified`. Programs that apply patches pass
    over the line that says so.
    """
    text = unified(name, before, after)
    if masked_within(text) == text:
        return text
    return f"{printable(article)}: the diff is not shown, as a URL in it has a password\n"


def _hunks(name: str, old: Sequence[str], new: Sequence[str], context: int) -> list[str]:
    titles = (_title(f"a/{name}"), _title(f"b/{name}"))
    return list(difflib.unified_diff(old, new, *titles, n=context))


def _lines(data: bytes) -> list[str]:
    parts = data.decode("utf-8", "surrogateescape").split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _title(path: str) -> str:
    """A name as git writes it: odd ones as C strings, and a tab behind those with a blank."""
    quoted = path
    if not path.isprintable() or set(path) & {'"', "\\"}:
        quoted = f'"{"".join(map(_escaped, path))}"'
    return f"{quoted}\t" if " " in path else quoted


def _escaped(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char.isprintable():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
