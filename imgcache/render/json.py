"""The JSON report: the program's contract with scripts. Streamed, so that size is no matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from imgcache.results import EntryResult, Findings, Summary
from imgcache.version import VERSION

SCHEMA = 1


def render(findings: Findings, *, with_diffs: bool = False) -> Iterator[str]:
    """The report in pieces; joined they are one JSON document that ends with a line end."""
    head = {
        "schema": SCHEMA,
        "command": findings.command,
        "version": VERSION,
        "started": timestamp(findings.started),
        "seconds": round(findings.seconds, 3),
        "interrupted": findings.interrupted,
    }
    yield json.dumps(head, indent=1)[:-2]
    yield from _list("entries", map(entry_document, findings.entries()))
    problems = (
        {"article": one.article, "line": one.line, "message": one.message}
        for one in findings.article_errors()
    )
    yield from _list("article_errors", problems)
    if with_diffs:
        diffs = ({"article": one.article, "diff": one.diff} for one in findings.diffs())
        yield from _list("diffs", diffs)
    yield f',\n "summary": {json.dumps(summary_document(findings.summary))}\n}}\n'


def _list(key: str, documents: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f',\n "{key}": ['
    separator = "\n  "
    for document in documents:
        yield separator + json.dumps(document)
        separator = ",\n  "
    yield "\n ]"


def timestamp(seconds: float) -> str:
    """POSIX seconds as RFC 3339 has them, in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry_document(entry: EntryResult) -> dict[str, Any]:
    """One entry in the words of the report; what is unknown is null."""
    declared, actual = entry.declared, entry.actual
    return {
        "article": entry.article,
        "line": entry.line,
        "column": entry.column,
        "pointer": entry.pointer,
        "url": entry.url,
        "verdict": entry.verdict,
        "code": entry.verdict.code,
        "severity": entry.severity,
        "message": entry.message,
        "declared": {
            "width": declared.width,
            "height": declared.height,
            "cached": declared.cached,
        },
        "actual": {"width": actual.width, "height": actual.height} if actual else None,
        "cached": entry.cached,
        "format": entry.format.label if entry.format else None,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "status": entry.status,
        "source": entry.source,
        "path": entry.path,
        "thumbnails": [
            {"name": one.name, "path": one.path, "width": one.width, "height": one.height}
            for one in entry.thumbnails
        ],
    }


def summary_document(summary: Summary) -> dict[str, Any]:
    """The counts; `verdicts` names those that occurred."""
    document = {one.name: getattr(summary, one.name) for one in fields(summary)}
    return document | {"verdicts": {str(k): v for k, v in sorted(summary.verdicts.items())}}
