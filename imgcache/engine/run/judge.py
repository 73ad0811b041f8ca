"""Judge of image entries: evidence in, results of the report out.

The rules are those of core/verdicts; this module finds the evidence of each entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.cache import layout
from imgcache.core.http.location import Location
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import messages, verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement, Served, placeholders
from imgcache.engine.run.articles import LoadedArticle, ReadArticle, is_excluded, url_names
from imgcache.engine.run.targets import Target, Targets, place_key
from imgcache.errors import ArticleError, UnreadableError
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import (
    Entry,
    Failure,
    Source,
)
from imgcache.results import LISTED, ArticleOutcome, ArticleProblem, CachedThumbnail, EntryResult
from imgcache.userinfo import masked, masked_within


def web_evidence(
    target: Target | None, facts: UrlFacts | None, images: Mapping[str, ImageFacts]
) -> Evidence:
    """What is known of a URL on the web, from this run and from the index."""
    if target is None:
        return Evidence()
    failure = target.failure or (facts.failure if facts else None)
    copy = images.get(facts.copy) if facts and facts.copy and target.held else None
    response = facts.response if facts else None
    status = response.status if response and copy else None
    source = target.source
    if copy is not None and (failure is not None or source is None):
        source = Source.STALE
    return Evidence(
        failure=failure,
        copy=copy,
        placeholder=target.placeholder,
        source=source,
        status=failure.status if failure else status,
    )


def offline_evidence(facts: UrlFacts | None, copy: ImageFacts | None) -> Evidence:
    """What the index alone says of a URL; `copy` is sound by its hash."""
    failure = facts.failure if facts is not None else None
    status = failure.status if failure is not None else None
    return Evidence(failure, copy, source=Source.OFFLINE, status=status)


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


def unmask_placeholders(targets: Targets, served: Iterable[Served], tolerance: int) -> None:
    """Mark the URLs that answered with a host's placeholder picture."""
    for url in placeholders(served, tolerance):
        targets.web[url].placeholder = True


def gathered(targets: Targets) -> Iterator[Served]:
    """The sound images in this run's own evidence."""
    for target in targets.web.values():
        seen = target.evidence
        image = (seen.measured or seen.copy) if seen is not None else None
        if image is not None and image.sha256 is not None:
            yield target.served(image.sha256, image.size)


class Judge:
    """Judges the entries of articles from the evidence of their URLs.

    `offline`: flags are compared with the cache alone. `strict`: warnings are errors.
    """

    def __init__(
        self, targets: Targets, settings: Settings, *, offline: bool = False, strict: bool = False
    ) -> None:
        self._targets = targets
        self._settings = settings
        self._strict = strict
        self._rule = verdict.judge_offline if offline else verdict.judge

    def outcome(self, shown: str, read: ReadArticle) -> ArticleOutcome | None:
        """One article that stays as it is, by the evidence of the targets; None if it is none.

        `shown` is its name in reports. URLs that are new in it count as not checked.
        """
        if isinstance(read, LoadedArticle):
            problems = [problem_of(shown, one) for one in read.problems]
            return ArticleOutcome(self._results(shown, read), problems)
        return unread(shown, read)

    def located(self, read: LoadedArticle) -> Iterator[tuple[int, Entry, Location]]:
        """The entries that are judged, each with its number; excluded ones are left out."""
        for number, (entry, location) in enumerate(zip(read.entries, read.locations, strict=True)):
            if not is_excluded(entry, location, self._settings):
                yield number, entry, location

    def evidence(self, location: Location, of_web: Callable[[str], Evidence]) -> Evidence:
        """What is known of the image there; `of_web` gives it for a normalised URL."""
        if isinstance(location, WebUrl):
            return of_web(location.href)
        if isinstance(location, Failure):
            return Evidence(failure=location)
        place = self._targets.in_place.get(place_key(location))
        return place.evidence if place else Evidence()

    def result(
        self,
        shown: str,
        read: LoadedArticle,
        located: tuple[Entry, Location],
        evidence: Evidence,
        judgement: Judgement,
    ) -> EntryResult:
        """One judged entry as a result of the report; `read` is the article as it now stands."""
        entry, location = located
        severity = verdict.severity(
            judgement.verdict,
            url_names(entry, location),
            held=judgement.held,
            settings=self._settings.severity,
            strict=self._strict,
        )
        copy = evidence.copy
        return EntryResult(
            article=shown,
            line=entry.line,
            column=entry.column,
            pointer=entry.pointer,
            url=masked(entry.url_text),
            verdict=judgement.verdict,
            severity=severity,
            message=messages.message(judgement.verdict, severity, entry.declared, evidence),
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
            excerpt=_excerpt(read, entry) if severity in LISTED else None,
        )

    def _results(self, shown: str, read: LoadedArticle) -> list[EntryResult]:
        results = []
        for _, entry, location in self.located(read):
            evidence = self.evidence(location, self._found)
            judgement = self._rule(entry.declared, evidence, self._settings.tolerance)
            flagged = replace(judgement, flag=judgement.held)
            results.append(self.result(shown, read, (entry, location), evidence, flagged))
        return results

    def _found(self, href: str) -> Evidence:
        target = self._targets.web.get(href)
        if target is None or target.evidence is None:
            return Evidence()
        return replace(target.evidence, placeholder=target.placeholder)


def _excerpt(read: LoadedArticle, entry: Entry) -> str:
    """The line that the URL begins in, without passwords; the URL stays at its column."""
    line, start = read.line(entry.line), entry.column - 1
    before = masked_within(line[:start])[-start:].rjust(start) if start else ""
    url = masked(entry.url_text)
    # What follows may be a part of the password, as escapes or on the next lines.
    return before + (masked_within(line[start:]) if url == entry.url_text else url)


def unread(shown: str, reason: NotAnArticle | ArticleError) -> ArticleOutcome | None:
    """What a file that was not loaded adds to the report; None where it is no article at all."""
    if isinstance(reason, NotAnArticle):
        return None
    local_fault = isinstance(reason, UnreadableError)
    return ArticleOutcome([], [problem_of(shown, reason)], local_fault=local_fault)


def problem_of(shown: str, error: ArticleError) -> ArticleProblem:
    """An error of an article as a problem of the report."""
    return ArticleProblem(shown, error.line, error.message, error.column, error.excerpt)
