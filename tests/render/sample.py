"""One small finished run, for every renderer's golden test."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from imgcache.engine.run.report import Report, Traffic
from imgcache.findings import BrokenRule
from imgcache.model import Breach, Declared, Format, Severity, Size, Source, Verdict
from imgcache.results import ArticleDiff, ArticleProblem, CachedThumbnail, EntryResult

SHA = "ab" * 32
DIFF = "--- a/articles/a.md\n+++ b/articles/a.md\n@@ -1 +1 @@\n-isCached: true\n+isCached: false\n"


def finished() -> Report:
    """A refresh of two articles: one ok, one stale, one gone, one article broken."""
    report = Report("refresh")
    ok = EntryResult(
        article="articles/a.md",
        line=4,
        column=10,
        pointer="/images/0",
        url="https://a.test/ok.jpg",
        verdict=Verdict.OK,
        severity=None,
        message=None,
        declared=Declared(1600, 1035, cached=True),
        actual=Size(1600, 1035),
        cached=True,
        format=Format.JPEG,
        bytes=183_211,
        sha256=SHA,
        status=200,
        source=Source.DOWNLOADED,
        path=f"images/ab/{SHA}.jpg",
        thumbnails=(CachedThumbnail("small", f"thumbs/small/ab/{SHA}.webp", 320, 207),),
    )
    gone = EntryResult(
        article="articles/a.md",
        line=14,
        column=12,
        pointer="/related/0/images/0",
        url="https://a.test/gone.jpg\x1b[2J",
        verdict=Verdict.GONE,
        severity=Severity.ERROR,
        message="the server answered 404; replace the image",
        declared=Declared(530, 360, cached=True),
        cached=False,
        status=404,
        excerpt="    - url: https://a.test/gone.jpg\x1b[2J",
    )
    report.add([ok, gone], ArticleDiff("articles/a.md", DIFF))
    report.add_problem(ArticleProblem("articles/b.md", 3, "the key 'images' occurs twice"))
    report.summary.articles = 2
    report.summary.articles_changed = 1
    report.finish(2, {"downloaded": 1, "failed": 1}, Traffic(requests=2, bytes=183_211))
    report.seconds = 1.25
    report.started = 1_795_392_000.5
    return report


HOSTILE = "a|b `c` <i>]]>&\x00\x1b[2J [x](https://e.test) @all 100%, :tada: \ud800\r\n::error::no"


def troubled() -> Report:
    """A refresh with something of everything: a host that is down, hostile text, long lines."""
    report = Report("refresh")
    report.add([_finding(number, *facts) for number, facts in enumerate(_MIXED)])
    report.add([_unresolved(number) for number in range(6)])
    report.add_problem(ArticleProblem("articles/mixed, 50%.md", 7, HOSTILE))
    report.add_problem(ArticleProblem("/srv/unreadable.md", None, "no permission to read it"))
    report.summary.articles = 3
    report.interrupted = True
    report.finish(15, {"failed": 15}, Traffic(requests=40, bytes=12_345))
    report.seconds = 61.25
    report.started = 1_795_392_000.5
    return report


_LONG = f"images: [{{alt: {'long ' * 60}, url: https://a.test/long.jpg, width: 1{' ' * 90}}}]"
_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.IGNORE
_MIXED = (
    (Verdict.GONE, _E, "https://a.test/1.jpg", '\t- url: "https://a.test/1.jpg" # gone', 9),
    (Verdict.TIMEOUT, _W, "https://a.test/2.jpg", "- {alt: 図é, url: https://a.test/2.jpg}", 18),
    (Verdict.DIMENSIONS_SWAPPED, _E, "https://a.test/long.jpg", _LONG, _LONG.index("https") + 1),
    (Verdict.NOT_CHECKED, _W, "https://a.test/4.jpg", None, 10),
    (Verdict.DNS_ERROR, _E, "https://few.test/5.jpg", "  - url: https://few.test/5.jpg", 10),
    (Verdict.HTTP_ERROR, _I, "https://a.test/6.jpg", "  - url: https://a.test/6.jpg", 10),
    (Verdict.NOT_AN_IMAGE, _E, HOSTILE, f"  - url: {HOSTILE}", 10),
    (Verdict.GONE, _E, "https://a.test/1.jpg", "  - url: 'https://a.test/1.jpg'", 10),
)


def _finding(
    number: int, verdict: Verdict, severity: Severity, url: str, excerpt: str | None, column: int
) -> EntryResult:
    said = HOSTILE if url is HOSTILE else f"what the origin said about {number}; what to do"
    return EntryResult(
        article="articles/mixed, 50%.md",
        line=10 * number + 3,
        column=column,
        pointer=f"/images/{number}",
        url=url,
        verdict=verdict,
        severity=severity,
        message=said,
        declared=Declared(10, 20),
        cached=False,
        excerpt=excerpt,
    )


def _unresolved(number: int) -> EntryResult:
    return EntryResult(
        article="articles/z.md",
        line=number + 3,
        column=10,
        pointer=f"/images/{number}",
        url=f"https://down.test/{number}.jpg",
        verdict=Verdict.TIMEOUT if number == 1 else Verdict.DNS_ERROR,
        severity=Severity.WARNING if number == 0 else Severity.ERROR,
        message="the name down.test does not exist; check the host name for a typing error",
        declared=Declared(10, 20),
        excerpt=f"  - url: https://down.test/{number}.jpg",
    )


def ruled() -> Report:
    """A run with broken rules: beside `ok`, beside a verdict, and at a host that is down."""
    report = Report("verify")
    heavy = BrokenRule("hero", Breach.TOO_HEAVY, _E, "it has 412,345 bytes; compress it more")
    shape = BrokenRule("a|b <rule>, 50%", Breach.WRONG_SHAPE, _W, "it is 3:2; crop it")
    known = BrokenRule("hero", Breach.MISSING_FIELD, _I, "`alt` is missing", known=True)
    ok = _finding(0, Verdict.OK, _E, "https://a.test/1.jpg", "  - url: https://a.test/1.jpg", 10)
    scaled = _finding(1, Verdict.DIMENSIONS_SCALED, _W, "https://a.test/2.jpg", None, 10)
    down = [replace(_unresolved(number), status=None) for number in range(6)]
    report.add([replace(ok, severity=None, message=None, broken=(heavy, shape, known))])
    report.add([replace(scaled, broken=(heavy,)), replace(down[0], broken=(shape,)), *down[1:]])
    report.summary.articles = 2
    report.finish(8, {"failed": 6}, Traffic(requests=20, bytes=12_345))
    report.seconds = 1.25
    report.started = 1_795_392_000.5
    return report


def golden(name: str) -> str:
    """What the report should look like, from tests/render/golden."""
    return (Path(__file__).parent / "golden" / name).read_text("utf-8")
