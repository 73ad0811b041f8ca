"""Rules for an answer before its body is read: status, redirect, range, length and coding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from imgcache.core.http.url import WebUrl, parse_location
from imgcache.core.verdicts.traits import Mark, marked
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Failure, Verdict

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Contract of the retries: the next answer may differ.
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
OK, NON_AUTHORITATIVE, PARTIAL, NOT_MODIFIED, PRECONDITION_FAILED = 200, 203, 206, 304, 412
_REFUSALS = {
    404: Verdict.GONE,
    410: Verdict.GONE,
    401: Verdict.BLOCKED,
    403: Verdict.BLOCKED,
    407: Verdict.BLOCKED,
    451: Verdict.BLOCKED,
    429: Verdict.RATE_LIMITED,
}
_BY_CLASS = {
    2: Verdict.HTTP_ERROR,
    3: Verdict.REDIRECT_ERROR,
    4: Verdict.HTTP_ERROR,
    5: Verdict.SERVER_ERROR,
}
_NO_CODINGS = frozenset(
    {
        *("", "identity", "none", "null", "aws-chunked", "binary", "7bit", "8bit"),
        *("utf-8", "utf8", "us-ascii", "iso-8859-1"),
    }
)
_WITHOUT_END = "multipart/x-mixed-replace"
_OF_RANGE = marked(Mark.RANGE)
_CONTENT_RANGE = re.compile(r"bytes +0-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
_LONGEST_FACT = 1024


def refusal(status: int, reason: str, retry_after: float | None, cap: float) -> Failure | None:
    """The failure that this status is, or None where it may be a success or a redirect.

    A 206 and a 304 may be a success: see `whole_of_part` and `unasked_not_modified`.

    Args:
        status: as sent, which may be no status at all.
        reason: the reason phrase; hostile text, repeated only if it is a few plain words.
        retry_after: seconds that the answer asks to wait.
        cap: `fetch.retry_after_cap`; a host that asks for more counts as given up.
    """
    if status in (OK, NON_AUTHORITATIVE, PARTIAL, NOT_MODIFIED) or status in REDIRECTS:
        return None
    said = _status_text(status, reason)
    verdict = _REFUSALS.get(status) or _BY_CLASS.get(status // 100)
    if verdict is None:
        return Failure(Verdict.PROTOCOL_ERROR, f"{said}, which is no final status of HTTP", status)
    transient = status in TRANSIENT
    asked = retry_after if transient else None
    beyond = asked is not None and asked > cap
    if beyond:
        said = f"{said} and wants no request for {asked:.0f} s"
    return Failure(verdict, said, status, transient=transient, host_fault=beyond, retry_after=asked)


def _status_text(status: int, reason: str) -> str:
    try:
        words = HTTPStatus(status).phrase
    except ValueError:
        words = reason if re.fullmatch(r"[A-Za-z][A-Za-z '-]{0,39}", reason) else ""
    return f"the server answered {status} {words}".rstrip()


def unasked_not_modified() -> Failure:
    """The failure of a 304 to a request that had no condition (RFC 9110 section 15.4.5)."""
    detail = "the server answered 304 Not Modified to a request without a condition"
    return Failure(Verdict.HTTP_ERROR, detail, NOT_MODIFIED)


def is_failed_condition(ended: object) -> bool:
    """Whether an attempt ended with a 412, which tells of our condition and not of the image.

    RFC 9110 section 13.1.2 has a 304 for a GET; some servers answer 412 all the same.
    """
    return isinstance(ended, Failure) and ended.status == PRECONDITION_FAILED


def leading_part(content_range: str | None) -> tuple[int, int] | Failure:
    """The bytes of a 206 and of the whole, where it begins at its start (RFC 9110 section 14.4)."""
    match = _CONTENT_RANGE.fullmatch((content_range or "").strip())
    if match is None or not 0 < int(match[1]) + 1 <= int(match[2]):
        return _unasked_part()
    return int(match[1]) + 1, int(match[2])


def whole_of_part(content_range: str | None) -> int | Failure:
    """The length of a 206 that is the whole, else its failure."""
    part = leading_part(content_range)
    if isinstance(part, Failure):
        return part
    return part[1] if part[0] == part[1] else _unasked_part()


def _unasked_part() -> Failure:
    detail = "the server answered 206 with a part that nobody asked for"
    return Failure(Verdict.HTTP_ERROR, detail, PARTIAL)


def may_lie_in_range(failure: Failure, asked: int, came: int) -> bool:
    """Whether what failed with a Range, after it was sent, may succeed without one.

    Servers and what stands before them refuse it, cut, mislabel or miscode the part. It is not the
    Range where nothing was answered by HTTP, where its own header condemns an image, or where the
    server has ignored the Range.

    Args:
        failure: of the whole exchange, or of the image in it.
        asked: the bytes that the Range named.
        came: the bytes of the body that came.
    """
    too_slow = failure.verdict is Verdict.TIMEOUT and not failure.transient
    ignored = failure.status in (OK, NON_AUTHORITATIVE) and came > asked
    return failure.verdict in _OF_RANGE and not (too_slow or ignored)


def redirected(
    status: int, locations: Sequence[bytes], visited: Sequence[WebUrl], most: int
) -> WebUrl | Failure:
    """Where a redirect leads, checked as the first URL was.

    Args:
        status: one of REDIRECTS.
        locations: all Location headers of the answer, as they came.
        visited: the URLs of this attempt, the redirecting one last.
        most: how many redirects are followed.
    """
    if len(set(locations)) != 1:
        return _redirect_failure(status, f"a redirect with {len(locations) or 'no'} Location")
    target = parse_location(locations[0], visited[-1])
    if isinstance(target, Failure):
        return _redirect_failure(status, f"a redirect that can't be followed: {target.detail}")
    wrong = _why_not_followed(target, visited, most)
    return _redirect_failure(status, wrong) if wrong else target


def _why_not_followed(target: WebUrl, visited: Sequence[WebUrl], most: int) -> str | None:
    if (visited[-1].scheme, target.scheme) == ("https", "http"):
        return "a redirect from https to http"
    if target in visited:
        return "a redirect in a circle"
    if len(visited) > most:
        return f"one redirect more than the {most} that are followed"
    return None


def _redirect_failure(status: int, what: str) -> Failure:
    return Failure(Verdict.REDIRECT_ERROR, f"the server answered {what}", status)


def is_gzip(content_encoding: str | None, status: int) -> bool | Failure:
    """Whether the body is gzip; any other coding fails, as none was asked for.

    Charsets, words for "none" and the framing of S3 are no codings, and browsers ignore them.
    """
    named = (content_encoding or "").lower().split(",")
    codings = [coding for one in named if (coding := one.strip()) not in _NO_CODINGS]
    if not codings:
        return False
    # RFC 9110 section 8.4.1.3. Beside a word that is no coding, browsers don't undo gzip either.
    if codings in (["gzip"], ["x-gzip"]) and len(named) == 1:
        return True
    coding = ",".join(named).strip()
    shown = coding[:40] if coding.isprintable() else "?"
    detail = f"the body has the content coding {shown!r}, which nobody asked for"
    return Failure(Verdict.PROTOCOL_ERROR, detail, status)


def foreign_transfer_coding(transfer_encoding: str | None, status: int) -> Failure | None:
    """The failure of a body in a transfer coding other than `chunked`, and that once.

    RFC 9112 section 6.3 would read such a body to the connection's end, still coded; but a request
    without TE asks for none of them (section 7.4), and no browser undoes one.
    """
    if transfer_encoding is None or transfer_encoding.strip().lower() == "chunked":
        return None
    shown = transfer_encoding[:40] if transfer_encoding.isprintable() else "?"
    detail = f"the body has the transfer coding {shown!r}, which nobody asked for"
    return Failure(Verdict.PROTOCOL_ERROR, detail, status)


def without_end(response: ResponseFacts) -> Failure | None:
    """The failure of a stream of images, each of which takes the place of the one before."""
    if (response.content_type or "").partition(";")[0].strip().lower() != _WITHOUT_END:
        return None
    detail = f"it is served as {_WITHOUT_END}, a stream of images that has no end"
    return Failure(Verdict.UNSUPPORTED_FORMAT, detail, response.status)


def content_length(value: str | None) -> int | None:
    """The announced bytes of the body, None where they are not announced."""
    # Equal repetitions were accepted on the wire; they are joined with a comma here.
    digits = (value or "").partition(",")[0].strip()
    match = re.fullmatch(r"0*([0-9]{1,20})", digits)
    return int(match[1]) if match else None


def too_large(most: int, status: int, announced: int | None = None) -> Failure:
    """The failure of a body over the limit; `announced` when it was not even read."""
    size = f"announces {announced} bytes" if announced is not None else "sends more bytes"
    detail = f"the server {size}, and the limit is {most}"
    return Failure(Verdict.TOO_LARGE, detail, status, bytes=announced)


def wrong_length(status: int, received: int, expected: int | None) -> Failure | None:
    """The failure of a body that ended in order, but is not as long as its range says."""
    if expected is None or received == expected:
        return None
    if received < expected:
        detail = f"{received} of {expected} bytes came"
        return Failure(Verdict.TRUNCATED, detail, status, transient=True)
    detail = f"{received} bytes came where {expected} were announced"
    return Failure(Verdict.PROTOCOL_ERROR, detail, status)


def facts(
    status: int, headers: Mapping[str, str], requested_at: float, answered_at: float
) -> ResponseFacts:
    """What is kept of an answer's header; `headers` has lower-case names or ignores case."""
    return ResponseFacts(
        requested_at=requested_at,
        answered_at=answered_at,
        status=status,
        validators=Validators(
            _validator(headers.get("etag")), _validator(headers.get("last-modified"))
        ),
        cache_control=_short(headers.get("cache-control")),
        expires=_short(headers.get("expires")),
        age=_short(headers.get("age")),
        date=_short(headers.get("date")),
        content_type=_short(headers.get("content-type")),
        nosniff=_is_nosniff(headers.get("x-content-type-options")),
    )


def _short(value: str | None) -> str | None:
    return value[:_LONGEST_FACT] if value is not None else None


def _validator(value: str | None) -> str | None:
    """A validator that can be sent back byte for byte; any other is not kept.

    A long or strange one would be refused by the server, or by our own writer, in every later run.
    """
    if value and value.isascii() and value.isprintable() and len(value) <= _LONGEST_FACT:
        return value
    return None


def _is_nosniff(value: str | None) -> bool:
    """Fetch standard, "determine nosniff": the first value counts."""
    return (value or "").partition(",")[0].strip().lower() == "nosniff"
