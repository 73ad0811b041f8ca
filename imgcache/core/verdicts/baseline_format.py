"""File format of the baseline, which people edit: read strictly, written one line per finding."""

from __future__ import annotations

import json
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
        raise ValueError(_message(exc.errors()[0])) from exc
    return tuple(one.line() for one in lines)


def _message(problem: Any) -> str:
    where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in problem["loc"])
    reason_text = problem["msg"].removeprefix("Value error, ")
    shown = masked_within(json.dumps(problem["input"], default=str))[:80]
    return f"{where.removeprefix('.') or 'the whole'}: {reason_text} (it is {shown})"


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
