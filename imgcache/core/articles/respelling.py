r"""The same YAML in a spelling that libyaml takes too, character for character at the same places.

YAML 1.2 allows a tab wherever blanks merely separate (a line that holds nothing else, before a
comment, after a dash) and nearly any character in the name of an anchor; libyaml takes blanks only,
and ASCII names. So such tabs become blanks and such names others of the same length. The result is
for the composer alone: what is edited is the text itself.

What may be respelt is decided by libyaml's own tokens of a text in which all that could be is:
never anything inside of a quoted or block scalar, and no tab that would indent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import islice, product
from string import ascii_letters, digits
from typing import NamedTuple

import yaml
from yaml import CSafeLoader

_LINE_ENDS = "\r\n\x85\u2028\u2029"
# The blanks and indicators that a line begins with, if there is a tab among them.
_PREFIX = rf"(?:\A|(?<=[{_LINE_ENDS}]))(?=[ \t?:-]*\t)[ \t]*(?:[-?:][ \t]+)*"
# The name of an anchor or alias. A colon ends it where it ends a key; a quote does, although YAML
# allows it there, because it may end the scalar around what only looks like a name.
_AROUND = rf" \t{_LINE_ENDS}\[\]{{}},"
_END = rf"{_AROUND}'\""
NAME = rf"(?:[^{_END}:]|:(?=[^{_END}]))+"
_ANCHOR = rf"(?<![^{_AROUND}:])[&*](?P<name>{NAME})"
_BLANKS = re.compile(r"(?<![ \t])[ \t]*\t[ \t]*")
_NAME_CHARS = ascii_letters + digits + "-_"
_NAMED = re.compile(f"[&*]({NAME})")
_ASCII_NAME = re.compile(r"[0-9A-Za-z_-]+")
_STARTS = yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken
_ENDS = yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken
_BLOCKS = yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken
_INDICATORS = yaml.BlockEntryToken, yaml.KeyToken, yaml.ValueToken
# A block scalar up to its first line that is not empty; `+` keeps the empty ones at its end.
_CONTENT = re.compile(
    rf"[^{_LINE_ENDS}+0-9]*[{_LINE_ENDS}](?:[ ]*[{_LINE_ENDS}])*(?P<indent>[ ]*)[^ {_LINE_ENDS}]"
)
_NAMES = yaml.AnchorToken, yaml.AliasToken


@cache
def _candidate() -> re.Pattern[str]:
    """What may have to be respelt; compiling it takes longer than reading a usual article."""
    return re.compile(f"{_PREFIX}|{_ANCHOR}")


class _Spelling(NamedTuple):
    """`new` in the place of `text[start:end]`, of the same length."""

    start: int
    end: int
    new: str


def respelt(text: str, depth: int, most: int) -> str:
    """`text` with its separating tabs and its anchors as libyaml wants them.

    The very same text where there is nothing to respell, where more than `most` places would have
    to be looked at, or brackets are nested deeper than `depth`. It never raises.
    """
    wanted = list(islice(_wanted(text), most + 1))
    if not wanted or len(wanted) > most:
        return text
    tried = _with(text, wanted)
    return _with(text, list(_confirmed(tried, wanted, depth)))


def _with(text: str, spellings: list[_Spelling]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, new in spellings:
        parts += text[done:start], new
        done = end
    return "".join([*parts, text[done:]])


def _wanted(text: str) -> Iterator[_Spelling]:
    """All places that could be tabs which separate, or names that libyaml refuses, in order."""
    names = _Names(text)
    for match in _candidate().finditer(text):
        name = match["name"]
        if name is None:
            for blanks in _BLANKS.finditer(text, *match.span()):
                yield _Spelling(*blanks.span(), " " * len(blanks[0]))
        elif not _ASCII_NAME.fullmatch(name):
            new = names.ascii(name)
            if new is not None:
                yield _Spelling(*match.span("name"), new)


class _Names:
    """ASCII names for others of the same length, each its own and used nowhere else."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._chosen: dict[str, str | None] = {}
        self._unused: dict[int, Iterator[str]] = {}

    def ascii(self, name: str) -> str | None:
        """The same one each time; None when all of this length are in use."""
        if name not in self._chosen:
            words = self._unused.setdefault(len(name), self._words(len(name)))
            self._chosen[name] = next(words, None)
        return self._chosen[name]

    def _words(self, length: int) -> Iterator[str]:
        words = ("".join(chars) for chars in product(_NAME_CHARS, repeat=length))
        return (word for word in words if word not in self._taken)

    @cached_property
    def _taken(self) -> frozenset[str]:
        return frozenset(match[1] for match in _NAMED.finditer(self._text))


