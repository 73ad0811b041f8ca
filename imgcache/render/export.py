"""Text and JSON output of `imgcache export`: what the folder holds, and what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from imgcache.cache_results import ExportResult
from imgcache.render.phrases import amount, count, printable
from imgcache.version import VERSION


def as_text(done: ExportResult) -> Iterator[str]:
    """For people: a line for each file in a dry run, then the totals."""
    for problem in done.problems:
        place = problem.article if problem.line is None else f"{problem.article}:{problem.line}"
        yield f"{printable(place)}: {printable(problem.message)}\n"
    if done.problems:
        yield "nothing was exported: these articles may name any image; fix them first\n"
        return
    if done.dry_run:
        yield from (f"would put {path}\n" for path in done.added)
        yield from (f"would drop {path}\n" for path in done.removed)
    files = done.images.bytes + done.thumbnails.bytes
    held = f"{count(done.images.files, 'image')}, {count(done.thumbnails.files, 'thumbnail')}"
    named = f"{held} ({amount(files)}) that {count(done.articles, 'article')} name"
    if done.articles == 1:
        named += "s"
    yield f"{printable(done.folder)}: {named}; {_change(done)}\n"
    if done.lacking:
        has = count(done.lacking, "URL has", "URLs have")
        yield f"{has} no sound copy in the cache: left out; imgcache refresh tells why\n"


def _change(done: ExportResult) -> str:
    if not done.changed:
        return "nothing has changed"
    copies = f" ({count(done.copied, 'copy', 'copies')}, no links)"
    parts = [
        f"{count(len(done.added), 'file')} put there{copies if done.copied else ''}",
        f"{len(done.removed):,} dropped",
        f"the manifest {'written' if done.manifest else 'unchanged'}",
    ]
    return ", ".join(parts) + (" (dry run: nothing was written)" if done.dry_run else "")


def as_json(done: ExportResult) -> Iterator[str]:
    """For scripts; all files that came and went are listed."""
    document = {
        "schema": 1,
        "command": "export",
        "version": VERSION,
        "folder": done.folder,
        "dry_run": done.dry_run,
        "articles": done.articles,
        "images": done.images._asdict(),
        "thumbnails": done.thumbnails._asdict(),
        "lacking": done.lacking,
        "changed": done.changed,
        "manifest": done.manifest,
        "copied": done.copied,
        "added": list(done.added),
        "removed": list(done.removed),
        "article_errors": [
            {"article": one.article, "line": one.line, "message": one.message}
            for one in done.problems
        ],
    }
    yield json.dumps(document, indent=1) + "\n"
