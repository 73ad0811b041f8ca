"""Judged entries as JSON texts: lossless, and safe to read from a file that strangers may touch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from imgcache.core.cache import layout
from imgcache.edge.index import rows
from imgcache.facts import Earlier, ImageFacts
from imgcache.findings import BrokenRule
from imgcache.model import Breach, Declared, Failure, Format, Severity, Side, Size, Source, Verdict
from imgcache.results import CachedThumbnail, EntryResult

_FORMATS = {fmt.label: fmt for fmt in Format}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_encode = msgspec.json.Encoder().encode
_encode_any = json.JSONEncoder(separators=(",", ":")).encode


def entry_text(
    result: EntryResult, *, flag: bool | None = None, answered: int | None = None
) -> str:
    """An entry without its article's name, which depends on the working folder.

    `flag`: the one that follows from the verdict, None for none. `answered`: the status with
    which its copy came or was confirmed.
    """
    declared = result.declared
    return encoded(
        (
            (result.line, result.column, result.pointer, result.url),
            (result.verdict, result.severity, result.message),
            (
                declared.width,
                declared.height,
                declared.cached,
                declared.strange,
                declared.unnamed,
                declared.by_hand,
            ),
            result.actual,
            result.cached,
            result.format and result.format.label,
            (result.bytes, result.sha256, result.status, result.source),
            _drawn(result.thumbnails),
            (result.excerpt, result.known, result.fixable, list(map(astuple, result.sides))),
            [(one.rule, one.breach, one.severity, one.message, one.known) for one in result.broken],
            _drawn(result.before),
            (flag, answered),
        )
    )


def _drawn(thumbnails: Iterable[CachedThumbnail]) -> list[tuple[str, str, int, int]]:
    return [(one.name, one.path, one.width, one.height) for one in thumbnails]


def entry_result(article: str, text: str) -> EntryResult:
    """The entry of a text, in the article that reports show so."""
    return _read(article, decoded(text)[:-1])


def reweighed(text: str, result: EntryResult) -> str:
    """The text of an entry whose findings weigh something else."""
    flag, answered = decoded(text)[-1]
    return entry_text(result, flag=flag, answered=answered)


def fresh_result(article: str, text: str) -> EntryResult:
    """The same entry as a refresh reports it that finds its image fresh."""
    *document, (flag, answered) = decoded(text)
    result = _read(article, document)
    cached = result.declared.cached if flag is None else flag
    if result.source is not Source.OFFLINE:
        return replace(result, cached=cached)
    return replace(result, cached=cached, status=answered, source=Source.FRESH)


def _read(article: str, document: list[Any]) -> EntryResult:
    where, (verdict, severity, message), declared, actual, cached, label, *rest = document
    (size, sha256, status, source), thumbnails, shown, broken, before = rest
    line, column, pointer, url = where
    excerpt, known, fixable, sides = shown
    width, height, flag, strange, unnamed, by_hand = declared
    fmt = _FORMATS[label] if label else None
    return EntryResult(
        article,
        line,
        column,
        pointer,
        url,
        verdict=_VERDICTS[verdict],
        severity=Severity(severity) if severity else None,
        message=message,
        declared=Declared(
            width, height, flag, tuple(map(tuple, strange)), tuple(unnamed), tuple(by_hand)
        ),
        actual=Size(*actual) if actual else None,
        cached=cached,
        format=fmt,
        bytes=size,
        sha256=sha256,
        status=status,
        source=Source(source) if source else None,
        path=layout.image_path(sha256, fmt) if sha256 and fmt else None,
        thumbnails=tuple(CachedThumbnail(*one) for one in thumbnails),
        before=tuple(CachedThumbnail(*one) for one in before),
        excerpt=excerpt,
        known=known,
        broken=tuple(map(_broken_rule, broken)) if broken else (),
        sides=tuple(Side(*side) for side in sides) if sides else (),
        fixable=fixable,
    )


def _broken_rule(document: list[Any]) -> BrokenRule:
    rule, breach, severity, message, known = document
    return BrokenRule(rule, Breach(breach), Severity(severity), message, known)


def image_text(image: ImageFacts) -> str:
    """The facts of an image."""
    thumbnails = [row[2:] for row in rows.thumbnail_rows(image)]
    return encoded((rows.image_row(image), thumbnails))


def image_facts(text: str) -> ImageFacts:
    """The facts of such a text."""
    image, thumbnails = decoded(text)
    small = ((image[0], number, *one) for number, one in enumerate(thumbnails))
    return rows.image_facts(image, small)


def history_text(earlier: Sequence[Earlier], images: Mapping[str, ImageFacts]) -> str | None:
    """The copies that a URL had before, with what the cache still has of them; None for none."""
    if not earlier:
        return None
    found = ((one, images.get(one.sha256)) for one in earlier)
    return encoded([(astuple(one), image and image_text(image)) for one, image in found])


def history_of(text: str | None) -> tuple[list[Earlier], dict[str, ImageFacts]]:
    """The earlier copies of such a text, and the facts of those that are still there, by hash."""
    found = [(Earlier(*one), kept) for one, kept in decoded(text)] if text else []
    return [one for one, _ in found], {one.sha256: image_facts(kept) for one, kept in found if kept}


def failure_text(failure: Failure | None) -> str | None:
    """A failure, if there is one."""
    return None if failure is None else rows.failure_text(failure)


def failure_of(text: str | None) -> Failure | None:
    """The failure of such a text."""
    return rows.failure_of(text) if text else None


def encoded(document: Any) -> str:
    """A document as JSON; halves of surrogate pairs, which YAML can spell, take the slower way."""
    try:
        return _encode(document).decode()
    except UnicodeEncodeError:
        return _encode_any(document)


def decoded(text: str) -> Any:
    """The document of such a text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)
