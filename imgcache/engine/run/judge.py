"""What a run knows of an entry, put together: the evidence before its verdict, the result after."""

from __future__ import annotations

from collections.abc import Mapping

from imgcache.core.cache import layout
from imgcache.core.verdicts import messages as wording
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.engine.run.articles import Reading
from imgcache.engine.run.targets import Item
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Entry, Severity, Source
from imgcache.results import LISTED, CachedThumbnail, EntryResult


def web_evidence(
    item: Item | None, facts: UrlFacts | None, images: Mapping[str, ImageFacts]
) -> Evidence:
    """What is known of a URL on the web, from this run and from memory."""
    if item is None:
        return Evidence()
    failure = item.failure or (facts.failure if facts else None)
    copy = images.get(facts.copy) if facts and facts.copy and item.held else None
    response = facts.response if facts else None
    status = response.status if response and copy else None
    source = item.source
    if copy is not None and (failure is not None or source is None):
        source = Source.STALE
    return Evidence(
        failure=failure,
        copy=copy,
        placeholder=item.placeholder,
        source=source,
        status=failure.status if failure else status,
    )


def offline_evidence(facts: UrlFacts | None, copy: ImageFacts | None) -> Evidence:
    """What memory alone says of a URL; `copy` is sound by its hash."""
    failure = facts.failure if facts is not None else None
    status = failure.status if failure is not None else None
    return Evidence(failure, copy, source=Source.OFFLINE, status=status)


def describe(
    article: str,
    read: Reading,
    entry: Entry,
    evidence: Evidence,
    judgement: Judgement,
    severity: Severity | None,
) -> EntryResult:
    """One judged entry in the words of the report; `read` is the article as it now stands."""
    listed = severity in LISTED
    copy = evidence.copy
    return EntryResult(
        article=article,
        line=entry.line,
        column=entry.column,
        pointer=entry.pointer,
        url=entry.url_text,
        verdict=judgement.verdict,
        severity=severity,
        message=wording.message(judgement.verdict, severity, entry.declared, evidence),
        declared=entry.declared,
        actual=evidence.size,
        cached=entry.declared.cached if judgement.flag is None else judgement.flag,
        format=evidence.format,
        bytes=evidence.bytes,
        sha256=copy.sha256 if copy else None,
        status=evidence.status,
        source=evidence.source,
        path=layout.image_path(copy.sha256, copy.format) if copy else None,
        thumbnails=_thumbnails(copy) if copy else (),
        excerpt=read.line(entry.line) if listed else None,
    )


def _thumbnails(copy: ImageFacts) -> tuple[CachedThumbnail, ...]:
    return tuple(
        CachedThumbnail(
            one.name,
            layout.thumbnail_path(one.name, copy.sha256, one.suffix),
            one.width,
            one.height,
        )
        for one in copy.thumbnails
    )
