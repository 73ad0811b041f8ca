"""Answers with odd heads, each with an image behind it, and who shows that image."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support import pictures

SIZE = (32, 24)
IMAGE = pictures.png(*SIZE)
STATUS = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(IMAGE)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(IMAGE), IMAGE)


def answer(*lines: bytes, status: bytes = STATUS, body: bytes = IMAGE) -> bytes:
    """An answer with these header lines, which end it as they are."""
    return b"".join((status, *lines, b"Content-Type: image/png\r\n\r\n", body))


def with_length(line: bytes) -> bytes:
    """An answer in order but for this line."""
    return answer(LENGTH, line)


# Lines that browsers pass over; where one says something of the body, that does not count.
PASSED_OVER: Mapping[str, bytes] = {
    "no colon": with_length(b"some garbage\r\n"),
    "no colon, first": answer(b"garbage\r\n", LENGTH),
    "a length that is continued garbage": answer(b"garbage\r\n Content-Length: 9\r\n", LENGTH),
    "no name": with_length(b": x\r\n"),
    "no name, continued": with_length(b": x\r\n more\r\n"),
    "only a colon": with_length(b":\r\n"),
    "a blank in the name": with_length(b"Transfer Encoding: chunked\r\n"),
    "brackets in the name": with_length(b"X(Y): z\r\n"),
    "Latin-1 in the name": with_length(b"X-\xe9: z\r\n"),
    "a control in the name": with_length(b"Transfer-Encoding\x0b: chunked\r\n"),
    "indented behind the status": answer(b" Content-Length: 9\r\n", LENGTH),
    "blanks behind the status": answer(b" \r\n", LENGTH),
}
# Lines that mean what they say without what is odd in them.
UNDERSTOOD: Mapping[str, bytes] = {
    "a blank before the colon": with_length(b"X-A : b\r\n"),
    "a tab before the colon": with_length(b"X-A\t: b\r\n"),
    "a blank before the colon of a length": answer(b"Content-Length : %d\r\n" % len(IMAGE)),
    "a blank before the colon of chunks": answer(b"Transfer-Encoding : chunked\r\n", body=CHUNKS),
    "continued": with_length(b"X: a\r\n b\r\n"),
    "a length in its continuation": answer(b"Content-Length:\r\n %d\r\n" % len(IMAGE)),
    "a control in the value": with_length(b"X: a\x01b\r\n"),
    "bytes in the value": with_length(b"X: a\xe9\xffb\r\n"),
    "LF only": answer(LENGTH).replace(b"\r\n", b"\n", 3),
    "CR in a value": with_length(b"X: a\rb\r\n"),
    "CR before CRLF": with_length(b"X: a\r\r\n"),
    "CR as a line's end": with_length(b"X: a\rY: b\r\n"),
    "empty lines behind": answer(LENGTH, body=IMAGE + b"\r\n\r\n\r\n"),
    "no coding": with_length(b"Content-Encoding: none\r\n"),
    "a charset for a coding": with_length(b"Content-Encoding: UTF-8, identity\r\n"),
    "the framing of S3": with_length(b"Content-Encoding: aws-chunked\r\n"),
}
# See docs/browser-differences.md for the reasons.
ONLY_BROWSERS_SHOW: Mapping[str, bytes] = {
    "a value of 70 KB": with_length(b"X: " + b"y" * 70_000 + b"\r\n"),
    "headers of 140 KB": with_length((b"X: " + b"y" * 1000 + b"\r\n") * 140),
    "1200 headers": with_length(b"X: y\r\n" * 1200),
    "two blanks in the status line": answer(LENGTH, status=b"HTTP/1.1  200 OK\r\n"),
    "a status line in small letters": answer(LENGTH, status=b"http/1.1 200 OK\r\n"),
    "an unknown version": answer(LENGTH, status=b"HTTP/1.2 200 OK\r\n"),
    "no version": answer(LENGTH, status=b"HTTP 200 OK\r\n"),
    "no status": answer(LENGTH, status=b"HTTP/1.1 OK\r\n"),
    "a status of four digits": answer(LENGTH, status=b"HTTP/1.1 2000 OK\r\n"),
    "letters before the status line": answer(LENGTH, status=b"xxHTTP/1.1 200 OK\r\n"),
    "a list of lengths": answer(b"Content-Length: %d, %d\r\n" % (len(IMAGE), len(IMAGE))),
    "a length with a sign": answer(b"Content-Length: +%d\r\n" % len(IMAGE)),
    "a length that is no number": answer(b"Content-Length: unknown\r\n"),
    "an empty length": answer(b"Content-Length:\r\n"),
    "a length that is too short": answer(b"Content-Length: %d\r\n" % (len(IMAGE) - 9)),
    "chunks and a length": answer(CHUNKED, LENGTH, body=CHUNKS),
    "chunks told twice": answer(CHUNKED, CHUNKED, body=CHUNKS),
    "transfer coding identity": answer(b"Transfer-Encoding: identity\r\n"),
    "chunks between LF": answer(CHUNKED, body=b"%x\n%b\n0\n\n" % (len(IMAGE), IMAGE)),
    "bytes behind": answer(LENGTH, body=IMAGE + b"garbage"),
    "an unknown coding": with_length(b"Content-Encoding: foo\r\n"),
}
NOBODY_SHOWS: Mapping[str, bytes] = {
    "NUL in a name": with_length(b"X\x00Y: z\r\n"),
    "NUL in a value": with_length(b"X: a\x00b\r\n"),
    "NUL in the status line": answer(LENGTH, status=b"HTTP/1.1 200 O\x00K\r\n"),
    "NUL without a colon": with_length(b"a\x00b\r\n"),
    "two lengths": answer(LENGTH, b"Content-Length: 9\r\n"),
    "a wrong length with a blank": answer(b"Content-Length : 9\r\n"),
    "a length behind a CR": answer(b"X: a\rContent-Length: 9\r\n"),
    "another protocol": answer(LENGTH, status=b"ICY 200 OK\r\n"),
    "gzip that is none": with_length(b"Content-Encoding: gzip\r\n"),
}
SHOWN = {**PASSED_OVER, **UNDERSTOOD}
REFUSED = {**ONLY_BROWSERS_SHOW, **NOBODY_SHOWS}
