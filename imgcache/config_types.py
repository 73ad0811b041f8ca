"""Types that settings are made of: sections, durations, sizes, lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from imgcache import units


def parsed(parse: Any) -> BeforeValidator:
    """A value that is parsed where it is a text, or nothing that could be meant."""
    kinds = (str, bool, list)
    return BeforeValidator(lambda value: parse(str(value)) if isinstance(value, kinds) else value)


def no_boolean(value: object) -> object:
    """Anything but a boolean, which pydantic would take for 0 or 1. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("is no number")  # noqa: TRY004  pydantic listens to ValueError
    return value


def comma_separated(value: object) -> object:
    """The environment writes lists so."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Duration = Annotated[float, parsed(units.duration), Field(ge=0)]
ByteSize = Annotated[int, parsed(units.byte_size), Field(ge=0)]
Count = Annotated[int, BeforeValidator(no_boolean), Field(ge=1)]
Strings = Annotated[tuple[str, ...], BeforeValidator(comma_separated)]

# What to write instead, by the kind of pydantic's errors.
_REMEDIES = {
    "bool": "write true or false",
    "date": "write a date, as 2026-01-02",
    "dict": "is no table; write it as [{name}] with its keys below",
    "enum": "write {expected}",
    "finite": "write a number that has an end",
    "float": "write a number",
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number of at least {ge}",
    "int": "write a whole number",
    "less_than": "write a number below {lt}",
    "less_than_equal": "write a number of at most {le}",
    "list": 'write a list, as ["a", "b"]',
    "literal": "write {expected}",
    "missing": "is required; add it",
    "model": "is no table; write it as [{name}] with its keys below",
    "path": "write a path in quotes",
    "string": "write a text in quotes",
    "too_short": "is empty; name at least one",
    "tuple": 'write a list, as ["a", "b"]',
}
# Lists of tables, which are written otherwise.
_TABLES = frozenset({"images", "rules", "severity.urls"})


def complaint(problem: Mapping[str, Any], name: str) -> str:
    """What is wrong with the setting `name`, in the words of its file and not of its types."""
    kind, reason = str(problem.get("type", "")), str(problem["msg"])
    if kind in {"", "value_error"}:
        return reason.removeprefix("Value error, ")
    if name in _TABLES and kind.split("_", maxsplit=1)[0] in {"tuple", "list", "model", "dict"}:
        return f"is no list of tables; write [[{name}]] with its keys below, once for each"
    remedy = _REMEDIES.get(kind) or _REMEDIES.get(kind.split("_", maxsplit=1)[0], reason)
    return remedy.format(name=name, **problem.get("ctx", {}))


class Section(BaseModel):
    """The common rules: frozen, and no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True
    )
