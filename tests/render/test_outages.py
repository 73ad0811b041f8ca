"""Which hosts get one line for all their findings: those that are down, and no others."""

from __future__ import annotations

from collections import Counter

from imgcache.engine.run.report import Report
from imgcache.model import Declared, Severity, Source, Verdict
from imgcache.render.outages import Outages
from imgcache.results import EntryResult

MANY = 6


def entry(host: str, verdict: Verdict, source: Source | None = None) -> EntryResult:
    return EntryResult(
        article="articles/a.md",
        line=3,
        column=5,
        pointer="/images/0",
        url=f"https://{host}/a.jpg",
        verdict=verdict,
        severity=None if verdict is Verdict.OK else Severity.ERROR,
        message=None,
        declared=Declared(1, 1),
        source=source,
    )


def down(*entries: EntryResult) -> dict[str, Counter[Verdict]]:
    report = Report("verify")
    report.add(list(entries))
    return {one.host: one.verdicts for one in Outages(report)}


def test_a_host_that_nobody_reaches_is_one_line() -> None:
    lost = [entry("a.test", Verdict.CONNECT_ERROR)] * MANY
    assert down(*lost) == {"a.test": {Verdict.CONNECT_ERROR: MANY}}
    went_down = [entry("a.test", Verdict.OK, Source.PROBED), *lost]
    assert down(*went_down) == {"a.test": {Verdict.CONNECT_ERROR: MANY}}


def test_a_few_findings_keep_their_places() -> None:
    assert down(*[entry("a.test", Verdict.TIMEOUT)] * (MANY - 1)) == {}


def test_errors_are_the_hosts_doing_only_where_it_answers_nothing_else() -> None:
    errors = [entry("a.test", Verdict.SERVER_ERROR)] * MANY
    assert down(*errors) == {"a.test": {Verdict.SERVER_ERROR: MANY}}
    assert down(*errors, entry("a.test", Verdict.OK, Source.PROBED)) == {}
    remembered = entry("a.test", Verdict.OK, Source.FRESH)
    elsewhere = entry("b.test", Verdict.OK, Source.DOWNLOADED)
    assert down(*errors, remembered, elsewhere) == {"a.test": {Verdict.SERVER_ERROR: MANY}}
