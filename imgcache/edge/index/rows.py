"""Lossless conversion of facts to the index's rows and back; columns are ordered as here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import asdict, astuple

from imgcache.facts import (
    Earlier,
    HostPause,
    ImageFacts,
    ResponseFacts,
    RunFacts,
    ThumbnailFacts,
    UrlFacts,
    Validators,
)
from imgcache.model import Failure, Format, Size, Verdict

Row = tuple[Any, ...]

RESPONSE = (
    *("requested_at", "answered_at", "status", "etag", "last_modified", "cache_control"),
    *("expires", "age", "date", "content_type", "nosniff"),
    *("answered_by", "redirected"),
)
URL = ("url", "tried_at", "failure", "copy", "earlier", *RESPONSE)
IMAGE = (
    *("sha256", "format", "width", "height", "bytes", "color", "mtime_ns", "hashed"),
    *("has_position", "animated", "alpha", "placeholder", "dhash"),
)
THUMBNAIL = (
    *("sha256", "position", "name", "recipe", "suffix", "width", "height", "bytes"),
    *("digest", "mtime_ns"),
)
HOST = ("host", "until", "failure")
RUN = (
    *("started", "seconds", "urls", "fresh", "revalidated", "downloaded", "failed"),
    *("requests", "bytes"),
)

_NO_RESPONSE: Row = (None,) * len(RESPONSE)
_FORMATS = {fmt.label: fmt for fmt in Format}


def url_row(facts: UrlFacts) -> Row:
    """The `urls` row of a URL's facts."""
    failure = None if facts.failure is None else failure_text(facts.failure)
    answer = facts.response
    tried = (facts.url, facts.tried_at, failure, facts.copy, earlier_text(facts.earlier))
    if answer is None:
        return (*tried, *_NO_RESPONSE)
    return (
        *tried,
        *(answer.requested_at, answer.answered_at, answer.status),
        *(answer.validators.etag, answer.validators.last_modified, answer.cache_control),
        *(answer.expires, answer.age, answer.date, answer.content_type, answer.nosniff),
        *(answer.validators.url, answer.redirected),
    )


def url_facts(row: Row) -> UrlFacts:
    """The facts of a `urls` row."""
    url, tried_at, failure, copy, earlier, *answer = row
    response = None if answer[0] is None else _response(*answer)
    failed = failure_of(failure) if failure else None
    return UrlFacts(url, tried_at, copy, response, failed, earlier_of(earlier))


def earlier_text(earlier: Sequence[Earlier]) -> str | None:
    """Earlier copies as JSON, None for none."""
    return json.dumps([astuple(one) for one in earlier]) if earlier else None


def earlier_of(text: str | None) -> tuple[Earlier, ...]:
    """The earlier copies of such a text."""
    return tuple(Earlier(*one) for one in json.loads(text)) if text else ()


def _response(
    requested_at: float,
    answered_at: float,
    status: int,
    etag: str | None,
    modified: str | None,
    *rest: Any,
) -> ResponseFacts:
    cache_control, expires, age, date, content_type, nosniff, answered_by, redirected = rest
    return ResponseFacts(
        requested_at,
        answered_at,
        status,
        Validators(etag, modified, answered_by),
        cache_control,
        expires,
        age,
        date,
        content_type,
        bool(nosniff),
        redirected,
    )


def image_row(image: ImageFacts) -> Row:
    """The `images` row of an image; its thumbnails have rows of their own."""
    width, height = image.size
    seen = (image.sha256, image.format.label, width, height, image.bytes, image.color)
    looks = (image.animated, image.alpha, image.placeholder, image.dhash)
    return (*seen, image.mtime_ns, image.hashed, image.has_position, *looks)


def file_row(image: ImageFacts) -> Row:
    """What an image's row has of its file alone, before its key."""
    return (image.mtime_ns, image.hashed, image.sha256)


def image_facts(row: Row, thumbnails: Iterable[Row]) -> ImageFacts:
    """The facts of an `images` row and the rows of its thumbnails, in any order."""
    sha256, label, width, height, size, color, mtime_ns, hashed, *seen, placeholder, dhash = row
    small = tuple(ThumbnailFacts(*facts) for _, _, *facts in sorted(thumbnails))
    measured = (_FORMATS[label], Size(width, height), size, color)
    has_position, animated, alpha = (None if one is None else bool(one) for one in seen)
    looks: tuple[Any, ...] = (has_position, animated, alpha, placeholder, dhash)
    return ImageFacts(sha256, *measured, mtime_ns, small, hashed, *looks)


def thumbnail_rows(image: ImageFacts) -> Iterator[Row]:
    """The `thumbnails` rows of an image; `position` keeps their order."""
    for position, facts in enumerate(image.thumbnails):
        made = (facts.name, facts.recipe, facts.suffix, facts.width, facts.height, facts.bytes)
        yield (image.sha256, position, *made, facts.digest, facts.mtime_ns)


def host_row(pause: HostPause) -> Row:
    """The `hosts` row of a paused host."""
    return (pause.host, pause.until, failure_text(pause.failure))


def host_pause(row: Row) -> HostPause:
    """The pause of a `hosts` row."""
    host, until, failure = row
    return HostPause(host, until, failure_of(failure))


def run_row(run: RunFacts) -> Row:
    """The `runs` row of a finished refresh."""
    return tuple(getattr(run, column) for column in RUN)


def failure_text(failure: Failure) -> str:
    """A failure as JSON, without unknown fields."""
    fields = {key: value for key, value in asdict(failure).items() if value is not None}
    if failure.format is not None:
        fields["format"] = failure.format.label
    return json.dumps(fields)


def failure_of(text: str) -> Failure:
    """The failure of such a text."""
    fields = json.loads(text)
    fields["verdict"] = Verdict(fields["verdict"])
    if "size" in fields:
        fields["size"] = Size(*fields["size"])
    if "format" in fields:
        fields["format"] = _FORMATS[fields["format"]]
    return Failure(**fields)
