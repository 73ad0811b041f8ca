"""What the readers of TOML and JSON share: a text read from left to right into YAML's nodes.

Python's own parsers tell no positions. So these readers find where things stand, and `tomllib` or
`json` judge each text as well: what they refuse is an error, and so is any difference.
"""

from __future__ import annotations

import re
from typing import NoReturn

from msgspec import Struct
from yaml import MappingNode, Mark, Node, ScalarNode, SequenceNode

STRING = "tag:yaml.org,2002:str"
INTEGER = "tag:yaml.org,2002:int"
BOOLEAN = "tag:yaml.org,2002:bool"
FLOAT = "tag:yaml.org,2002:float"
MOMENT = "tag:yaml.org,2002:timestamp"
NULL = "tag:yaml.org,2002:null"
MAPPING = "tag:yaml.org,2002:map"
SEQUENCE = "tag:yaml.org,2002:seq"


class Lost(Exception):  # noqa: N818 - the judge says what is wrong there; never leaves these files
    """The text can't be followed beyond `index`."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class Excess(Exception):  # noqa: N818 - a limit that was met; never leaves these files
    """The text can't be used, whatever its language says to it; `message` tells why."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


class Bounds(Struct, frozen=True):
    """How deep and how large a front matter may be."""

    depth: int
    nodes: int


class Reader:
    """A text and the place in it that comes next. Each node is made here, and counted."""

    def __init__(self, text: str, bounds: Bounds) -> None:
        self.text = text
        self.index = 0
        self._bounds = bounds
        self._nodes = 0

    def peek(self, length: int = 1) -> str:
        """The next characters, which stay the next ones."""
        return self.text[self.index : self.index + length]

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go on behind what the pattern finds here, if anything."""
        match = pattern.match(self.text, self.index)
        if match:
            self.index = match.end()

    def take(self, pattern: re.Pattern[str]) -> str:
        """What the pattern finds here. Raises Lost where that is nothing."""
        match = pattern.match(self.text, self.index)
        if match is None:
            self.lose()
        self.index = match.end()
        return match[0]

    def expect(self, wanted: str) -> None:
        """Go on behind these characters. Raises Lost where others stand."""
        if not self.text.startswith(wanted, self.index):
            self.lose()
        self.index += len(wanted)

    def lose(self, index: int | None = None) -> NoReturn:
        """Nothing that stands here, or there, can be understood."""
        raise Lost(self.index if index is None else index)

    def scalar(self, tag: str, value: str, start: int) -> ScalarNode:
        """A scalar that was read from `start` to here; of a string `value` is what it means."""
        self._count(start)
        quote = self.text[start]
        style = quote if tag == STRING and quote in "\"'" else None
        return ScalarNode(tag, value, _mark(start), _mark(self.index), style=style)

    def mapping(self, start: int, depth: int) -> MappingNode:
        """An empty mapping; `depth` counts the collections around it, and itself."""
        self._enter(start, depth)
        return MappingNode(MAPPING, [], _mark(start), _mark(self.index))

    def sequence(self, start: int, depth: int) -> SequenceNode:
        """An empty sequence, likewise."""
        self._enter(start, depth)
        return SequenceNode(SEQUENCE, [], _mark(start), _mark(self.index))

    def close(self, node: Node) -> None:
        """What is open ends here."""
        node.end_mark = _mark(self.index)

    def check_depth(self, depth: int, start: int) -> None:
        """Raises Excess for what is nested beyond the limit."""
        if depth > self._bounds.depth:
            raise Excess(too_deep(self._bounds.depth), start)

    def _enter(self, start: int, depth: int) -> None:
        self.check_depth(depth, start)
        self._count(start)

    def _count(self, start: int) -> None:
        self._nodes += 1
        if self._nodes > self._bounds.nodes:
            most = self._bounds.nodes
            raise Excess(f"its front matter has more than {most} nodes (limits.nodes)", start)


def too_deep(deepest: int) -> str:
    """The words for what is nested beyond the limit."""
    return f"its front matter is nested deeper than {deepest} levels (limits.depth)"


def _mark(index: int) -> Mark:
    """Lines and columns are counted from the index, and only where they are needed."""
    return Mark("", index, 0, 0, None, 0)
