"""SARIF 2.1.0 (OASIS), for code scanning: findings at their places, and what each rule means.

GitHub takes 25,000 results of a run: of more, the worst are written and the rest is counted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, groupby, islice
from typing import Any
from urllib.parse import quote

from imgcache.core.verdicts.rules import ARTICLE_ERROR, RULES, Rule, docs_url
from imgcache.findings import Finding
from imgcache.model import Severity
from imgcache.render.excerpt import value_end
from imgcache.render.phrases import count, printable
from imgcache.results import ArticleProblem, EntryResult, Findings
from imgcache.userinfo import is_masked
from imgcache.version import VERSION

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_INDEX = {rule.code: number for number, rule in enumerate(RULES)}
_ROOT = "%SRCROOT%"
_MOST = 25_000
_Document = dict[str, Any]


def render(findings: Findings) -> Iterator[str]:
    """The log in pieces; joined they are one JSON document. Results stream, the rest is small."""
    driver = {
        "name": "imgcache",
        "version": VERSION,
        "rules": [_rule(rule) for rule in RULES],
    }
    cut = max(0, _number(findings) - _MOST)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"imgcache/{findings.command}/"},
        "invocations": [_invocation(findings, cut)],
    }
    yield f'{{\n"$schema": "{_SCHEMA}",\n"version": "2.1.0",\n"runs": [\n'
    yield json.dumps(run, indent=1)[:-2] + ',\n "results": ['
    separator = "\n  "
    for result in _worst(findings) if cut else _all(findings):
        yield separator + json.dumps(result)
        separator = ",\n  "
    yield "\n ]\n}\n]\n}\n"


def _number(findings: Findings) -> int:
    listed = sum(len(one.listed) for one in findings.findings())
    return listed + sum(1 for _ in findings.article_errors())


def _all(findings: Findings) -> Iterator[_Document]:
    return chain(_entries(findings), map(_problem, findings.article_errors()))


def _worst(findings: Findings) -> Iterator[_Document]:
    """As many as are taken: articles that could not be read, then errors, then warnings."""
    errors = _of_level(findings, "error")
    warnings = _of_level(findings, "warning")
    return islice(chain(map(_problem, findings.article_errors()), errors, warnings), _MOST)


def _of_level(findings: Findings, level: str) -> Iterator[_Document]:
    return (one for one in _entries(findings) if one["level"] == level)


def _rule(rule: Rule) -> _Document:
    # An absolute URI, or none (SARIF section 3.49.12).
    url = docs_url(rule.code)
    more = {} if url is None else {"helpUri": url}
    return more | {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.meaning.replace("`", "")},
        "help": {"text": rule.plain_help, "markdown": rule.help},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _invocation(findings: Findings, cut: int) -> _Document:
    invocation: _Document = {
        "executionSuccessful": not findings.interrupted,
        "startTimeUtc": _timestamp(findings.started),
        "endTimeUtc": _timestamp(findings.started + findings.seconds),
    }
    if cut:
        text = (
            f"{count(cut, 'result')} left out, the least severe: code scanning takes {_MOST:,} of "
            "a run; the JSON report has them all"
        )
        notification = {"level": "warning", "message": {"text": text}}
        invocation["toolExecutionNotifications"] = [notification]
    return invocation


def _timestamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entries(findings: Findings) -> Iterator[_Document]:
    for _, entries in groupby(findings.findings(), lambda one: one.article):
        seen: Counter[str] = Counter()
        for entry in entries:
            for found in entry.listed:
                rule = () if found.rule is None else (found.rule,)
                mark = _fingerprint(entry.article, entry.url, found.name, *rule)
                seen[mark] += 1
                yield _finding(entry, found, f"{mark}:{seen[mark]}")


def _finding(entry: EntryResult, found: Finding, fingerprint: str) -> _Document:
    region = {"startLine": entry.line, "startColumn": entry.column}
    # How long a value is in the file can't be told from one that is not shown whole.
    if not is_masked(entry.url) and (end := value_end(entry)):
        region["endColumn"] = end
    properties: _Document = {} if entry.pointer is None else {"pointer": entry.pointer}
    properties["url"] = printable(entry.url)
    if entry.status is not None:
        properties["status"] = entry.status
    if found.rule is not None:
        properties["rule"] = printable(found.rule)
    of_rule = "" if found.rule is None else f" (rule {found.rule})"
    result = _result(found.code, f"{found.name}{of_rule}: {found.message}")
    level = "error" if found.severity is Severity.ERROR else "warning"
    return result | {
        "level": level,
        "locations": [_location(entry.article, region)],
        "partialFingerprints": {"imgcache/v1": fingerprint},
        "properties": properties,
    }


def _problem(problem: ArticleProblem) -> _Document:
    region = None if problem.line is None else {"startLine": problem.line}
    fingerprint = _fingerprint(problem.article, problem.message, ARTICLE_ERROR.name)
    return _result(ARTICLE_ERROR.code, problem.message) | {
        "level": "error",
        "locations": [_location(problem.article, region)],
        "partialFingerprints": {"imgcache/v1": f"{fingerprint}:1"},
    }


def _result(code: str, message: str) -> _Document:
    # Unescaped, square brackets would make a link of a stranger's text (SARIF section 3.11.6).
    text = printable(message).replace("[", "\\[").replace("]", "\\]")
    return {"ruleId": code, "ruleIndex": _INDEX[code], "message": {"text": text}}


def _location(article: str, region: dict[str, int] | None) -> _Document:
    place: _Document = {"artifactLocation": _artifact(article)}
    if region is not None:
        place["region"] = region
    return {"physicalLocation": place}


def _artifact(article: str) -> dict[str, str]:
    """Where the article is: below the root of the sources, or somewhere else on this machine."""
    path = quote(article.encode("utf-8", "surrogateescape"), safe="/")
    if path.startswith("/"):
        return {"uri": f"file://{path}"}
    return {"uri": path, "uriBaseId": _ROOT}


def _fingerprint(*parts: str) -> str:
    """The same on another day or another line: neither line nor pointer is part of it."""
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
