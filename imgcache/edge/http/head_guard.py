"""Guard of answers' heads: checks the bytes before each body, and those without a request.

aiohttp's parser is stricter than browsers in two things and laxer in four. It refuses a
Content-Length that is sent twice, even if equal, and lines that are no headers, which browsers pass
over; it follows interim answers for ever; it keeps a connection on which bytes arrive between two
answers (response desync); it allows a header section of megabytes; it takes the status lines of
other protocols. This stands between the socket and the parser and evens that out: not a byte of a
head reaches the parser that was not looked at here, and the bytes behind it are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from imgcache.core.http.head_lines import as_browsers_read

MOST_HEAD_BYTES = 128 << 10
MOST_INTERIM = 16
MOST_EMPTY_BYTES = 4

_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/[0-9.]+ 1(?!01)")


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
            drop: closes a connection that sends bytes without a request.
        """
        self._deliver = deliver
        self._refuse = refuse
        self._drop = drop
        self._held = b""
        self._heads = self._skipped = 0
        self._in_body = False
        self._idle = True
        self.heard = self.talked_on = False
        self.behind = self._blanks = self._lines = 0

    def expect(self) -> None:
        """A request went out: the next bytes are the head of its answer."""
        self._held = b""
        self._heads = self._skipped = 0
        self.behind = self._blanks = self._lines = 0
        self._in_body = self._idle = self.heard = self.talked_on = False

    def rest(self) -> None:
        """The answer is complete: whatever comes before the next request is surplus."""
        self._idle = True

    def __call__(self, data: bytes) -> None:
        """Bytes from the socket, in the order of their arrival."""
        if not data:  # the parser is asked to go on with what it has
            self._deliver(data)
        elif self._idle:
            self.talked_on = self.talked_on or bool(data.strip(b"\r\n"))
            self._drop()
        elif self._in_body:
            self._deliver_behind(data)
        else:
            self.heard = True
            self._read_heads(bytes(data))

    def _read_heads(self, data: bytes) -> None:
        """Hold each head back until it is whole, and hand it on if it is one."""
        while data and not self._in_body:
            before, data = len(self._held), self._held + data
            if not before:
                data = self._without_empty_lines(data)
            if not data.startswith(b"HTTP/"[: len(data)]):
                self._refuse("no status line of HTTP")
                return
            end = _END.search(data, max(0, before - 2))
            if (end.end() if end else len(data)) > MOST_HEAD_BYTES:
                self._refuse(f"its headers go beyond {MOST_HEAD_BYTES} bytes")
                return
            if end is None:
                self._held = data
                return
            self._held = b""
            data = self._hand_on(data[: end.end()], data[end.end() :])

    def _without_empty_lines(self, data: bytes) -> bytes:
        """Browsers pass over a few bytes before a status line; an endless number is no head."""
        rest = data.lstrip(b"\r\n")
        self._skipped += len(data) - len(rest)
        return data if self._skipped > MOST_EMPTY_BYTES else rest

    def _hand_on(self, head: bytes, rest: bytes) -> bytes:
        """Deliver a whole head; what comes behind an interim one is the next head."""
        if b"\0" in head:
            self._refuse("a NUL in its headers")
            return b""
        if not _INTERIM.match(head):
            self._in_body = True
            self._deliver(without_equal_lengths(as_browsers_read(head)))
            if rest:
                self._deliver_behind(rest)
            return b""
        self._heads += 1
        if self._heads > MOST_INTERIM:
            self._refuse("interim answers without end")
            return b""
        self._deliver(as_browsers_read(head))
        return rest

    def _deliver_behind(self, data: bytes) -> None:
        """What stands behind the last head: the body in its framing, and perhaps surplus."""
        self.behind += len(data)
        text = len(data.rstrip(b"\r\n")) if data[-1] in b"\r\n" else len(data)
        if text:
            self._blanks = self._lines = 0
        self._blanks += len(data) - text
        self._lines += data.count(b"\n", text)
        self._deliver(data)

    def goes_beyond(self, body_bytes: int, *, chunked: bool) -> bool:
        """Whether more came behind the head than a body that is complete.

        What the parser takes for another answer, or refuses, it tells itself. Chunks and their
        trailers end with an empty line, and the beginning of another head does not. Empty lines
        behind a body are passed over, as before a head.
        """
        beyond = self.behind - body_bytes
        if chunked:
            return beyond > 0 and self._lines < 2  # noqa: PLR2004 -- an empty line ends the last
        return beyond > self._blanks


def without_equal_lengths(head: bytes) -> bytes:
    """The head with one Content-Length where several are equal (RFC 9112 section 6.3, rule 5).

    By lines, without a pattern: hostile blanks would make one try all ways to split them.
    """
    if head.lower().count(b"\ncontent-length") < 2:  # noqa: PLR2004 -- two are a repetition
        return head
    lines = head.split(b"\n")
    lengths = {place: value for place, line in enumerate(lines) if (value := _length(line))}
    folded = any(lines[place + 1].startswith((b" ", b"\t")) for place in lengths)
    if folded or len(set(lengths.values())) != 1:
        return head
    _, *later = lengths
    return b"\n".join(line for place, line in enumerate(lines) if place not in later)


def _length(line: bytes) -> bytes | None:
    """What a Content-Length line says; None for every other line."""
    name, _, value = line.partition(b":")
    return value.strip(b" \t\r") if name.rstrip(b" \t").lower() == b"content-length" else None
