"""What a `verify` asks, and the verdicts on its articles from the evidence that came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.http.location import Location
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import verdict
from imgcache.core.verdicts.verdict import Evidence, Judgement
from imgcache.edge.articles.files import Found
from imgcache.engine.run import judge as results
from imgcache.engine.run.articles import Reading, is_excluded, url_names
from imgcache.engine.run.baseline import BaselineUse
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import Agenda, place_key
from imgcache.errors import ArticleError
from imgcache.model import (
    CONTENT_VERDICTS,
    OFFLINE_VERDICTS,
    REACH_VERDICTS,
    Declared,
    Entry,
    Failure,
    Verdict,
)
from imgcache.results import ArticleProblem, EntryResult


class Depth(Enum):
    """How much of each image is read: its first bytes, all of it, or what the cache has."""

    PROBE = auto()
    FULL = auto()
    OFFLINE = auto()

    @property
    def unseen(self) -> frozenset[Verdict]:
        """The verdicts that can't be reached so: their absence says nothing."""
        return _UNSEEN[self]


_UNSEEN = {
    Depth.PROBE: CONTENT_VERDICTS - {Verdict.EMPTY, Verdict.NOT_AN_IMAGE} | OFFLINE_VERDICTS,
    Depth.FULL: OFFLINE_VERDICTS,
    Depth.OFFLINE: REACH_VERDICTS | CONTENT_VERDICTS,
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked of one `verify` beyond the settings.

    `changed_since` passes over articles that git does not say changed since that revision;
    `baseline` lists findings that are known.
    """

    depth: Depth = Depth.PROBE
    strict: bool = False
    changed_since: str | None = None
    baseline: BaselineUse | None = None


class Examiner:
    """Judges articles from the evidence of their URLs, and adds them to the report."""

    def __init__(self, agenda: Agenda, settings: Settings, inquiry: Inquiry) -> None:
        self._agenda = agenda
        self._settings = settings
        self._inquiry = inquiry

    def examine(
        self, found: Found, read: Reading | NotAnArticle | ArticleError, report: Report
    ) -> None:
        """One article. It is judged as it is now; new URLs in it count as not checked."""
        if isinstance(read, NotAnArticle):
            return
        report.summary.articles += 1
        if isinstance(read, ArticleError):
            report.add_problem(ArticleProblem(found.shown, read.line, read.message))
            return
        report.add(self.results(found.shown, read))
        for problem in read.problems:
            report.add_problem(ArticleProblem(found.shown, problem.line, problem.message))

    def results(self, shown: str, read: Reading) -> list[EntryResult]:
        """The judged entries of the article that reports call `shown`, without excluded ones."""
        return [
            self._result(shown, read, entry, location)
            for entry, location in zip(read.entries, read.locations, strict=True)
            if not is_excluded(entry, location, self._settings)
        ]

    def _result(self, shown: str, read: Reading, entry: Entry, location: Location) -> EntryResult:
        evidence = self._evidence(location)
        judgement = self._judge(entry.declared, evidence)
        weight = verdict.severity(
            judgement.verdict,
            url_names(entry, location),
            held=judgement.held,
            settings=self._settings.severity,
            strict=self._inquiry.strict,
        )
        told = replace(judgement, flag=judgement.held)
        return results.describe(shown, read, entry, evidence, told, weight)

    def _evidence(self, location: Location) -> Evidence:
        if isinstance(location, WebUrl):
            item = self._agenda.web.get(location.href)
            return (item.evidence if item else None) or Evidence()
        if isinstance(location, Failure):
            return Evidence(failure=location)
        place = self._agenda.in_place.get(place_key(location))
        return place.evidence if place else Evidence()

    def _judge(self, declared: Declared, evidence: Evidence) -> Judgement:
        if self._inquiry.depth is Depth.OFFLINE:
            return verdict.judge_offline(declared, evidence, self._settings.tolerance)
        return verdict.judge(declared, evidence, self._settings.tolerance)
