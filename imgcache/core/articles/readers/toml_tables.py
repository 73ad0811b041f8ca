"""Tables of a TOML text while it is read: they grow wherever a header or dotted key names them."""

from __future__ import annotations

from yaml import Mark, Node, ScalarNode

from imgcache.core.articles.readers.tokens import Lost, Reader


class Table:
    """A table and what it holds by name; `depth` counts the collections around it, and itself.

    It begins at its key, an item of a list at its header: there is no text of its own.
    """

    def __init__(self, reader: Reader, start: int, depth: int) -> None:
        self._reader = reader
        self.depth = depth
        self.node = reader.mapping(start, depth)
        self._inner: dict[str, Table | List | None] = {}

    def put(self, key: ScalarNode, value: Node) -> None:
        """A key with its value; the judge refuses a second one of that name."""
        self.node.value.append((key, value))
        self._inner[key.value] = None

    def table(self, key: ScalarNode) -> Table:
        """The table of that name, of a list the last one; a new one where there is none."""
        inner = self._inner.get(key.value, self)
        if inner is self:
            inner = Table(self._reader, key.start_mark.index, self.depth + 1)
            inner.node.end_mark = key.end_mark
            self.put(key, inner.node)
            self._inner[key.value] = inner
        return _in(inner, key)

    def next_table(self, key: ScalarNode, start: int) -> Table:
        """One more table in the list of that name."""
        inner = self._inner.get(key.value, self)
        if inner is self:
            inner = List(self._reader, key.start_mark.index, self.depth + 1)
            self.put(key, inner.node)
            self._inner[key.value] = inner
        if not isinstance(inner, List):
            raise Lost(start)
        return inner.add(start)

    def stretch(self) -> None:
        """Let what was opened by name end where the last thing in it ends."""
        for inner in self._inner.values():
            if inner is not None:
                inner.stretch()
        _stretch(self.node, [value for _, value in self.node.value])


class List:
    """A list of tables, each with a header of its own."""

    def __init__(self, reader: Reader, start: int, depth: int) -> None:
        self._reader = reader
        self._depth = depth
        self.node = reader.sequence(start, depth)
        self.tables: list[Table] = []

    def add(self, start: int) -> Table:
        """A new table at the end."""
        table = Table(self._reader, start, self._depth + 1)
        self.node.value.append(table.node)
        self.tables.append(table)
        return table

    def stretch(self) -> None:
        """As that of a table."""
        for table in self.tables:
            table.stretch()
        _stretch(self.node, self.node.value)


def _in(inner: Table | List | None, key: ScalarNode) -> Table:
    if isinstance(inner, List):
        return inner.tables[-1]
    if inner is None:
        raise Lost(key.start_mark.index)
    return inner


def _stretch(node: Node, below: list[Node]) -> None:
    ends: list[Mark] = [node.end_mark, *(one.end_mark for one in below)]
    node.end_mark = max(ends, key=lambda mark: int(mark.index))
