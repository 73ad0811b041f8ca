"""Positions of values for reports: lines and columns, and where the sides of a size stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate

import yaml

from imgcache.core.articles.document import Document
from imgcache.core.articles.merge_keys import Pair
from imgcache.core.articles.spans import alias_token, value_start, value_token
from imgcache.model import Side
from imgcache.userinfo import masked_within

# A longer line is not kept for each of its values.
_LONGEST = 500


class Positions:
    """Lines and columns for reports, from 1, by line feeds alone."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def of(self, key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
        """Line and column of the first character of a value, its tag and anchor passed over."""
        return self._at(value_start(self.document, key, value))

    def sides(self, pairs: Mapping[str, Pair | None], entry_line: int) -> Iterator[Side]:
        """Where the values of these sides stand, for an entry that stands in that line.

        One whose line may not be shown as it is, or is endless, is left out.
        """
        for name, pair in pairs.items():
            if pair is not None:
                side = self._side(name, pair, entry_line)
                if side is not None:
                    yield side

    def _side(self, name: str, pair: Pair, entry_line: int) -> Side | None:
        start, end = self._span(pair)
        line, column = self._at(start)
        if line == entry_line:
            return Side(name, line, column, max(1, end - start))
        text = self._line(line)
        if len(text) > _LONGEST or ("@" in text and masked_within(text) != text):
            return None
        return Side(name, line, column, max(1, min(end - start, len(text) - column + 1)), text)

    def _span(self, pair: Pair) -> tuple[int, int]:
        start = value_start(self.document, pair.key, pair.value)
        if pair.value.start_mark.index < pair.key.start_mark.index:
            alias = alias_token(self.document, pair.key)
            if alias is not None:
                return start, alias.end
        return start, value_token(self.document, pair.value).end

    def _at(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def _line(self, line: int) -> str:
        starts, text = self._starts, self.document.text
        end = starts[line] - 1 if line < len(starts) else self.document.end
        return text[starts[line - 1] : end].removesuffix("\r")

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        lines = self.document.text.split("\n")
        return list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
