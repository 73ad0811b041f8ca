"""Text and JSON output of `imgcache cache gc`: what left the cache, as no article names it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from imgcache.cache_results import GcResult
from imgcache.render.phrases import amount, count, printable
from imgcache.version import VERSION


def as_text(cleared: GcResult) -> Iterator[str]:
    """For people: a line for each URL and file in a dry run, then the totals."""
    for problem in cleared.problems:
        place = problem.article if problem.line is None else f"{problem.article}:{problem.line}"
        yield f"{printable(place)}: {printable(problem.message)}\n"
    if cleared.problems:
        yield "nothing was dropped: these articles may name any image; fix them first\n"
        return
    if cleared.dry_run:
        yield from (f"would forget {printable(url)}\n" for url in cleared.urls)
        yield from (f"would drop {path}\n" for path in cleared.files)
    verb = "would be dropped (dry run)" if cleared.dry_run else "dropped"
    files = f"{count(cleared.dropped.files, 'file')} ({amount(cleared.dropped.bytes)})"
    urls = count(len(cleared.urls), "URL")
    yield f"{files} and {urls} that none of {count(cleared.articles, 'article')} names: {verb}\n"
    yield f"{count(cleared.kept.files, 'file')} ({amount(cleared.kept.bytes)}) stay\n"


def as_json(cleared: GcResult) -> Iterator[str]:
    """For scripts; everything that went is listed."""
    document = {
        "schema": 1,
        "command": "cache gc",
        "version": VERSION,
        "dry_run": cleared.dry_run,
        "articles": cleared.articles,
        "dropped": cleared.dropped._asdict(),
        "kept": cleared.kept._asdict(),
        "urls": list(cleared.urls),
        "files": list(cleared.files),
        "article_errors": [
            {"article": one.article, "line": one.line, "message": one.message}
            for one in cleared.problems
        ],
    }
    yield json.dumps(document, indent=1) + "\n"
