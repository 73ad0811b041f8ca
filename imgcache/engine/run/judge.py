"""Judge of image entries: evidence in, results of the report out.

The rules are those of core/verdicts; this module finds the evidence of each entry.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.cache import layout
from imgcache.core.http.location import DataUrl, Location, SitePath, place_key
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import messages, verdict, wishes
from imgcache.core.verdicts.patience import Patience, patience
from imgcache.core.verdicts.verdict import Evidence, Judgement, Served, placeholders
from imgcache.engine.run.articles import LoadedArticle, ReadArticle, url_names
from imgcache.engine.run.targets import Targets
from imgcache.errors import ArticleError, UnreadableError
from imgcache.facts import Earlier, ImageFacts, UrlFacts
from imgcache.findings import LISTED, BrokenRule
from imgcache.model import LARGEST_SIDE, Declared, Entry, Failure, Size, Source, Verdict
from imgcache.results import ArticleOutcome, ArticleProblem, CachedThumbnail, EntryResult
from imgcache.userinfo import masked

# Articles are judged one after the other.
_ARTICLES = 64


def dated(failure: Failure | None, facts: UrlFacts | None) -> Failure | None:
    """With the beginning of its series, where the index knows one and the failure does not."""
    if failure is None or failure.since is not None or facts is None or facts.failure is None:
        return failure
    return replace(failure, since=facts.failure.since or facts.tried_at)


def fresh_evidence(
    facts: UrlFacts | None, images: Mapping[str, ImageFacts], *, placeholder: bool
) -> Evidence:
    """What is known of a URL that had not to be asked for, because its copy is fresh."""
    copy = images.get(facts.copy) if facts and facts.copy else None
    status = facts.response.status if facts and facts.response else None
    return Evidence(copy=copy, placeholder=placeholder, source=Source.FRESH, status=status)


def may_be_flagged(declared: Declared, location: Location) -> bool:
    """Whether a flag follows from a verdict: none is added where nothing is ever cached."""
    return declared.cached is not None or not isinstance(location, DataUrl | SitePath)


def new_placeholder(entry: Entry, evidence: Evidence) -> str | None:
    """The tiny picture that a refresh writes into an entry; None where none is, or it is there.

    Only of a sound copy that is no stand-in.
    """
    there, copy = entry.declared.placeholder, evidence.copy
    if there is None or copy is None or not copy.placeholder or there == copy.placeholder:
        return None
    return None if verdict.is_placeholder(entry.declared, evidence) else copy.placeholder


def true_size(entry: Entry, evidence: Evidence, tolerance: int) -> Size | None:
    """The size that `--fix-dimensions` gives an entry; None where none can be given, or is wrong.

    A body is never written.
    """
    size = evidence.sound_size
    if (
        entry.pointer is None
        or size is None
        or not all(1 <= side <= LARGEST_SIDE for side in size)
        or verdict.is_placeholder(entry.declared, evidence)
        or verdict.size_verdict(entry.declared, size, tolerance) is Verdict.OK
    ):
        return None
    return size


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
    """Judges the entries of articles from the evidence of their URLs, at the moment `now`.

    `now` is in POSIX seconds. `strict`: warnings are errors.
    """

    def __init__(
        self, targets: Targets, settings: Settings, now: float, *, strict: bool = False
    ) -> None:
        self._targets = targets
        self._settings = settings
        self._now = now
        self._strict = strict
        self._folder = Path(os.path.realpath(settings.folder))
        self._by_article = any(one.articles is not None for one in settings.rules)
        self._inside = lru_cache(_ARTICLES)(self._from_folder)

    def outcome(self, shown: str, read: ReadArticle) -> ArticleOutcome | None:
        """One article that stays as it is, by the evidence of the targets; None if it is none.

        `shown` is its name in reports. URLs that are new in it count as not checked.
        """
        if isinstance(read, LoadedArticle):
            problems = [problem_of(shown, one) for one in read.problems]
            return ArticleOutcome(self._results(shown, read), problems)
        return unread(shown, read)

    def evidence(
        self,
        location: Location,
        of_web: Callable[[str], Evidence],
        of_place: Callable[[bytes], Evidence] = lambda _: Evidence(),
    ) -> Evidence:
        """What is known of the image there.

        `of_web` gives it for a normalised URL, `of_place` for the key of an image that needs no
        fetch and is no target.
        """
        if isinstance(location, WebUrl):
            return of_web(location.href)
        if isinstance(location, Failure):
            return Evidence(failure=location)
        key = place_key(location)
        place = self._targets.in_place.get(key)
        return place.evidence if place else of_place(key)

    def _results(self, shown: str, read: LoadedArticle) -> list[EntryResult]:
        results = []
        for number, entry, location in read.judged:
            evidence = self.evidence(location, self._found)
            judgement = verdict.judge(entry.declared, evidence, self._settings.tolerance)
            flagged = replace(judgement, flag=judgement.held)
            excerpt = read.excerpts[number]
            results.append(self.result(shown, excerpt, (entry, location), evidence, flagged))
        return results

    def _found(self, href: str) -> Evidence:
        target = self._targets.web.get(href)
        if target is None or target.evidence is None:
            return Evidence()
        return replace(target.evidence, placeholder=target.placeholder)

    def result(
        self,
        shown: str,
        excerpt: str,
        located: tuple[Entry, Location],
        evidence: Evidence,
        judgement: Judgement,
    ) -> EntryResult:
        """One judged entry as a result of the report; `excerpt` is the line that it stands in."""
        entry, location = located
        patience = self.patience(location, evidence, judgement)
        severity = verdict.severity(
            judgement.verdict,
            url_names(entry, location),
            held=judgement.held,
            settings=self._settings.severity,
            forborne=patience is not None and patience.lasts,
            strict=self._strict,
        )
        rules = self._settings.rules
        broken = self._broken(shown, located, evidence, judgement) if rules else ()
        is_listed = severity in LISTED
        if broken:
            is_listed = is_listed or any(one.severity in LISTED for one in broken)
        copy, was = evidence.copy, evidence.replaced
        is_size = judgement.verdict.is_about_size and is_listed
        return EntryResult(
            article=shown,
            line=entry.line,
            column=entry.column,
            pointer=entry.pointer,
            url=masked(entry.url_text),
            verdict=judgement.verdict,
            severity=severity,
            message=messages.message(
                judgement.verdict, severity, entry.declared, evidence, patience
            ),
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
            before=_thumbnails(was.before) if was and was.before else (),
            excerpt=excerpt if is_listed else None,
            broken=broken,
            sides=entry.sides if is_size else (),
            fixable=is_size
            and entry.declared.is_editable
            and true_size(entry, evidence, self._settings.tolerance) is not None,
        )

    def patience(
        self, location: Location, evidence: Evidence, judgement: Judgement
    ) -> Patience | None:
        """How `fail_after` bears on an entry. What is not asked for on the web can't recover."""
        after = self._settings.fail_after
        if after is None or not isinstance(location, WebUrl):
            return None
        return patience(judgement.verdict, evidence.failure, after, self._now)

    def until(self, location: Location, evidence: Evidence, judgement: Judgement) -> float | None:
        """When a verdict changes by itself, in POSIX seconds; None where it does not."""
        if judgement.verdict is Verdict.REPLACED and evidence.replaced is not None:
            return evidence.replaced.until
        patience = self.patience(location, evidence, judgement)
        return patience.until if patience is not None and patience.lasts else None

    def compared(
        self, evidence: Evidence, earlier: Sequence[Earlier], images: Mapping[str, ImageFacts]
    ) -> Evidence:
        """With whether the URL showed another picture before; `earlier` are the copies it had."""
        return evidence.compared(earlier, self._settings.drift, self._now, images)

    def _broken(
        self,
        shown: str,
        located: tuple[Entry, Location],
        evidence: Evidence,
        judgement: Judgement,
    ) -> tuple[BrokenRule, ...]:
        """The rules that an entry breaks; a stand-in is not the image that it means."""
        image = evidence.sound
        if image is None or judgement.verdict is Verdict.PLACEHOLDER:
            return ()
        entry, location = located
        article = self._inside(shown) if self._by_article else None
        at = None if entry.place is None else self._settings.places[entry.place].at
        place = wishes.Place(url_names(entry, location), article, at, filled=entry.filled)
        return wishes.broken(self._settings.rules, place, image, strict=self._strict)

    def _from_folder(self, shown: str) -> str | None:
        """An article's path relative to the configuration's folder; None for a text in no file."""
        if not shown:
            return None
        path = os.path.join(os.path.realpath(os.path.dirname(shown)), os.path.basename(shown))  # noqa: PTH118, PTH119, PTH120  strings
        return os.path.relpath(path, self._folder).replace(os.sep, "/")


def unread(shown: str, reason: NotAnArticle | ArticleError) -> ArticleOutcome | None:
    """What a file that was not loaded adds to the report; None where it is no article at all."""
    if isinstance(reason, NotAnArticle):
        return None
    local_fault = isinstance(reason, UnreadableError)
    return ArticleOutcome([], [problem_of(shown, reason)], local_fault=local_fault)


def problem_of(shown: str, error: ArticleError) -> ArticleProblem:
    """An error of an article as a problem of the report."""
    return ArticleProblem(shown, error.line, error.message, error.column, error.excerpt)
