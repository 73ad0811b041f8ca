"""Patterns of places in a front matter, as `[[images]]` spells them, taken apart into steps."""

from __future__ import annotations

import re
from enum import Enum

_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_BARE = re.compile(r'[^."\[\]]+')
_ESCAPED = re.compile(r"\\(.)")
_EXAMPLES = "as in `cover.image`, `images[]`, `authors.*` or `**.images[]`"


class Step(Enum):
    """A step to more than one node; every other step is a key."""

    ITEM = "[]"
    EACH = "*"
    ANYWHERE = "**"


Pattern = tuple[str | Step, ...]
Keys = tuple[str, ...]


def pattern(text: str) -> Pattern:
    """The steps that lead from the front matter itself to a place.

    Keys are joined by dots; `[]` is each item of a list, `*` each value of a mapping, `**` (at the
    beginning) any depth; a key with a dot, a bracket or a star stands in double quotes. An empty
    text is the front matter itself. Raises ValueError with what is wrong and how it is written.
    """
    steps = _Reader(text).steps() if text else ()
    if Step.ANYWHERE in steps[1:]:
        raise ValueError(f"`**` stands at the beginning only, {_EXAMPLES}")
    if steps == (Step.ANYWHERE,):
        raise ValueError(f"`**` alone would be everything; name what is meant, {_EXAMPLES}")
    return steps


def key_path(text: str) -> Keys:
    """The keys that lead from an entry's mapping to one of its values, spelt as in `pattern`.

    Raises ValueError.
    """
    steps = _Reader(text).steps()
    keys = tuple(step for step in steps if isinstance(step, str))
    if len(keys) < len(steps):
        raise ValueError("name one key, or keys joined by dots: `width`, `original.width`")
    return keys


def spelt(key: str) -> str:
    """A key as it is written in a pattern."""
    if key and not set(key) & set('."[]*'):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Reader:
    """Reads one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def steps(self) -> Pattern:
        steps: list[str | Step] = []
        while True:
            if not (self._at == 0 and self._text.startswith("[]")):
                steps.append(self._key())
            while self._takes("[]"):
                steps.append(Step.ITEM)
            if self._at == len(self._text):
                return tuple(steps)
            if not self._takes("."):
                raise self._wrong()

    def _takes(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _key(self) -> str | Step:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            return _ESCAPED.sub(r"\1", quoted[1])
        bare = _BARE.match(self._text, self._at)
        if bare is None:
            raise self._wrong()
        self._at = bare.end()
        if "*" not in bare[0]:
            return bare[0]
        if bare[0] not in {Step.EACH.value, Step.ANYWHERE.value}:
            raise ValueError(
                f"`{bare[0]}`: `*` is a whole key; a key with a star stands in double quotes"
            )
        return Step(bare[0])

    def _wrong(self) -> ValueError:
        rest = self._text[self._at :]
        if rest.startswith("["):
            return ValueError(f"`{rest}`: a list is followed as `[]`, each of its items")
        if rest.startswith('"'):
            return ValueError(f"`{rest}`: a key in double quotes ends with one, before a dot")
        if not self._text:
            return ValueError("is empty; name a key")
        return ValueError(f"a key is missing in it; join keys by single dots, {_EXAMPLES}")
