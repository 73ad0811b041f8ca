"""File format of the baseline, which people edit: read strictly, written one line per finding."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from imgcache.core.verdicts.baseline import UNLISTED, BaselineLine
from imgcache.model import Breach, Verdict
from imgcache.units import is_text
from imgcache.userinfo import masked, masked_within

SCHEMA = 1
# Of a value that is shown.
_LONGEST = 80
_BLANK = re.compile(r"[ \t\r\n]*")
_TOP = ("schema", "findings")
_REMEDIES = {
    "": f'write {{"schema": {SCHEMA}, "findings": [...]}}',
    "schema": f"this imgcache reads schema {SCHEMA}",
    "findings": "write a list",
    "count": "write a whole number of at least 1, without quotes",
} | dict.fromkeys(
    ("article", "verdict", "breach", "rule", "url", "reason"), "write a text in quotes"
)


def _written_out(value: object) -> object:
    """Pydantic would take a number for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("write the day as YYYY-MM-DD, in quotes")  # noqa: TRY004  pydantic's way
    return value


class _Line(BaseModel):
    """The shape of one line; an unknown key is a typing error that must not pass."""

    model_config = ConfigDict(extra="forbid")

    article: str
    verdict: Verdict | None = None
    breach: Breach | None = None
    rule: str | None = None
    url: str
    count: Annotated[int, Field(ge=1, strict=True)] = 1
    expires: Annotated[date, BeforeValidator(_written_out)] | None = None
    reason: str | None = None

    @field_validator("verdict")
    @classmethod
    def _is_a_finding(cls, verdict: Verdict | None) -> Verdict | None:
        if verdict in UNLISTED:
            raise ValueError(f"{verdict} is about a run and can't be listed")
        return verdict

    @model_validator(mode="after")
    def _is_one_thing(self) -> _Line:
        breaks, names_a_rule = self.breach is not None, self.rule is not None
        if (self.verdict is None) != breaks or breaks != names_a_rule:
            raise ValueError("write a verdict, or a breach and the name of its rule")
        return self

    def line(self) -> BaselineLine:
        found = self.verdict or self.breach
        assert found is not None  # noqa: S101  as validated
        url, counted = masked(self.url), (self.count, self.expires, self.reason)
        return BaselineLine(self.article, found, url, *counted, self.rule)


_KEYS = tuple(_Line.model_fields)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: Annotated[int, Field(alias="schema", strict=True, ge=SCHEMA, le=SCHEMA)]
    findings: tuple[_Line, ...]


def parse(text: str) -> tuple[BaselineLine, ...]:
    """The lines of a baseline. ValueError, with place and value, for anything else."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError(f"line {exc.lineno}, column {exc.colno}: no JSON: {exc.msg}") from exc
    except RecursionError as exc:
        raise ValueError("no baseline: it is nested too deeply") from exc
    try:
        lines = _File.model_validate(document).findings
    except ValidationError as exc:
        raise ValueError(_message(exc.errors()[0], text)) from exc
    return tuple(one.line() for one in lines)


def _message(problem: Any, text: str) -> str:
    """Line, place, value and remedy."""
    place = tuple(problem["loc"])
    where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)
    shown = masked_within(json.dumps(problem["input"], ensure_ascii=False, default=str))
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
    line = f"line {_line_of(text, place[1])}, " if len(place) > 1 else ""
    name = where.removeprefix(".") or "the whole"
    value = "" if problem["type"] == "missing" else f" = {shown}"
    return f"{line}{name}{value}: {_remedy(problem, place)}"


def _remedy(problem: Any, place: tuple[Any, ...]) -> str:
    kind, key = problem["type"], place[-1] if place else ""
    if kind == "extra_forbidden":
        return f"there is no such key{_nearest(key, _KEYS if len(place) > 1 else _TOP)}"
    if kind == "enum":
        words = [str(one) for one in (Verdict if key == "verdict" else Breach)]
        return f"there is no such {key}{_nearest(problem['input'], words)}"
    if kind == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if kind == "missing":
        return "is missing; add it"
    if key == "expires":
        return "there is no such day; write it as YYYY-MM-DD, in quotes"
    return _REMEDIES.get(key, 'write {"article": ..., "verdict": ..., "url": ...}')


def _nearest(word: object, words: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(word), list(words), n=1, cutoff=0.0)
    return f"; did you mean {found[0]!r}?" if found else ""


def _line_of(text: str, number: int) -> int:
    """The line in which this item of `findings` begins, in text that is known to be JSON."""
    decode, at = json.JSONDecoder().raw_decode, _after(text, "{", 0)
    while True:
        key, at = decode(text, at)
        at = _after(text, ":", at)
        if key == "findings":
            break
        at = _after(text, ",", decode(text, at)[1])
    at = _after(text, "[", at)
    for _ in range(number):
        at = _after(text, ",", decode(text, at)[1])
    return text.count("\n", 0, at) + 1


def _after(text: str, mark: str, at: int) -> int:
    """Where the next token begins behind this mark."""
    found = _BLANK.match(text, text.index(mark, at) + 1)
    return found.end() if found else at


def render(lines: Iterable[BaselineLine]) -> str:
    """The file, sorted and one line per finding, so that merges and reviews stay readable."""
    ordered = sorted(lines, key=lambda one: (one.article, one.url, one.found, one.rule or ""))
    listed = ",\n  ".join(_line(one) for one in ordered)
    body = f"[\n  {listed}\n ]" if listed else "[]"
    return f'{{\n "schema": {SCHEMA},\n "findings": {body}\n}}\n'


def _line(one: BaselineLine) -> str:
    """Readable for people; escaped where UTF-8 can't hold it (a URL may have half a surrogate)."""
    line = json.dumps(_document(one), ensure_ascii=False)
    return line if is_text(line) else json.dumps(_document(one))


def _document(one: BaselineLine) -> dict[str, Any]:
    document: dict[str, Any] = {"article": one.article}
    if one.rule is None:
        document["verdict"] = one.found.value
    else:
        document |= {"breach": one.found.value, "rule": one.rule}
    document["url"] = one.url
    if one.count != 1:
        document["count"] = one.count
    if one.expires is not None:
        document["expires"] = one.expires.isoformat()
    if one.reason is not None:
        document["reason"] = one.reason
    return document
