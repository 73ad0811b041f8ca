"""One small finished run, for every renderer's golden test."""

from __future__ import annotations

from imgcache.engine.report import Report, Traffic
from imgcache.model import Declared, Format, Severity, Size, Source, Verdict
from imgcache.report.findings import ArticleDiff, ArticleProblem, CachedThumbnail, EntryResult

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