def _confirmed(tried: str, wanted: list[_Spelling], depth: int) -> Iterator[_Spelling]:
    """Those of the spellings that `tried`, which has them all, turns out to allow."""
    tokens = _Tokens(tried, depth)
    for one in wanted:
        if not tokens.go_to(one.start):
            return
        if tokens.separates(one) if one.new.isspace() else tokens.names(one):
            yield one


class _Block(NamedTuple):
    """A block scalar: the blanks that its lines begin with, and where its last one ends.

    No blanks where that is not certain, or where the empty lines at its end belong to it.
    """

    token: yaml.ScalarToken
    indent: int
    end: int

    @classmethod
    def of(cls, token: yaml.ScalarToken, text: str) -> _Block:
        start, end = token.start_mark.index, token.end_mark.index
        content = _CONTENT.match(text, start, end)
        indent = 0 if content is None else len(content["indent"])
        return cls(token, indent, start + len(text[start:end].rstrip()))


class _Tokens:
    """libyaml's tokens of a text, walked once: the last one before a place, the next one at it."""

    def __init__(self, text: str, deepest: int) -> None:
        self._text = text
        self._deepest = deepest
        self._depth = 0
        self._tokens = yaml.scan(text, Loader=CSafeLoader)
        self._last: yaml.Token | None = None
        self._next: yaml.Token | None = None
        self._block: _Block | None = None

    def go_to(self, index: int) -> bool:
        """False where libyaml gives up before this place, or brackets are nested too deep."""
        while self._next is None or self._next.start_mark.index < index:
            if isinstance(self._next, _STARTS):
                self._depth += 1
            elif isinstance(self._next, _ENDS):
                self._depth -= 1
            self._last = self._next
            try:
                self._next = next(self._tokens, None)
            except (yaml.YAMLError, ValueError):
                return False
            if self._next is None or self._depth > self._deepest:
                return False
        return True

    def names(self, one: _Spelling) -> bool:
        """Whether the name of an anchor or alias is written there."""
        last = self._last
        return isinstance(last, _NAMES) and last.end_mark.index == one.end

    def separates(self, one: _Spelling) -> bool:
        """Whether these blanks separate, so that tabs may stand for them."""
        last, begins_line = self._last, self._is_line_end(one.start - 1)
        ends_line = self._is_line_end(one.end)
        if isinstance(last, yaml.ScalarToken) and last.end_mark.index > one.start:
            if last.plain:
                return ends_line or self._depth > 0
            return last.style in {"|", ">"} and self._only_follows(last, one)
        if self._depth or ends_line or self._text[one.end] == "#":
            return True
        # After a dash; but what is nested there would be indented by the tab.
        is_nested = isinstance(self._next, _BLOCKS) and self._next.start_mark.index == one.end
        return not begins_line and isinstance(last, _INDICATORS) and not is_nested

    def _is_line_end(self, index: int) -> bool:
        return not 0 <= index < len(self._text) or self._text[index] in _LINE_ENDS

    def _only_follows(self, scalar: yaml.ScalarToken, one: _Spelling) -> bool:
        """Whether a block scalar has ended before this line, which then adds nothing to it."""
        if self._block is None or self._block.token is not scalar:
            self._block = _Block.of(scalar, self._text)
        return self._block.end <= one.start and one.end - one.start <= self._block.indent
