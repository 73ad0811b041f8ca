"""Text and JSON output of `imgcache explain`: a block per step, or all about one code."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from imgcache.cache_results import EarlierCopy, Explanation, Known
from imgcache.core.cache import layout
from imgcache.core.verdicts import examples
from imgcache.core.verdicts.rules import Rule, docs_url, plain
from imgcache.facts import ImageFacts
from imgcache.render.json import timestamp
from imgcache.render.phrases import amount, count, printable
from imgcache.render.verdict_page import weight
from imgcache.results import EntryResult, UrlState
from imgcache.version import VERSION

_INDENT = "    "


def as_text(explained: Explanation) -> Iterator[str]:
    """For people: the time, the step, and its facts below each other."""
    yield f"{printable(explained.url)}\n"
    for step in explained.steps:
        yield f"\n{step.seconds:8.3f} s  {step.name}\n"
        for key, value in step.facts:
            yield f"            {printable(key)}: {printable(value)}\n"
    if explained.message:
        yield f"\n{explained.verdict} ({explained.verdict.code}): {printable(explained.message)}\n"
    if explained.known is not None:
        yield _head("What the cache knows")
        yield from (f"{_INDENT}{line}\n" for line in _told(explained.known))
        if explained.known.worst is not None:
            yield _judged(explained.known.worst)


def _told(known: Known) -> Iterator[str]:
    state = known.state
    if state is None:
        yield "it was never asked for"
    else:
        yield f"last good copy: {_copy(state.copy)}"
        yield f"last answer with it: {_moment(state.succeeded_at)}"
        yield f"last asked for: {_moment(state.asked_at)}"
        if state.failure is not None:
            failure, since = state.failure, _moment(state.failing_since)
            yield f"failing since {since}: {failure.verdict}, {printable(failure.detail)}"
        yield from map(_told_earlier, known.earlier)
    if not known.places:
        yield "no article names it"
        return
    yield "named by:"
    yield from (f"  {printable(one.article)}:{one.line}:{one.column}" for one in known.places)
    if known.more:
        yield f"  and {count(known.more, 'more place', 'more places')}"


def _judged(worst: EntryResult) -> str:
    """The last word: what a run would say, which knows more than one answer tells."""
    verdict, why = worst.verdict, f": {printable(worst.message)}" if worst.message else ""
    code = f" ({verdict.code})" if verdict.code else ""
    return f"\nimgcache verify --offline says: {verdict}{code}{why}\n"


def _told_earlier(one: EarlierCopy) -> str:
    what = "another picture" if one.is_another else "the same picture in other bytes"
    apart = "" if one.distance is None else f" ({one.distance} of 64 bits differ)"
    kept = "no longer in the cache" if one.image is None else _copy(one.image)
    return f"until {_moment(one.replaced_at)} {what}{apart}: {kept}"


def _copy(copy: ImageFacts | None) -> str:
    if copy is None:
        return "none"
    path = layout.image_path(copy.sha256, copy.format)
    return f"{path}, {copy.format.label}, {copy.size}, {amount(copy.bytes)}"


def _moment(seconds: float | None) -> str:
    return "never" if seconds is None else timestamp(int(seconds)).replace(".000Z", "Z")


def as_json(explained: Explanation) -> Iterator[str]:
    """For scripts; repeated headers stay repeated."""
    yield _document(
        {
            "url": explained.url,
            "steps": [
                {
                    "step": one.name,
                    "seconds": round(one.seconds, 6),
                    "facts": [list(f) for f in one.facts],
                }
                for one in explained.steps
            ],
            "verdict": explained.verdict,
            "code": explained.verdict.code,
            "message": explained.message,
            "known": None if explained.known is None else _known(explained.known),
        }
    )


def _known(known: Known) -> dict[str, Any]:
    """In the words of the service's `/api/url`."""
    state = known.state or UrlState("", "")
    failure, copy, worst = state.failure, state.copy, known.worst
    return {
        "asked_at": _timestamp(state.asked_at),
        "succeeded_at": _timestamp(state.succeeded_at),
        "failure": failure
        and {
            "verdict": failure.verdict,
            "code": failure.verdict.code,
            "detail": failure.detail,
            "status": failure.status,
            "since": _timestamp(state.failing_since),
        },
        "copy": copy
        and {
            "path": layout.image_path(copy.sha256, copy.format),
            "sha256": copy.sha256,
            "width": copy.size.width,
            "height": copy.size.height,
            "format": copy.format.label,
            "bytes": copy.bytes,
        },
        "total": len(known.places) + known.more,
        "places": [
            {"article": one.article, "line": one.line, "column": one.column} for one in known.places
        ],
        "worst": worst
        and {
            "article": worst.article,
            "line": worst.line,
            "column": worst.column,
            "verdict": worst.verdict,
            "code": worst.verdict.code,
            "severity": worst.severity,
            "message": worst.message,
        },
    }


def _timestamp(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def rule_as_text(rule: Rule, width: int | None = None) -> Iterator[str]:
    """A verdict or rule for people; prose is wrapped to a `width`, and in a pipe not at all."""
    name = f"{rule.code} {rule.name}".strip()
    yield f"{name} ({weight(rule)}): {rule.title[0].lower()}{rule.title[1:]}\n"
    yield _head("Cause") + _wrapped(plain(rule.meaning), width)
    settings = examples.configured(rule)
    if settings is not None:
        yield _head("Example") + textwrap.indent(settings, _INDENT) + "\n"
    else:
        yield _head("Example")
    yield textwrap.indent(examples.entry(rule), _INDENT)
    yield "\n" + _wrapped(examples.finding(rule), width)
    yield _head("What to do") + _wrapped(plain(rule.remedy), width)
    yield f"\nMore: {docs_url(rule.name) or rule.page}\n"


def _head(title: str) -> str:
    return f"\n{title}\n"


def _wrapped(text: str, width: int | None) -> str:
    lines = [text] if width is None else textwrap.wrap(text, max(width, 40) - len(_INDENT))
    return "".join(f"{_INDENT}{line}\n" for line in lines)


def rule_as_json(rule: Rule) -> Iterator[str]:
    """A verdict or rule for scripts; texts are Markdown."""
    yield _document(
        {
            "code": rule.code or None,
            "name": rule.name,
            "severity": weight(rule),
            "title": rule.title,
            "meaning": rule.meaning,
            "example": {
                "settings": examples.configured(rule),
                "entry": examples.entry(rule),
                "finding": examples.finding(rule),
            },
            "remedy": rule.remedy,
            "docs": docs_url(rule.name) or rule.page,
        }
    )


def _document(keys: dict[str, Any]) -> str:
    head = {"schema": 1, "command": "explain", "version": VERSION}
    return json.dumps(head | keys, indent=1) + "\n"
