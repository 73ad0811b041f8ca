"""Watches the bytes before each answer's body, and those that nobody asked for.

aiohttp's parser is stricter than browsers in one thing and laxer in three. It refuses a
Content-Length that is sent twice, even if equal; it follows interim answers for ever; it keeps a
connection on which bytes arrive between two answers (response desync); it allows a header section
of megabytes. This stands between the socket and the parser and evens that out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MOST_HEAD_BYTES = 256 << 10
MOST_INTERIM = 16

_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[0-9] 1(?!01)")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?(?=\n)", re.IGNORECASE)


class HeadGuard:
    """Takes one connection's bytes in place of the parser, and hands on what is sound."""

    def __init__(
        self,
        deliver: Callable[[bytes], None],
        refuse: Callable[[str], None],
        drop: Callable[[], None],
    ) -> None:
        """Made once per connection.

        Args:
            deliver: the parser's own intake.
            refuse: called with a reason when an answer is not proper HTTP.
            drop: closes a connection that talks without being asked.
        """
        self._deliver = deliver
        self._refuse = refuse
        self._drop = drop
        self._held = b""
        self._heads = 0
        self._in_body = False
        self._idle = True
        self.heard = False

    def expect(self) -> None:
        """A request went out: the next bytes are the head of its answer."""
        self._held = b""
        self._heads = 0
        self._in_body = self._idle = self.heard = False

    def rest(self) -> None:
        """The answer is complete: whatever comes before the next request is surplus."""
        self._idle = True

    def __call__(self, data: bytes) -> None:
        """Bytes from the socket, in the order of their arrival."""
        if not data:  # the parser is asked to go on with what it has
            self._deliver(data)
        elif self._idle:
            self._drop()
        elif self._in_body:
            self._deliver(data)
        else:
            self.heard = True
            self._read_heads(self._held + bytes(data))

    def _read_heads(self, data: bytes) -> None:
        """Hold a head back until it is whole; what is no head goes on, for the parser to refuse."""
        while data.startswith(b"HTTP/"[: len(data)]):
            end = _END.search(data)
            if (end.end() if end else len(data)) > MOST_HEAD_BYTES:
                self._refuse(f"its headers go beyond {MOST_HEAD_BYTES} bytes")
                return
            if end is None:
                self._held = data
                return
            head, rest = data[: end.end()], data[end.end() :]
            if not _INTERIM.match(head):
                self._in_body = True
                self._deliver(without_equal_lengths(head) + rest)
                return
            self._heads += 1
            if self._heads > MOST_INTERIM:
                self._refuse("interim answers without end")
                return
            self._held = b""
            self._deliver(head)
            if not rest:
                return
            data = rest
        self._in_body = True
        self._deliver(data)


def without_equal_lengths(head: bytes) -> bytes:
    """The head with one Content-Length where several are equal (RFC 9112 section 6.3, rule 5)."""
    if head.lower().count(b"\ncontent-length") < 2:  # noqa: PLR2004 -- two are a repetition
        return head
    lengths = list(_LENGTH.finditer(head))
    if len({length[1] for length in lengths}) != 1:
        return head
    first = lengths[0].end()
    return head[:first] + _LENGTH.sub(b"", head[first:])
